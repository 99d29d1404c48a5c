import type { Behaviour } from '../contract.ts';
import {
  mutatingBinding,
  mutatingPolicy,
  mutatingWebhook,
  validatingBinding,
  validatingPolicy,
  validatingWebhook,
} from './admission.ts';
import { autoscaler } from './autoscaler.ts';
import { configMap, secret } from './configuration.ts';
import { customResourceDefinition } from './custom-resource-definition.ts';
import { daemonSet } from './daemonset.ts';
import { deployment } from './deployment.ts';
import { endpointSlice, endpoints } from './endpoints.ts';
import { event } from './event.ts';
import { ingress, ingressClass, networkPolicy } from './ingress.ts';
import { cronJob, job } from './job.ts';
import { namespace } from './namespace.ts';
import { node } from './node.ts';
import { pod } from './pod.ts';
import {
  limitRange,
  podDisruptionBudget,
  priorityClass,
  resourceQuota,
  runtimeClass,
  serviceAccount,
} from './policy.ts';
import { clusterRole, clusterRoleBinding, role, roleBinding } from './rbac.ts';
import { replicaSet, replicationController } from './replicaset.ts';
import {
  apiService,
  certificateSigningRequest,
  componentStatus,
  controllerRevision,
  flowSchema,
  ipAddress,
  lease,
  plain,
  plainCounted,
  podTemplate,
  priorityLevel,
  resourceClaim,
  resourceSlice,
  serviceCidr,
} from './server.ts';
import { service } from './service.ts';
import { statefulSet } from './statefulset.ts';
import {
  csiDriver,
  csiNode,
  csiStorageCapacity,
  persistentVolume,
  persistentVolumeClaim,
  storageClass,
  volumeAttachment,
  volumeAttributesClass,
} from './storage.ts';

/** What is special about a kind, by `GROUP/RESOURCE` (the core group is empty). */
export const behaviours: Readonly<Record<string, Behaviour>> = {
  '/componentstatuses': componentStatus,
  '/configmaps': configMap,
  '/endpoints': endpoints,
  '/events': event,
  '/limitranges': limitRange,
  '/namespaces': namespace,
  '/nodes': node,
  '/persistentvolumeclaims': persistentVolumeClaim,
  '/persistentvolumes': persistentVolume,
  '/pods': pod,
  '/podtemplates': podTemplate,
  '/replicationcontrollers': replicationController,
  '/resourcequotas': resourceQuota,
  '/secrets': secret,
  '/serviceaccounts': serviceAccount,
  '/services': service,
  'admissionregistration.k8s.io/mutatingadmissionpolicies': mutatingPolicy,
  'admissionregistration.k8s.io/mutatingadmissionpolicybindings': mutatingBinding,
  'admissionregistration.k8s.io/mutatingwebhookconfigurations': mutatingWebhook,
  'admissionregistration.k8s.io/validatingadmissionpolicies': validatingPolicy,
  'admissionregistration.k8s.io/validatingadmissionpolicybindings': validatingBinding,
  'admissionregistration.k8s.io/validatingwebhookconfigurations': validatingWebhook,
  'apiextensions.k8s.io/customresourcedefinitions': customResourceDefinition,
  'apiregistration.k8s.io/apiservices': apiService,
  'apps/controllerrevisions': controllerRevision,
  'apps/daemonsets': daemonSet,
  'apps/deployments': deployment,
  'apps/replicasets': replicaSet,
  'apps/statefulsets': statefulSet,
  'autoscaling/horizontalpodautoscalers': autoscaler,
  'batch/cronjobs': cronJob,
  'batch/jobs': job,
  'certificates.k8s.io/certificatesigningrequests': certificateSigningRequest,
  'coordination.k8s.io/leases': lease,
  'discovery.k8s.io/endpointslices': endpointSlice,
  'events.k8s.io/events': event,
  'flowcontrol.apiserver.k8s.io/flowschemas': flowSchema,
  'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations': priorityLevel,
  'networking.k8s.io/ingressclasses': ingressClass,
  'networking.k8s.io/ingresses': ingress,
  'networking.k8s.io/ipaddresses': ipAddress,
  'networking.k8s.io/networkpolicies': networkPolicy,
  'networking.k8s.io/servicecidrs': serviceCidr,
  'node.k8s.io/runtimeclasses': runtimeClass,
  'policy/poddisruptionbudgets': podDisruptionBudget,
  'rbac.authorization.k8s.io/clusterrolebindings': clusterRoleBinding,
  'rbac.authorization.k8s.io/clusterroles': clusterRole,
  'rbac.authorization.k8s.io/rolebindings': roleBinding,
  'rbac.authorization.k8s.io/roles': role,
  'resource.k8s.io/deviceclasses': plainCounted,
  'resource.k8s.io/resourceclaims': resourceClaim,
  'resource.k8s.io/resourceclaimtemplates': plain,
  'resource.k8s.io/resourceslices': resourceSlice,
  'scheduling.k8s.io/priorityclasses': priorityClass,
  'scheduling.k8s.io/workloads': plainCounted,
  'storage.k8s.io/csidrivers': csiDriver,
  'storage.k8s.io/csinodes': csiNode,
  'storage.k8s.io/csistoragecapacities': csiStorageCapacity,
  'storage.k8s.io/storageclasses': storageClass,
  'storage.k8s.io/volumeattachments': volumeAttachment,
  'storage.k8s.io/volumeattributesclasses': volumeAttributesClass,
};
