import type { ClusterRole, Draft } from '../../kinds/index.ts';
import { controllerBindings, controllerRoles } from './controller-roles.ts';
import {
  aggregatedRole,
  type BindingDraft,
  clusterRole,
  clusterRoleBinding,
  type RoleDraft,
  role,
  roleBinding,
  rule,
  urls,
} from './role-builder.ts';

const READ = 'get list watch';
const WRITE = 'create delete deletecollection patch update';
const READ_UPDATE = 'get list watch create delete deletecollection patch update';
const ALL = `${WRITE} ${READ}`;
const TO_ADMIN = 'rbac.authorization.k8s.io/aggregate-to-admin';
const TO_EDIT = 'rbac.authorization.k8s.io/aggregate-to-edit';
const TO_VIEW = 'rbac.authorization.k8s.io/aggregate-to-view';
const EVENTS = rule('create patch update', 'core events.k8s.io', 'events');

/** Upstream's bootstrap policy (plugin/pkg/auth/authorizer/rbac/bootstrappolicy): what a cluster has at its first start. */
export function defaultRoles(): (RoleDraft | BindingDraft)[] {
  return [...clusterRoles(), ...controllerRoles(), ...namespacedRoles(), ...clusterBindings(), ...controllerBindings()];
}

function clusterRoles(): Draft<ClusterRole>[] {
  return [
    clusterRole('cluster-admin', [rule('*', '*', '*'), urls('*', '*')]),
    clusterRole('system:discovery', [
      urls('get', '/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/'),
    ]),
    clusterRole('system:monitoring', [
      urls('get', '/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*'),
    ]),
    clusterRole('system:basic-user', [
      rule('create', 'authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews'),
      rule('create', 'authentication.k8s.io', 'selfsubjectreviews'),
    ]),
    clusterRole('system:public-info-viewer', [urls('get', '/healthz /livez /readyz /version /version/')]),
    clusterRole('system:service-account-issuer-discovery', [
      urls(
        'get',
        '/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/',
      ),
    ]),
    aggregatedRole('admin', TO_ADMIN),
    aggregatedRole('edit', TO_EDIT, { [TO_ADMIN]: 'true' }),
    aggregatedRole('view', TO_VIEW, { [TO_EDIT]: 'true' }),
    clusterRole('system:aggregate-to-admin', adminRules(), { [TO_ADMIN]: 'true' }),
    clusterRole('system:aggregate-to-edit', editRules(), { [TO_EDIT]: 'true' }),
    clusterRole('system:aggregate-to-view', viewRules(), { [TO_VIEW]: 'true' }),
    clusterRole('system:heapster', [
      rule(READ, 'core', 'events namespaces nodes pods'),
      rule(READ, 'extensions', 'deployments'),
    ]),
    clusterRole('system:node', nodeRules()),
    clusterRole('system:node-problem-detector', [
      rule('get', 'core', 'nodes'),
      rule('patch', 'core', 'nodes/status'),
      EVENTS,
    ]),
    clusterRole('system:node-proxier', [
      rule('list watch', 'core', 'endpoints services'),
      rule('get list watch', 'core', 'nodes'),
      EVENTS,
      rule('list watch', 'discovery.k8s.io', 'endpointslices'),
      rule('list watch', 'networking.k8s.io', 'servicecidrs'),
    ]),
    clusterRole('system:kubelet-api-admin', [
      rule(READ, 'core', 'nodes'),
      rule('proxy', 'core', 'nodes'),
      rule('*', 'core', 'nodes/configz nodes/healthz nodes/log nodes/metrics nodes/pods nodes/proxy nodes/stats'),
    ]),
    clusterRole('system:node-bootstrapper', [
      rule('create get list watch', 'certificates.k8s.io', 'certificatesigningrequests'),
    ]),
    clusterRole('system:auth-delegator', [
      rule('create', 'authentication.k8s.io', 'tokenreviews'),
      rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
    ]),
    clusterRole('system:kube-aggregator', [rule(READ, 'core', 'endpoints services')]),
    clusterRole('system:kube-controller-manager', [
      EVENTS,
      rule('create', 'coordination.k8s.io', 'leases'),
      rule('get update', 'coordination.k8s.io', 'leases', 'kube-controller-manager'),
      rule('create', 'core', 'secrets serviceaccounts'),
      rule('delete', 'core', 'secrets'),
      rule('get', 'core', 'configmaps namespaces secrets serviceaccounts'),
      rule('update', 'core', 'secrets serviceaccounts'),
      rule('create', 'authentication.k8s.io', 'tokenreviews'),
      rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
      rule('list watch', '*', '*'),
      rule('create', 'core', 'serviceaccounts/token'),
    ]),
    clusterRole('system:kube-dns', [rule('list watch', 'core', 'endpoints services')]),
    clusterRole('system:persistent-volume-provisioner', [
      rule('create delete get list watch', 'core', 'persistentvolumes'),
      rule('get list update watch', 'core', 'persistentvolumeclaims'),
      rule(READ, 'storage.k8s.io', 'storageclasses'),
      rule('watch', 'core', 'events'),
      EVENTS,
    ]),
    clusterRole('system:kube-scheduler', schedulerRules()),
    clusterRole('system:volume-scheduler', [
      rule('get list patch update watch', 'core', 'persistentvolumes'),
      rule(READ, 'storage.k8s.io', 'storageclasses'),
      rule('get list patch update watch', 'core', 'persistentvolumeclaims'),
    ]),
    ...['nodeclient', 'selfnodeclient'].map((name) =>
      clusterRole(`system:certificates.k8s.io:certificatesigningrequests:${name}`, [
        rule('create', 'certificates.k8s.io', `certificatesigningrequests/${name}`),
      ]),
    ),
    ...[
      ['kube-apiserver-client-approver', 'approve', 'kube-apiserver-client'],
      ['kube-apiserver-client-kubelet-approver', 'approve', 'kube-apiserver-client-kubelet'],
      ['kubelet-serving-approver', 'approve', 'kubelet-serving'],
      ['legacy-unknown-approver', 'approve', 'legacy-unknown'],
    ].map(([name, verb = '', signer]) =>
      clusterRole(`system:certificates.k8s.io:${name}`, [
        rule(verb, 'certificates.k8s.io', 'signers', `kubernetes.io/${signer}`),
      ]),
    ),
  ];
}

const WORKLOADS = 'deployments deployments/rollback deployments/scale replicasets replicasets/scale';

function adminRules() {
  return [
    rule('create', 'authorization.k8s.io', 'localsubjectaccessreviews'),
    rule(READ_UPDATE, 'rbac.authorization.k8s.io', 'rolebindings roles'),
  ];
}

function editRules() {
  return [
    rule(READ, 'core', 'pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy'),
    rule('impersonate', 'core', 'serviceaccounts'),
    rule(WRITE, 'core', 'pods pods/attach pods/exec pods/portforward pods/proxy'),
    rule('create', 'core', 'pods/eviction'),
    rule(
      WRITE,
      'core',
      'configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy',
    ),
    rule('create', 'core', 'serviceaccounts/token'),
    rule(WRITE, 'apps', `daemonsets ${WORKLOADS} statefulsets statefulsets/scale`),
    rule(WRITE, 'autoscaling', 'horizontalpodautoscalers'),
    rule(WRITE, 'batch', 'cronjobs jobs'),
    rule(WRITE, 'extensions', `daemonsets ${WORKLOADS} ingresses networkpolicies replicationcontrollers/scale`),
    rule(WRITE, 'policy', 'poddisruptionbudgets'),
    rule(WRITE, 'networking.k8s.io', 'ingresses networkpolicies'),
    rule(ALL, 'coordination.k8s.io', 'leases'),
    rule(WRITE, 'resource.k8s.io', 'resourceclaims resourceclaimtemplates'),
  ];
}

function viewRules() {
  return [
    rule(
      READ,
      'core',
      'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status',
    ),
    rule(
      READ,
      'core',
      'bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status',
    ),
    rule(READ, 'core', 'namespaces'),
    rule(READ, 'discovery.k8s.io', 'endpointslices'),
    rule(
      READ,
      'apps',
      'controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status',
    ),
    rule(READ, 'autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status'),
    rule(READ, 'batch', 'cronjobs cronjobs/status jobs jobs/status'),
    rule(
      READ,
      'extensions',
      'daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale',
    ),
    rule(READ, 'policy', 'poddisruptionbudgets poddisruptionbudgets/status'),
    rule(READ, 'networking.k8s.io', 'ingresses ingresses/status networkpolicies'),
    rule(READ, 'resource.k8s.io', 'resourceclaims resourceclaims/status resourceclaimtemplates'),
  ];
}

function nodeRules() {
  return [
    rule('create', 'authentication.k8s.io', 'tokenreviews'),
    rule('create', 'authorization.k8s.io', 'localsubjectaccessreviews subjectaccessreviews'),
    rule(READ, 'core', 'services'),
    rule('create get list watch', 'core', 'nodes'),
    rule('patch update', 'core', 'nodes/status'),
    rule('patch update', 'core', 'nodes'),
    EVENTS,
    rule(READ, 'core', 'pods'),
    rule('create delete', 'core', 'pods'),
    rule('patch update', 'core', 'pods/status'),
    rule('create', 'core', 'pods/eviction'),
    rule(READ, 'core', 'configmaps secrets'),
    rule('get', 'core', 'persistentvolumeclaims persistentvolumes'),
    rule('get', 'core', 'endpoints'),
    rule('create get list watch', 'certificates.k8s.io', 'certificatesigningrequests'),
    rule('create delete get patch update', 'coordination.k8s.io', 'leases'),
    rule('get', 'storage.k8s.io', 'volumeattachments'),
    rule('create', 'core', 'serviceaccounts/token'),
    rule('get patch update', 'core', 'persistentvolumeclaims/status'),
    rule(READ, 'storage.k8s.io', 'csidrivers'),
    rule('create delete get patch update', 'storage.k8s.io', 'csinodes'),
    rule(READ, 'node.k8s.io', 'runtimeclasses'),
    rule('get', 'resource.k8s.io', 'resourceclaims'),
    rule('deletecollection', 'resource.k8s.io', 'resourceslices'),
  ];
}

function schedulerRules() {
  return [
    EVENTS,
    rule('create', 'coordination.k8s.io', 'leases'),
    rule('get update', 'coordination.k8s.io', 'leases', 'kube-scheduler'),
    rule(READ, 'core', 'nodes'),
    rule('delete get list watch', 'core', 'pods'),
    rule('create', 'core', 'bindings pods/binding'),
    rule('patch update', 'core', 'pods/status'),
    rule(READ, 'core', 'replicationcontrollers services'),
    rule(READ, 'apps extensions', 'replicasets'),
    rule(READ, 'apps', 'statefulsets'),
    rule(READ, 'policy', 'poddisruptionbudgets'),
    rule(READ, 'core', 'persistentvolumeclaims persistentvolumes'),
    rule('create', 'authentication.k8s.io', 'tokenreviews'),
    rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
    rule(READ, 'storage.k8s.io', 'csinodes csidrivers csistoragecapacities'),
    rule(READ, 'core', 'namespaces'),
    rule(READ, 'resource.k8s.io', 'deviceclasses resourceslices'),
    rule('get list patch update watch', 'resource.k8s.io', 'resourceclaims resourceclaims/status'),
  ];
}

function namespacedRoles(): (RoleDraft | BindingDraft)[] {
  const system = 'kube-system';
  return [
    role(system, 'extension-apiserver-authentication-reader', [
      rule(READ, 'core', 'configmaps', 'extension-apiserver-authentication'),
    ]),
    role(system, 'system:controller:bootstrap-signer', [rule(READ, 'core', 'secrets')]),
    role(system, 'system:controller:cloud-provider', [rule('create get list update watch', 'core', 'configmaps')]),
    role(system, 'system:controller:token-cleaner', [
      rule('delete get list watch', 'core', 'secrets'),
      rule('create patch update', 'core events.k8s.io', 'events'),
    ]),
    role(system, 'system::leader-locking-kube-controller-manager', [
      rule('watch', 'core', 'configmaps'),
      rule('get update', 'core', 'configmaps', 'kube-controller-manager'),
    ]),
    role(system, 'system::leader-locking-kube-scheduler', [
      rule('watch', 'core', 'configmaps'),
      rule('get update', 'core', 'configmaps', 'kube-scheduler'),
    ]),
    role('kube-public', 'system:controller:bootstrap-signer', [
      rule(READ, 'core', 'configmaps'),
      rule('update', 'core', 'configmaps', 'cluster-info'),
      rule('create patch update', 'core events.k8s.io', 'events'),
    ]),
    roleBinding(
      system,
      'system::extension-apiserver-authentication-reader',
      'extension-apiserver-authentication-reader',
      'User:system:kube-controller-manager User:system:kube-scheduler',
    ),
    roleBinding(
      system,
      'system::leader-locking-kube-controller-manager',
      'system::leader-locking-kube-controller-manager',
      'User:system:kube-controller-manager ServiceAccount:kube-system/kube-controller-manager',
    ),
    roleBinding(
      system,
      'system::leader-locking-kube-scheduler',
      'system::leader-locking-kube-scheduler',
      'User:system:kube-scheduler ServiceAccount:kube-system/kube-scheduler',
    ),
    ...['bootstrap-signer', 'cloud-provider', 'token-cleaner'].map((name) =>
      roleBinding(
        system,
        `system:controller:${name}`,
        `system:controller:${name}`,
        `ServiceAccount:kube-system/${name}`,
      ),
    ),
    roleBinding(
      'kube-public',
      'system:controller:bootstrap-signer',
      'system:controller:bootstrap-signer',
      'ServiceAccount:kube-system/bootstrap-signer',
    ),
  ];
}

function clusterBindings(): BindingDraft[] {
  const binding = (name: string, who: string, roleName = name) => clusterRoleBinding(name, roleName, who);
  return [
    binding('cluster-admin', 'Group:system:masters'),
    binding('system:monitoring', 'Group:system:monitoring'),
    binding('system:discovery', 'Group:system:authenticated'),
    binding('system:basic-user', 'Group:system:authenticated'),
    binding('system:public-info-viewer', 'Group:system:authenticated Group:system:unauthenticated'),
    binding('system:service-account-issuer-discovery', 'Group:system:serviceaccounts'),
    binding('system:node-proxier', 'User:system:kube-proxy'),
    binding('system:kube-controller-manager', 'User:system:kube-controller-manager'),
    binding('system:kube-dns', 'ServiceAccount:kube-system/kube-dns'),
    binding('system:kube-scheduler', 'User:system:kube-scheduler'),
    binding('system:volume-scheduler', 'User:system:kube-scheduler'),
    // Nodes are authorised by the node authoriser; the binding stays without subjects, as upstream's.
    binding('system:node', ''),
  ];
}
