/** API versions that clusters serve no more (kubernetes.io/docs/reference/using-api/deprecation-guide). */
const REMOVED: Readonly<Record<string, readonly [removed: string, instead: string]>> = {
  'extensions/v1beta1 Deployment': ['1.16', 'apiVersion: apps/v1, with spec.selector'],
  'extensions/v1beta1 DaemonSet': ['1.16', 'apiVersion: apps/v1, with spec.selector'],
  'extensions/v1beta1 ReplicaSet': ['1.16', 'apiVersion: apps/v1, with spec.selector'],
  'extensions/v1beta1 NetworkPolicy': ['1.16', 'apiVersion: networking.k8s.io/v1'],
  'extensions/v1beta1 PodSecurityPolicy': ['1.16', 'Pod Security Admission: labels on the namespace'],
  'extensions/v1beta1 Ingress': ['1.22', 'apiVersion: networking.k8s.io/v1, with backend.service and pathType'],
  'apps/v1beta1 Deployment': ['1.16', 'apiVersion: apps/v1, with spec.selector'],
  'apps/v1beta1 StatefulSet': ['1.16', 'apiVersion: apps/v1, with spec.selector'],
  'apps/v1beta2 Deployment': ['1.16', 'apiVersion: apps/v1'],
  'apps/v1beta2 StatefulSet': ['1.16', 'apiVersion: apps/v1'],
  'apps/v1beta2 DaemonSet': ['1.16', 'apiVersion: apps/v1'],
  'apps/v1beta2 ReplicaSet': ['1.16', 'apiVersion: apps/v1'],
  'networking.k8s.io/v1beta1 Ingress': ['1.22', 'apiVersion: networking.k8s.io/v1, with backend.service and pathType'],
  'networking.k8s.io/v1beta1 IngressClass': ['1.22', 'apiVersion: networking.k8s.io/v1'],
  'rbac.authorization.k8s.io/v1beta1 Role': ['1.22', 'apiVersion: rbac.authorization.k8s.io/v1'],
  'rbac.authorization.k8s.io/v1beta1 RoleBinding': ['1.22', 'apiVersion: rbac.authorization.k8s.io/v1'],
  'rbac.authorization.k8s.io/v1beta1 ClusterRole': ['1.22', 'apiVersion: rbac.authorization.k8s.io/v1'],
  'rbac.authorization.k8s.io/v1beta1 ClusterRoleBinding': ['1.22', 'apiVersion: rbac.authorization.k8s.io/v1'],
  'apiextensions.k8s.io/v1beta1 CustomResourceDefinition': [
    '1.22',
    'apiVersion: apiextensions.k8s.io/v1, with a schema',
  ],
  'admissionregistration.k8s.io/v1beta1 MutatingWebhookConfiguration': [
    '1.22',
    'apiVersion: admissionregistration.k8s.io/v1',
  ],
  'admissionregistration.k8s.io/v1beta1 ValidatingWebhookConfiguration': [
    '1.22',
    'apiVersion: admissionregistration.k8s.io/v1',
  ],
  'apiregistration.k8s.io/v1beta1 APIService': ['1.22', 'apiVersion: apiregistration.k8s.io/v1'],
  'certificates.k8s.io/v1beta1 CertificateSigningRequest': ['1.22', 'apiVersion: certificates.k8s.io/v1'],
  'coordination.k8s.io/v1beta1 Lease': ['1.22', 'apiVersion: coordination.k8s.io/v1'],
  'scheduling.k8s.io/v1beta1 PriorityClass': ['1.22', 'apiVersion: scheduling.k8s.io/v1'],
  'storage.k8s.io/v1beta1 StorageClass': ['1.22', 'apiVersion: storage.k8s.io/v1'],
  'storage.k8s.io/v1beta1 CSIDriver': ['1.22', 'apiVersion: storage.k8s.io/v1'],
  'storage.k8s.io/v1beta1 CSIStorageCapacity': ['1.27', 'apiVersion: storage.k8s.io/v1'],
  'batch/v1beta1 CronJob': ['1.25', 'apiVersion: batch/v1'],
  'discovery.k8s.io/v1beta1 EndpointSlice': ['1.25', 'apiVersion: discovery.k8s.io/v1'],
  'events.k8s.io/v1beta1 Event': ['1.25', 'apiVersion: events.k8s.io/v1'],
  'policy/v1beta1 PodDisruptionBudget': ['1.25', 'apiVersion: policy/v1'],
  'policy/v1beta1 PodSecurityPolicy': ['1.25', 'Pod Security Admission: labels on the namespace'],
  'node.k8s.io/v1beta1 RuntimeClass': ['1.25', 'apiVersion: node.k8s.io/v1'],
  'autoscaling/v2beta1 HorizontalPodAutoscaler': ['1.25', 'apiVersion: autoscaling/v2'],
  'autoscaling/v2beta2 HorizontalPodAutoscaler': ['1.26', 'apiVersion: autoscaling/v2'],
  'flowcontrol.apiserver.k8s.io/v1beta2 FlowSchema': ['1.29', 'apiVersion: flowcontrol.apiserver.k8s.io/v1'],
  'flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema': ['1.32', 'apiVersion: flowcontrol.apiserver.k8s.io/v1'],
};

export function versionOf(object: {
  readonly apiVersion: string;
  readonly kind: string;
}): { removed: string; instead: string } | undefined {
  const key = `${object.apiVersion} ${object.kind}`;
  const found = Object.hasOwn(REMOVED, key) ? REMOVED[key] : undefined;
  return found && { removed: found[0], instead: found[1] };
}

/** The word of a list that a misspelt one was meant to be; undefined when none is near. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const small = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.min(3, Math.ceil(word.length / 3)) + 1;
  for (const candidate of words) {
    const distance = distanceOf(small, candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Levenshtein: letters to put in, take away or change. */
function distanceOf(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const change = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
