import { UserError } from '../base/index.ts';
import type { HttpClient } from '../engine/client/index.ts';
import { type Kind, notFound } from '../engine/kinds/index.ts';
import type { Ground } from './up-ground.ts';

/** Stands for a cluster of this machine that does not run yet: for looking only, what it is asked for is not there. */
export function emptyGround(cluster: string, namespace: string): Ground {
  const refuse = (): never => {
    throw new UserError(`cluster ${cluster}`, 'does not run', `Start it: wherry cluster start --name ${cluster}`);
  };
  const client = {
    get: async (kind: Kind<unknown>, _namespace: string | undefined, name: string) => {
      throw notFound(kind, name);
    },
    list: async () => ({ items: [], resourceVersion: '' }),
  };
  return {
    label: `${cluster} does not run; planned as for an empty one`,
    context: `wherry-${cluster}`,
    client: new Proxy(client, { get: (target, key) => Reflect.get(target, key) ?? refuse }) as unknown as HttpClient,
    namespace,
    local: true,
    imageName: (app) => `localhost/${app}`,
    hasImage: async () => false,
    digestOf: async () => undefined,
    provideImage: refuse,
    patchImage: refuse,
    fetchImage: refuse,
    urlOf: (host) => `http://${host}`,
    close: () => {},
  };
}
