import type { Log } from '../../base/index.ts';
import type { Catalogue, KubeObject } from '../kinds/index.ts';
import type { ResourceEvent, Resources, ResourceWatch } from '../resources/index.ts';

export interface FollowOptions<T extends KubeObject> {
  readonly resources: Resources;
  readonly catalogue: Catalogue;
  readonly log: Log;
  readonly kind: { readonly group: string; readonly version: string; readonly resource: string };
  /** Called with everything there is: at the start, and when a watch has had to be begun again. */
  reset(objects: readonly T[]): void;
  /** Called with each change; `gone` when the object was deleted. */
  change(object: T, gone: boolean): void;
}

/** Keeps a caller's view of one kind true, in this process. Returns the way to stop. */
export function follow<T extends KubeObject>(options: FollowOptions<T>): () => void {
  const { resources, catalogue, log, kind } = options;
  const info = catalogue.find(kind.group, kind.version, kind.resource);
  let watch: ResourceWatch | undefined;
  let stopped = false;
  const start = (): void => {
    if (!info || stopped) return;
    const first = resources.list({ info }, {});
    options.reset(first.items.map((item) => item.object as T));
    const onEvents = (events: readonly ResourceEvent[]) => {
      for (const { type, object } of events) {
        if (type !== 'ERROR' && type !== 'BOOKMARK') options.change(object as T, type === 'DELETED');
      }
    };
    const onClose = (error?: Error) => {
      if (stopped) return;
      log.warn('watch ended, reading again', { resource: kind.resource, error: error?.message });
      queueMicrotask(start);
    };
    watch = resources.watch({ info }, { resourceVersion: first.resourceVersion }, onEvents, onClose);
  };
  start();
  return () => {
    stopped = true;
    watch?.stop();
  };
}
