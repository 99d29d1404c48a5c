import type { Clock } from '../../base/index.ts';
import { type Kind, type KubeObject, StatusError } from '../../engine/kinds/index.ts';
import type { RoadClient } from './contract.ts';
import { isPassing } from './patient.ts';

const RETRY_MS = 500;

/**
 * Keeps a list of objects up to date by list and watch until the signal aborts, telling `onChange` the whole list after
 * every change. Reads one namespace only, so it needs no rights beyond it. A watch that ends is opened again; one whose
 * version is too old, or that breaks for a passing cause, starts with a fresh list.
 */
export async function follow<T extends KubeObject>(
  client: RoadClient,
  kind: Kind<T>,
  query: { namespace: string; labelSelector?: string; fieldSelector?: string },
  options: { signal: AbortSignal; clock: Clock; onChange: (objects: readonly T[]) => void },
): Promise<void> {
  const { signal, clock, onChange } = options;
  const known = new Map<string, T>();
  while (!signal.aborted) {
    const list = await client.list(kind, query);
    known.clear();
    for (const item of list.items) known.set(item.metadata.name ?? '', item);
    let { resourceVersion } = list;
    onChange([...known.values()]);
    try {
      while (!signal.aborted) {
        await client.watch(kind, { ...query, resourceVersion, signal }, (event) => {
          if (event.type === 'BOOKMARK') {
            resourceVersion = event.resourceVersion;
            return;
          }
          const { metadata } = event.object;
          resourceVersion = metadata.resourceVersion ?? resourceVersion;
          if (event.type === 'DELETED') known.delete(metadata.name ?? '');
          else known.set(metadata.name ?? '', event.object);
          onChange([...known.values()]);
        });
        await clock.sleep(RETRY_MS, signal);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof StatusError && error.code === 410) continue;
      if (!isPassing(error)) throw error;
      await clock.sleep(RETRY_MS, signal).catch(() => {});
    }
  }
}
