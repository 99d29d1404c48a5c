import { type Event, kinds, type Pod } from '../../engine/kinds/index.ts';
import type { RoadClient } from './contract.ts';
import { lastLogLines } from './logs.ts';
import { podReason } from './pod-reason.ts';

const LINES = 15;

/** What the youngest pod of a selector said last, and what was said of it; undefined when there is none. */
export async function lastWords(
  client: RoadClient,
  namespace: string,
  labelSelector: string,
): Promise<string | undefined> {
  const { items } = await client.list<Pod>(kinds.pods, { namespace, labelSelector });
  const born = ({ metadata }: Pod): string => metadata.creationTimestamp ?? '';
  const pod = [...items].sort((a, b) => (born(a) < born(b) ? 1 : -1))[0];
  if (!pod?.metadata.name) return undefined;
  const { name, uid } = pod.metadata;
  const events = await client.list<Event>(kinds.events, { namespace, fieldSelector: `involvedObject.uid=${uid}` });
  const reason = podReason(pod, events.items);
  const container = reason?.logs?.container ?? pod.spec.containers[0]?.name ?? '';
  const previous = reason?.logs?.previous ?? false;
  const lines = await lastLogLines(client, namespace, name, { container, previous, lines: LINES });
  return [
    `pod ${name}${reason ? `: ${reason.text}` : ''}`,
    ...(lines.length > 0 ? ['Its last lines:', ...lines.map((line) => `  ${line}`)] : []),
    `More: kubectl -n ${namespace} describe pod ${name}`,
  ].join('\n');
}
