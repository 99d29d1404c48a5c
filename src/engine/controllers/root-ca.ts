import type { Running } from '../client/index.ts';
import { type ConfigMap, kinds, StatusError } from '../kinds/index.ts';
import type { ControllerContext } from './contract.ts';
import { controllerLoop } from './controller.ts';
import { isNamespaceTerminating } from './pod-control.ts';

const NAME = 'kube-root-ca.crt';
const DESCRIPTION = {
  'kubernetes.io/description':
    'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
};

/** Keeps the cluster's certificate authority in every namespace, where pods' tokens volumes take it from. */
export function startRootCa(context: ControllerContext): Running {
  const { client, informers, settings } = context;
  const namespaces = informers.of(kinds.namespaces);
  const maps = informers.of(kinds.configmaps);
  const data = { 'ca.crt': settings.rootCa };

  const reconcile = async (name: string): Promise<undefined> => {
    const namespace = namespaces.get(undefined, name);
    if (namespace === undefined || namespace.metadata.deletionTimestamp !== undefined) return;
    const found = maps.get(name, NAME);
    try {
      if (found === undefined) {
        await client.create<ConfigMap>(kinds.configmaps, {
          metadata: { name: NAME, namespace: name, annotations: DESCRIPTION },
          data,
        });
      } else if (found.data?.['ca.crt'] !== settings.rootCa || Object.keys(found.data).length !== 1) {
        const annotations = { ...found.metadata.annotations, ...DESCRIPTION };
        await client.update<ConfigMap>(kinds.configmaps, {
          ...found,
          metadata: { ...found.metadata, annotations },
          data,
        });
      }
    } catch (error) {
      const settled = error instanceof StatusError && error.reason === 'AlreadyExists';
      if (!settled && !isNamespaceTerminating(error)) throw error;
    }
  };

  const loop = controllerLoop(context, 'root-ca-certificate-publisher', [namespaces, maps], reconcile);
  namespaces.onChange((now) => {
    if (now !== undefined) loop.add(now.metadata.name);
  });
  maps.onChange((now, before) => {
    if ((now ?? before)?.metadata.name !== NAME || (now !== undefined && before === undefined)) return;
    loop.add((now ?? before)?.metadata.namespace ?? '');
  });
  return loop;
}
