import { createInterface } from 'node:readline';
import { messageOf } from '../../base/index.ts';
import { kinds, type Pod } from '../../engine/kinds/index.ts';
import { follow } from '../deploy/index.ts';
import type { DevelopmentPlace } from './contract.ts';

const INSTANCE_LABEL = 'app.kubernetes.io/instance';
const COMPONENT_LABEL = 'app.kubernetes.io/component';
const LATER_MS = 500;
/** What a container said before it was found: so much of it is told. */
const TAIL_LINES = 20;
/** Servers beside the app; what they said when they started is of no interest. */
const BESIDE = new Set(['database', 'cache', 'queue', 'storage']);

/**
 * Tells every line that any container of an app writes, from now on, whatever pods come and go, until the signal aborts.
 * `part` is the component it belongs to.
 */
export async function streamLogs(
  place: DevelopmentPlace,
  signal: AbortSignal,
  onLine: (part: string, line: string) => void,
): Promise<void> {
  const { client, namespace, app, clock } = place;
  const open = new Set<string>();
  const read = async (pod: Pod, container: string): Promise<void> => {
    const part = pod.metadata.labels?.[COMPONENT_LABEL] ?? pod.metadata.name;
    const query = new URLSearchParams({
      container,
      follow: 'true',
      tailLines: String(BESIDE.has(part) ? 0 : TAIL_LINES),
    });
    const path = `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}/log?${query}`;
    const answer = await client.request('GET', path, { stream: true, signal });
    for await (const line of createInterface({ input: answer.body })) onLine(part, line);
  };
  const begin = (pod: Pod): void => {
    for (const { name, state, restartCount } of pod.status.containerStatuses ?? []) {
      const key = `${pod.metadata.uid}/${name}/${restartCount}`;
      if (!state?.running || open.has(key)) continue;
      open.add(key);
      read(pod, name).catch((error: unknown) => {
        if (signal.aborted || pod.metadata.deletionTimestamp) return;
        onLine(name, `(log cannot be read: ${messageOf(error)})`);
        // Asked again with the next change of the pod.
        clock.after(LATER_MS, () => open.delete(key));
      });
    }
  };
  const query = { namespace, labelSelector: `${INSTANCE_LABEL}=${app}` };
  const onChange = (pods: readonly Pod[]): void => pods.forEach(begin);
  await follow(client, kinds.pods, query, { signal, clock, onChange });
}
