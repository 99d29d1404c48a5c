import type { Target } from '../../resources/index.ts';
import type { ApiContext } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { sendAs, sendObject, wantedOf } from '../respond.ts';
import { transformObject } from '../transform.ts';

/** GET of one object. The stored bytes go out as they are when they are of the version and form asked for. */
export async function getObject(context: ApiContext, exchange: Exchange, target: Target): Promise<void> {
  const { info } = target;
  const wanted = wantedOf(exchange, !info.custom);
  const version = exchange.query.get('resourceVersion') ?? undefined;
  const object = context.resources.get(target, version);
  if (wanted.as) {
    const shown = transformObject(exchange, info, object, wanted.as, context.clock.now());
    await sendAs(exchange, 200, shown, wanted.encoding);
    return;
  }
  const plain = wanted.encoding === 'json' && target.subresource === undefined && info.version === info.storageVersion;
  if (!plain) {
    await sendObject(exchange, 200, object, { info });
    return;
  }
  const entry = context.resources.getEntry(target);
  await sendObject(exchange, 200, object, entry.value === object ? { info, bytes: entry.bytes() } : { info });
}
