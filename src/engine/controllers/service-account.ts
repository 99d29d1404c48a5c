import type { Running } from '../client/index.ts';
import { kinds, type ServiceAccount, StatusError } from '../kinds/index.ts';
import type { ControllerContext } from './contract.ts';
import { controllerLoop } from './controller.ts';
import { isNamespaceTerminating } from './pod-control.ts';

/** Keeps a service account `default` in every active namespace. */
export function startServiceAccounts(context: ControllerContext): Running {
  const { client, informers } = context;
  const namespaces = informers.of(kinds.namespaces);
  const accounts = informers.of(kinds.serviceaccounts);

  const reconcile = async (name: string): Promise<undefined> => {
    const namespace = namespaces.get(undefined, name);
    if (namespace === undefined || namespace.status.phase === 'Terminating') return;
    if (namespace.metadata.deletionTimestamp !== undefined) return;
    if (accounts.get(name, 'default') !== undefined) return;
    try {
      await client.create<ServiceAccount>(kinds.serviceaccounts, { metadata: { name: 'default', namespace: name } });
    } catch (error) {
      const settled = error instanceof StatusError && error.reason === 'AlreadyExists';
      if (!settled && !isNamespaceTerminating(error)) throw error;
    }
  };

  const loop = controllerLoop(context, 'serviceaccount', [namespaces, accounts], reconcile);
  namespaces.onChange((now) => {
    if (now !== undefined) loop.add(now.metadata.name);
  });
  accounts.onChange((now, before) => {
    if (now === undefined && before?.metadata.name === 'default') loop.add(before.metadata.namespace ?? '');
  });
  return loop;
}
