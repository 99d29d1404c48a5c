import { forbidden, kinds, notFound, StatusError } from '../../kinds/index.ts';
import type { Admission } from '../contract.ts';

const KEPT = new Set(['default', 'kube-system', 'kube-public']);

/** Nothing new in a namespace that is absent or goes; the namespaces of the system stay. */
export function namespaceLifecycle(): Admission {
  return {
    name: 'NamespaceLifecycle',
    // Before all others, which look for things in the namespace.
    mutate({ operation, target, read, object }) {
      const { info, namespace, name = '' } = target;
      if (operation === 'DELETE' && info.group === '' && info.resource === 'namespaces' && KEPT.has(name)) {
        throw forbidden(info, name, 'this namespace may not be deleted');
      }
      if (operation !== 'CREATE' || !info.namespaced || !namespace) return;
      const found = read(kinds.namespaces, undefined, namespace);
      if (!found) throw notFound(kinds.namespaces, namespace);
      if (found.status.phase !== 'Terminating' && !found.metadata.deletionTimestamp) return;
      const refusal = forbidden(
        info,
        object?.metadata.name ?? name,
        `unable to create new content in namespace ${namespace} because it is being terminated`,
      );
      const cause = {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      };
      throw new StatusError({ ...refusal.status, details: { ...refusal.status.details, causes: [cause] } });
    },
  };
}
