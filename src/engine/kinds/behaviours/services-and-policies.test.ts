import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copy } from '../index.ts';
import { create, selector, update } from './harness.test.ts';

test('a service is defaulted, keeps what was chosen for it, and drops it with its type', () => {
  const { object, faults } = create('', 'Service', {
    spec: { selector: { app: 'web' }, type: 'NodePort', ports: [{ port: 80 }] },
  });
  assert.deepEqual(faults, []);
  assert.deepEqual(object.spec, {
    selector: { app: 'web' },
    type: 'NodePort',
    ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
    sessionAffinity: 'None',
    externalTrafficPolicy: 'Cluster',
    internalTrafficPolicy: 'Cluster',
  });
  assert.deepEqual(object.status, { loadBalancer: {} });
  const old = copy(object);
  Object.assign(old.spec, { clusterIP: '10.96.0.5', clusterIPs: ['10.96.0.5'] });
  old.spec.ports[0].nodePort = 30080;
  const kept = update('', 'Service', old, (one) => {
    delete one.spec.clusterIP;
    delete one.spec.clusterIPs;
    delete one.spec.ports[0].nodePort;
  });
  assert.deepEqual(
    [kept.faults, kept.object.spec.clusterIPs, kept.object.spec.ports[0].nodePort],
    [[], ['10.96.0.5'], 30080],
  );
  const plain = update('', 'Service', old, (one) => {
    one.spec.type = 'ClusterIP';
  });
  assert.deepEqual(
    [plain.faults, plain.object.spec.ports[0].nodePort, plain.object.spec.externalTrafficPolicy],
    [[], undefined, undefined],
  );
  const moved = update('', 'Service', old, (one) => {
    one.spec.clusterIP = '10.96.0.6';
    one.spec.clusterIPs = ['10.96.0.6'];
  });
  assert.deepEqual(moved.faults, ['spec.clusterIPs[0]: Invalid value: ["10.96.0.6"]: may not change once set']);
  assert.deepEqual(create('', 'Service', { spec: { ports: [{ port: 1 }, { port: 1 }] } }).faults, [
    'spec.ports[0].name: Required value',
    'spec.ports[1].name: Required value',
    'spec.ports[1]: Duplicate value: {"protocol":"TCP","port":1}',
  ]);
  assert.deepEqual(create('', 'Service', { spec: { ports: [{ port: 80, nodePort: 30000 }] } }).faults, [
    "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
  ]);
});

test('secrets and config maps: strings become data, immutable ones hold', () => {
  const { object } = create('', 'Secret', { stringData: { user: 'joe' } });
  assert.deepEqual([object.data, object.stringData, object.type], [{ user: 'am9l' }, undefined, 'Opaque']);
  assert.deepEqual(
    update('', 'Secret', object, (one) => {
      one.type = 'kubernetes.io/tls';
    }).faults,
    [
      'type: Invalid value: "kubernetes.io/tls": field is immutable',
      'data[tls.crt]: Required value',
      'data[tls.key]: Required value',
    ],
  );
  const map = create('', 'ConfigMap', { data: { a: '1' }, immutable: true });
  assert.deepEqual(map.faults, []);
  assert.deepEqual(
    update('', 'ConfigMap', map.object, (one) => {
      one.data.a = '2';
    }).faults,
    ['data: Forbidden: field is immutable when `immutable` is set'],
  );
  assert.match(
    create('', 'ConfigMap', { data: { 'a/b': '1' } }).faults[0] ?? '',
    /^data\[a\/b\]: Invalid value: "a\/b": a valid config key/,
  );
});

test('a namespace is labelled with its name and held by its finalizer', () => {
  const { object, faults } = create('', 'Namespace', { metadata: { name: 'shop' } });
  assert.deepEqual(faults, []);
  assert.deepEqual(object.metadata.labels, { 'kubernetes.io/metadata.name': 'shop' });
  assert.deepEqual([object.spec, object.status], [{ finalizers: ['kubernetes'] }, { phase: 'Active' }]);
  assert.match(create('', 'Namespace', { metadata: { name: 'a.b' } }).faults[0] ?? '', /must not contain dots$/);
});

test('claims and volumes are defaulted and fixed', () => {
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const { object, faults } = create('', 'PersistentVolumeClaim', { spec });
  assert.deepEqual([faults, object.spec.volumeMode, object.status], [[], 'Filesystem', { phase: 'Pending' }]);
  const { faults: grown } = update('', 'PersistentVolumeClaim', object, (one) => {
    one.spec.resources.requests.storage = '2Gi';
  });
  assert.match(
    grown[0] ?? '',
    /^spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims/,
  );
  assert.deepEqual(
    update('', 'PersistentVolumeClaim', object, (one) => {
      one.spec.volumeName = 'pv-1';
    }).faults,
    [],
  );
  assert.deepEqual(create('', 'PersistentVolumeClaim', { spec: {} }).faults, [
    'spec.accessModes: Required value: at least 1 access mode is required',
    'spec.resources[storage]: Required value',
  ]);
  assert.deepEqual(
    create('', 'PersistentVolume', { spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] } }).faults,
    ['spec: Required value: must specify a volume type'],
  );
});

test('RBAC names may hold colons, rules must say what they allow, and a role is bound for good', () => {
  assert.deepEqual(
    create('rbac.authorization.k8s.io', 'ClusterRole', {
      metadata: { name: 'system:node' },
      rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
    }).faults,
    [],
  );
  assert.deepEqual(create('rbac.authorization.k8s.io', 'Role', { rules: [{ verbs: [] }] }).faults, [
    'rules[0].verbs: Required value: verbs must contain at least one value',
    'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
    'rules[0].resources: Required value: resource rules must supply at least one resource',
  ]);
  const { object, faults } = create('rbac.authorization.k8s.io', 'RoleBinding', {
    roleRef: { kind: 'Role', name: 'a' },
    subjects: [{ kind: 'User', name: 'joe' }],
  });
  assert.deepEqual(
    [faults, object.roleRef.apiGroup, object.subjects[0].apiGroup],
    [[], 'rbac.authorization.k8s.io', 'rbac.authorization.k8s.io'],
  );
  assert.match(
    update('rbac.authorization.k8s.io', 'RoleBinding', object, (one) => {
      one.roleRef.name = 'b';
    }).faults[0] ?? '',
    /cannot change roleRef$/,
  );
});

test('ingresses and network policies are checked', () => {
  const backend = { service: { name: 'web', port: { number: 80 } } };
  assert.deepEqual(
    create('networking.k8s.io', 'Ingress', {
      spec: { rules: [{ host: 'a.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] },
    }).faults,
    [],
  );
  assert.deepEqual(
    create('networking.k8s.io', 'Ingress', {
      spec: { rules: [{ http: { paths: [{ path: 'x', pathType: 'Exact', backend: {} }] } }] },
    }).faults,
    [
      'spec.rules[0].http.paths[0].path: Invalid value: "x": must be an absolute path',
      'spec.rules[0].http.paths[0].backend: Required value: resource or service backend is required',
    ],
  );
  const { object } = create('networking.k8s.io', 'NetworkPolicy', {
    spec: { podSelector: {}, egress: [{ ports: [{ port: 53 }] }] },
  });
  assert.deepEqual(object.spec.policyTypes, ['Ingress', 'Egress']);
  assert.equal(object.spec.egress[0].ports[0].protocol, 'TCP');
});

test('definitions of custom resources are defaulted and checked', () => {
  const definition = {
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  };
  const { object, faults } = create('apiextensions.k8s.io', 'CustomResourceDefinition', definition);
  assert.deepEqual(faults, []);
  assert.deepEqual(
    [object.spec.names.singular, object.spec.names.listKind, object.spec.conversion],
    ['widget', 'WidgetList', { strategy: 'None' }],
  );
  assert.deepEqual(object.status.storedVersions, ['v1']);
  assert.deepEqual(
    create('apiextensions.k8s.io', 'CustomResourceDefinition', { ...definition, metadata: { name: 'wrong' } }).faults,
    ['metadata.name: Invalid value: "wrong": must be spec.names.plural+"."+spec.group'],
  );
});

test('policies, classes and the rest are defaulted', () => {
  assert.equal(
    create('scheduling.k8s.io', 'PriorityClass', { value: 5 }).object.preemptionPolicy,
    'PreemptLowerPriority',
  );
  const klass = create('storage.k8s.io', 'StorageClass', { provisioner: 'a.b/c' }).object;
  assert.deepEqual([klass.reclaimPolicy, klass.volumeBindingMode], ['Delete', 'Immediate']);
  const limits = create('', 'LimitRange', {
    spec: { limits: [{ type: 'Container', max: { cpu: '2' }, min: { memory: '1Mi' } }] },
  });
  assert.deepEqual(limits.object.spec.limits[0], {
    type: 'Container',
    max: { cpu: '2' },
    min: { memory: '1Mi' },
    default: { cpu: '2' },
    defaultRequest: { cpu: '2', memory: '1Mi' },
  });
  const budget = create('policy', 'PodDisruptionBudget', { spec: { minAvailable: 1, maxUnavailable: 1, selector } });
  assert.match(budget.faults[0] ?? '', /minAvailable and maxUnavailable cannot be both set$/);
  assert.deepEqual(budget.object.status, {
    disruptionsAllowed: 0,
    currentHealthy: 0,
    desiredHealthy: 0,
    expectedPods: 0,
  });
  const webhooks = create('admissionregistration.k8s.io', 'ValidatingWebhookConfiguration', {
    webhooks: [
      {
        name: 'a.example.com',
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        clientConfig: { service: { name: 's', namespace: 'n' } },
        rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
      },
    ],
  });
  assert.deepEqual(webhooks.faults, []);
  assert.deepEqual(
    [
      webhooks.object.webhooks[0].failurePolicy,
      webhooks.object.webhooks[0].timeoutSeconds,
      webhooks.object.webhooks[0].clientConfig.service.port,
      webhooks.object.webhooks[0].rules[0].scope,
    ],
    ['Fail', 10, 443, '*'],
  );
  const scaler = create(
    'autoscaling',
    'HorizontalPodAutoscaler',
    { spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' }, maxReplicas: 3 } },
    'v2',
  );
  assert.deepEqual(
    [scaler.faults, scaler.object.spec.minReplicas, scaler.object.spec.metrics[0].resource.target.averageUtilization],
    [[], 1, 80],
  );
});
