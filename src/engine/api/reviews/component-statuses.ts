import { notFound } from '../../kinds/index.ts';
import type { Target } from '../../resources/index.ts';
import type { ApiContext } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { sendAs, sendObject, wantedOf } from '../respond.ts';
import { toTable, transformObject } from '../transform.ts';

const COMPONENTS = ['controller-manager', 'etcd-0', 'scheduler'];

/** The long deprecated ComponentStatus: every component is in this process, so what answers is healthy. */
export async function serveComponentStatuses(context: ApiContext, exchange: Exchange, target: Target): Promise<void> {
  exchange.warnings.push('v1 ComponentStatus is deprecated in v1.19+');
  const { info, name } = target;
  const wanted = wantedOf(exchange, true);
  const objects = COMPONENTS.map((component) => ({
    kind: 'ComponentStatus',
    apiVersion: 'v1',
    metadata: { name: component, uid: '', resourceVersion: '', creationTimestamp: '' },
    conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }],
  }));
  const now = context.clock.now();
  if (name !== undefined) {
    const found = objects.find((object) => object.metadata.name === name);
    if (!found) throw notFound(info, name);
    if (!wanted.as) return sendObject(exchange, 200, found);
    const shown = transformObject(exchange, info, found, wanted.as, now);
    return sendAs(exchange, 200, shown, wanted.encoding);
  }
  const metadata = { resourceVersion: '' };
  if (wanted.as?.kind === 'Table') {
    const table = toTable(exchange, info, objects, metadata, wanted.as.version, now);
    return sendAs(exchange, 200, table, wanted.encoding);
  }
  return sendObject(exchange, 200, { kind: 'ComponentStatusList', apiVersion: 'v1', metadata, items: objects });
}
