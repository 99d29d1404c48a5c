import { type KubeObject, StatusError } from '../../kinds/index.ts';
import type { Resources, Target } from '../../resources/index.ts';
import type { ApiContext } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { sendAs, sendObject, wantedOf } from '../respond.ts';
import { transformObject } from '../transform.ts';

/** Answers an object that a write has made, in the form the client wants; with the store's bytes where they are its own. */
export async function sendChanged(
  context: ApiContext,
  exchange: Exchange,
  target: Target,
  object: KubeObject,
  status: number,
): Promise<void> {
  const { info } = target;
  const wanted = wantedOf(exchange, !info.custom);
  if (wanted.as && object.kind !== 'Status') {
    const shown = transformObject(exchange, info, object, wanted.as, context.clock.now());
    await sendAs(exchange, status, shown, wanted.encoding);
    return;
  }
  const entry = keptEntry(context, target, object);
  await sendObject(exchange, status, object, entry ? { info, bytes: entry.bytes() } : { info });
}

function keptEntry(
  context: ApiContext,
  target: Target,
  object: KubeObject,
): ReturnType<Resources['getEntry']> | undefined {
  const { info } = target;
  if (info.version !== info.storageVersion || object.kind !== info.kind) return undefined;
  const { name, namespace } = object.metadata;
  try {
    const entry = context.resources.getEntry({ info, name, ...(namespace !== undefined && { namespace }) });
    return entry.value === object ? entry : undefined;
  } catch (error) {
    // It may be gone again already.
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}
