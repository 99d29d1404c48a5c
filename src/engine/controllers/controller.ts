import { type Informer, type Loop, type LoopOptions, startLoop } from '../client/index.ts';
import type { KubeObject } from '../kinds/index.ts';
import type { ControllerContext } from './contract.ts';

interface Syncable {
  synced(): Promise<void>;
}

/** A loop whose first run waits until every view it reads is complete: half a view would make a controller act wrongly. */
export function controllerLoop(
  context: ControllerContext,
  name: string,
  views: readonly Syncable[],
  reconcile: LoopOptions['reconcile'],
  concurrency = 4,
): Loop {
  let complete = false;
  const all = Promise.all(views.map((view) => view.synced())).then(() => {
    complete = true;
  });
  return startLoop({
    name,
    clock: context.clock,
    log: context.log,
    concurrency,
    async reconcile(key) {
      if (!complete) await all;
      return reconcile(key);
    },
  });
}

/** `namespace/name`, or `name`. */
export function keyOf(object: KubeObject): string {
  const { namespace, name } = object.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** The other way round; the namespace is '' for a key without one. */
export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return slash === -1 ? { namespace: '', name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** Adds every object that appears, changes or goes to the loop under its own key. */
export function follow<T extends KubeObject>(informer: Informer<T>, loop: Loop): void {
  informer.onChange((now, before) => {
    const object = now ?? before;
    if (object !== undefined) loop.add(keyOf(object));
  });
}
