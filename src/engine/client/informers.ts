import type { Clock, Log } from '../../base/index.ts';
import type { Kind, KubeObject } from '../kinds/index.ts';
import type { Client, Informer, Informers } from './contract.ts';
import { FollowingInformer } from './informer.ts';

/** One informer a kind, shared by all who ask; each starts with its first asker and runs until `stop`. */
export function createInformers(client: Client, clock: Clock, log: Log): Informers {
  const running = new Map<string, FollowingInformer<KubeObject>>();
  return {
    of<T extends KubeObject>(kind: Kind<T>): Informer<T> {
      const key = `${kind.group}/${kind.version}/${kind.resource}`;
      let informer = running.get(key);
      if (informer === undefined) {
        informer = new FollowingInformer<KubeObject>(client, kind, clock, log);
        running.set(key, informer);
      }
      return informer as unknown as Informer<T>;
    },
    stop() {
      for (const informer of running.values()) informer.stop();
      running.clear();
    },
  };
}
