import { type Event, kinds, type Pod } from '../../engine/kinds/index.ts';
import type { RoadClient } from './contract.ts';
import { lastLogLines } from './logs.ts';
import { podReason } from './pod-reason.ts';

const LINES = 15;

const PODS_MAX = 5;

/**
 * What a pod of a selector said last, and what was said of it: one that is in trouble, else the youngest that said
 * anything. Undefined when there is none.
 */
export async function lastWords(
  client: RoadClient,
  namespace: string,
  labelSelector: string,
): Promise<string | undefined> {
  const { items } = await client.list<Pod>(kinds.pods, { namespace, labelSelector });
  const events = await client.list<Event>(kinds.events, { namespace, fieldSelector: 'involvedObject.kind=Pod' });
  const found = items.map((pod) => {
    const about = events.items.filter(({ involvedObject }) => involvedObject.uid === pod.metadata.uid);
    return { pod, reason: podReason(pod, about) };
  });
  const born = ({ pod }: (typeof found)[number]): string => pod.metadata.creationTimestamp ?? '';
  found.sort((a, b) => Number(b.reason !== undefined) - Number(a.reason !== undefined) || (born(a) < born(b) ? 1 : -1));
  let told: string | undefined;
  for (const { pod, reason } of found.slice(0, PODS_MAX)) {
    const { name = '' } = pod.metadata;
    const container = reason?.logs?.container ?? pod.spec.containers[0]?.name ?? '';
    const previous = reason?.logs?.previous ?? false;
    const lines = await lastLogLines(client, namespace, name, { container, previous, lines: LINES });
    const text = [
      `pod ${name}${reason ? `: ${reason.text}` : ''}`,
      ...(lines.length > 0 ? ['Its last lines:', ...lines.map((line) => `  ${line}`)] : []),
      `More: kubectl -n ${namespace} describe pod ${name}`,
    ].join('\n');
    if (reason || lines.length > 0) return text;
    told ??= text;
  }
  return told;
}
