import type { Attributes, Decision } from './attributes.ts';

const READABLE = new Set([
  ' configmaps',
  ' endpoints',
  ' namespaces',
  ' nodes',
  ' persistentvolumeclaims',
  ' persistentvolumes',
  ' pods',
  ' secrets',
  ' services',
  ' serviceaccounts',
  'coordination.k8s.io leases',
  'discovery.k8s.io endpointslices',
  'node.k8s.io runtimeclasses',
  'resource.k8s.io resourceclaims',
  'resource.k8s.io resourceslices',
  'storage.k8s.io csidrivers',
  'storage.k8s.io csinodes',
  'storage.k8s.io volumeattachments',
  'certificates.k8s.io certificatesigningrequests',
]);
const WRITABLE = new Set([
  ' events',
  ' nodes',
  ' nodes/status',
  ' pods',
  ' pods/status',
  ' pods/eviction',
  ' persistentvolumeclaims/status',
  ' serviceaccounts/token',
  'events.k8s.io events',
  'coordination.k8s.io leases',
  'storage.k8s.io csinodes',
  'resource.k8s.io resourceslices',
  'certificates.k8s.io certificatesigningrequests',
  'authentication.k8s.io tokenreviews',
  'authorization.k8s.io subjectaccessreviews',
  'authorization.k8s.io localsubjectaccessreviews',
]);
const READ_VERBS = new Set(['get', 'list', 'watch']);

/**
 * The node authoriser in its simple form: what a kubelet (user system:node:NAME of group system:nodes) does, without
 * upstream's graph of which pod on which node refers to what, since all nodes of a cluster here are one machine.
 * Its own Node and Lease are the only ones it may write. Undefined: not a node, or nothing to say.
 */
export function nodeDecision(attributes: Attributes): Decision | undefined {
  const { user, verb, isResource, group, resource, subresource, name } = attributes;
  if (!isResource || !user.groups.includes('system:nodes') || !user.name.startsWith('system:node:')) return undefined;
  const full = `${group} ${subresource ? `${resource}/${subresource}` : resource}`;
  if (READ_VERBS.has(verb)) return READABLE.has(full) ? { allowed: true, reason: '' } : undefined;
  if (!WRITABLE.has(full)) return undefined;
  const own = user.name.slice('system:node:'.length);
  const ownOnly = resource === 'nodes' || resource === 'leases' || resource === 'csinodes';
  if (ownOnly && name !== '' && name !== own) {
    return { allowed: false, reason: `node ${JSON.stringify(own)} may not change ${resource} ${JSON.stringify(name)}` };
  }
  return { allowed: true, reason: '' };
}
