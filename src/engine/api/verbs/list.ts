import type { KubeObject } from '../../kinds/index.ts';
import type { ListAnswer, Target } from '../../resources/index.ts';
import type { ApiContext } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { CONTENT_TYPES } from '../negotiation.ts';
import { listRequest } from '../request-options.ts';
import { isPretty, sendAs, sendBytes, wantedOf } from '../respond.ts';
import { type ListMetadata, toMetadata, toTable } from '../transform.ts';

const COMMA = Buffer.from(',');
const END = Buffer.from(']}\n');

/** GET of a collection. */
export async function listObjects(context: ApiContext, exchange: Exchange, target: Target): Promise<void> {
  const { info } = target;
  const wanted = wantedOf(exchange, !info.custom);
  const answer = context.resources.list(target, listRequest(exchange));
  const metadata = listMetadata(answer);
  const pretty = isPretty(exchange);
  if (wanted.as?.kind === 'Table') {
    const objects = answer.items.map((item) => item.object);
    const table = toTable(exchange, info, objects, metadata, wanted.as.version, context.clock.now());
    await sendAs(exchange, 200, table, wanted.encoding);
    return;
  }
  if (wanted.as) {
    const { version } = wanted.as;
    const list = {
      kind: 'PartialObjectMetadataList',
      apiVersion: `meta.k8s.io/${version}`,
      metadata,
      items: answer.items.map((item) => toMetadata(item.object, version)),
    };
    await sendAs(exchange, 200, list, wanted.encoding);
    return;
  }
  if (wanted.encoding === 'json' && !pretty) {
    sendBytes(exchange, 200, CONTENT_TYPES.json, listBytes(target, answer, metadata));
    return;
  }
  const objects = answer.items.map((item) => item.object);
  const list = asList(target, objects, metadata);
  await sendAs(exchange, 200, list, wanted.encoding);
}

function listMetadata(answer: ListAnswer): ListMetadata {
  return {
    resourceVersion: answer.resourceVersion,
    ...(answer.continue && { continue: answer.continue }),
    ...(answer.remainingItemCount !== undefined && { remainingItemCount: answer.remainingItemCount }),
  };
}

const apiVersionOf = ({ info }: Target) => (info.group ? `${info.group}/${info.version}` : info.version);

/** The list object of a kind (`PodList`). */
export function asList(target: Target, items: readonly KubeObject[], metadata: ListMetadata): object {
  return { kind: `${target.info.kind}List`, apiVersion: apiVersionOf(target), metadata, items };
}

/** The list in JSON, put together from the bytes that the store keeps of each object. */
function listBytes(target: Target, answer: ListAnswer, metadata: ListMetadata): Buffer[] {
  const head = JSON.stringify({ kind: `${target.info.kind}List`, apiVersion: apiVersionOf(target), metadata });
  const pieces: Buffer[] = [Buffer.from(`${head.slice(0, -1)},"items":[`)];
  let first = true;
  for (const { object, entry } of answer.items) {
    if (!first) pieces.push(COMMA);
    first = false;
    pieces.push(entry.value === object ? entry.bytes() : Buffer.from(JSON.stringify(object)));
  }
  pieces.push(END);
  return pieces;
}
