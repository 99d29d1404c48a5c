import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  applyDefaults,
  conform,
  copy,
  createCatalogue,
  faultText,
  type KubeObject,
  type ResourceInfo,
  validateObjectMeta,
} from '../index.ts';

const catalogue = createCatalogue();

function the(group: string, version: string, kind: string): ResourceInfo {
  const info = catalogue.findKind(group, version, kind);
  assert.ok(info, kind);
  return info;
}

// biome-ignore lint/suspicious/noExplicitAny: objects of many kinds, read field by field
type Loose = any;

/** What a create does before it writes: decode, default, prepare, validate. */
function create(group: string, kind: string, body: object, version = 'v1'): { object: Loose; faults: string[] } {
  const info = the(group, version, kind);
  const apiVersion = group ? `${group}/${version}` : version;
  const {
    object: decoded,
    unknownFields,
    typeFaults,
  } = conform(
    { apiVersion, kind, metadata: { name: 'web', ...(info.namespaced && { namespace: 'shop' }), uid: 'u-1' }, ...body },
    info.schema,
  );
  assert.deepEqual([...unknownFields, ...typeFaults], []);
  const object = applyDefaults(copy(decoded) as KubeObject, info);
  info.behaviour.prepareForCreate?.(object);
  const faults = [...validateObjectMeta(object.metadata, info), ...(info.behaviour.validate?.(object) ?? [])];
  return { object, faults: faults.map(faultText) };
}

function update(
  group: string,
  kind: string,
  old: Loose,
  change: (object: Loose) => void,
): { object: Loose; faults: string[] } {
  const info = the(group, 'v1', kind);
  const object = copy(old);
  change(object);
  applyDefaults(object, info);
  info.behaviour.prepareForUpdate?.(object, old);
  return { object, faults: (info.behaviour.validateUpdate?.(object, old) ?? []).map(faultText) };
}

const podSpec = { containers: [{ name: 'app', image: 'nginx:1.27', ports: [{ containerPort: 80 }] }] };
const template = { metadata: { labels: { app: 'web' } }, spec: podSpec };
const selector = { matchLabels: { app: 'web' } };

test('a pod gets the defaults of upstream', () => {
  const { object, faults } = create('', 'Pod', {
    spec: {
      containers: [
        {
          name: 'app',
          image: 'nginx',
          resources: { limits: { cpu: '0.5', memory: '64Mi' } },
          livenessProbe: { httpGet: { port: 80 } },
          env: [{ name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
        },
      ],
      volumes: [{ name: 'a' }, { name: 'b', secret: { secretName: 's' } }],
    },
  });
  assert.deepEqual(faults, []);
  assert.deepEqual(object.spec, {
    containers: [
      {
        name: 'app',
        image: 'nginx',
        resources: { limits: { cpu: '500m', memory: '64Mi' }, requests: { cpu: '500m', memory: '64Mi' } },
        livenessProbe: {
          httpGet: { port: 80, path: '/', scheme: 'HTTP' },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
        env: [{ name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name', apiVersion: 'v1' } } }],
        imagePullPolicy: 'Always',
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
      },
    ],
    volumes: [
      { name: 'a', emptyDir: {} },
      { name: 'b', secret: { secretName: 's', defaultMode: 420 } },
    ],
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
    schedulerName: 'default-scheduler',
    enableServiceLinks: true,
  });
  assert.deepEqual(object.status, { phase: 'Pending', qosClass: 'Guaranteed' });
  assert.equal(object.metadata.generation, 1);
});

test('a pod that breaks rules is told so in the words of upstream', () => {
  const { faults } = create('', 'Pod', {
    spec: {
      restartPolicy: 'Sometimes',
      volumes: [{ name: 'data', emptyDir: {}, hostPath: { path: '/x' } }, { name: 'data' }],
      containers: [
        {
          name: 'App',
          ports: [
            { containerPort: 70000, name: 'web' },
            { containerPort: 1, name: 'web' },
          ],
          volumeMounts: [{ name: 'gone', mountPath: '/a' }],
          env: [{ name: '' }, { name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
          resources: { requests: { cpu: '2' }, limits: { cpu: '1', gpu: '1' } },
          readinessProbe: { tcpSocket: { port: 1 }, exec: { command: ['x'] } },
          livenessProbe: {},
        },
      ],
    },
  });
  assert.deepEqual(faults, [
    'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type',
    `spec.containers[0].name: Invalid value: "App": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name', or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`,
    'spec.containers[0].image: Required value',
    'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    'spec.containers[0].ports[1].name: Duplicate value: "web"',
    'spec.containers[0].env[0].name: Required value',
    'spec.containers[0].env[1].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
    'spec.containers[0].volumeMounts[0].name: Not found: "gone"',
    'spec.containers[0].resources.limits[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
    'spec.containers[0].resources.limits[gpu]: Invalid value: "gpu": must be a standard resource for containers',
    'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    'spec.containers[0].resources.requests[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
    'spec.containers[0].resources.requests[gpu]: Invalid value: "gpu": must be a standard resource for containers',
    'spec.containers[0].livenessProbe: Required value: must specify a handler type',
    'spec.containers[0].readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type',
    'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
  ]);
  assert.deepEqual(create('', 'Pod', { spec: {} }).faults, ['spec.containers: Required value']);
});

test('of a pod only images and little else may change', () => {
  const { object: old } = create('', 'Pod', { spec: podSpec });
  const image = update('', 'Pod', old, (pod) => {
    pod.spec.containers[0].image = 'nginx:1.28';
    pod.spec.tolerations = [{ key: 'a', operator: 'Exists' }];
  });
  assert.deepEqual(image.faults, []);
  assert.equal(image.object.metadata.generation, 2);
  const { faults } = update('', 'Pod', old, (pod) => {
    pod.spec.containers[0].command = ['sh'];
  });
  assert.match(
    faults[0] ?? '',
    /^spec: Forbidden: pod updates may not change fields other than `spec.containers\[\*\].image`/,
  );
  const labels = update('', 'Pod', old, (pod) => {
    pod.metadata.labels = { a: 'b' };
    pod.status = {};
  });
  assert.deepEqual(labels.faults, []);
  assert.equal(labels.object.metadata.generation, 1);
  assert.equal(labels.object.status.phase, 'Pending');
});

test('a deployment is defaulted, counted and checked', () => {
  const { object, faults } = create('apps', 'Deployment', { spec: { selector, template } });
  assert.deepEqual(faults, []);
  assert.deepEqual(object.spec.strategy, {
    type: 'RollingUpdate',
    rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' },
  });
  assert.equal(object.spec.template.spec.containers[0].imagePullPolicy, 'IfNotPresent');
  assert.equal(object.spec.template.spec.enableServiceLinks, undefined);
  assert.equal(object.spec.replicas, 1);
  const scaled = update('apps', 'Deployment', { ...object, status: { replicas: 1 } }, (one) => {
    one.spec.replicas = 0;
    one.status = {};
  });
  assert.deepEqual([scaled.faults, scaled.object.metadata.generation, scaled.object.status], [[], 2, { replicas: 1 }]);
  const moved = update('apps', 'Deployment', object, (one) => {
    one.spec.selector = { matchLabels: { app: 'other' } };
  });
  assert.deepEqual(moved.faults, [
    'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    'spec.selector: Invalid value: {"matchLabels":{"app":"other"}}: field is immutable',
  ]);
  assert.deepEqual(create('apps', 'Deployment', { spec: { replicas: -1, template } }).faults, [
    'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    'spec.selector: Required value',
  ]);
});

test('a stateful set and a daemon set are defaulted and hold fast what is fixed', () => {
  const { object } = create('apps', 'StatefulSet', {
    spec: {
      selector,
      template,
      serviceName: 'web',
      volumeClaimTemplates: [
        {
          metadata: { name: 'd' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    },
  });
  assert.equal(object.spec.podManagementPolicy, 'OrderedReady');
  assert.deepEqual(object.spec.updateStrategy, { type: 'RollingUpdate', rollingUpdate: { partition: 0 } });
  assert.equal(object.spec.volumeClaimTemplates[0].spec.volumeMode, 'Filesystem');
  const { faults } = update('apps', 'StatefulSet', object, (one) => {
    one.spec.serviceName = 'other';
  });
  assert.match(faults[0] ?? '', /^spec: Forbidden: updates to statefulset spec for fields other than 'replicas'/);
  const daemons = create('apps', 'DaemonSet', { spec: { selector, template } });
  assert.deepEqual(daemons.faults, []);
  assert.equal(daemons.object.status.desiredNumberScheduled, 0);
  assert.deepEqual(daemons.object.spec.updateStrategy.rollingUpdate, { maxUnavailable: 1, maxSurge: 0 });
});

test('a job gets a selector of its own and a mode', () => {
  const spec = { ...podSpec, restartPolicy: 'Never' };
  const { object, faults } = create('batch', 'Job', { spec: { template: { spec } } });
  assert.deepEqual(faults, []);
  assert.deepEqual(object.spec.selector, { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u-1' } });
  assert.equal(object.spec.template.metadata.labels['job-name'], 'web');
  assert.deepEqual(
    [
      object.spec.completions,
      object.spec.parallelism,
      object.spec.backoffLimit,
      object.spec.completionMode,
      object.spec.suspend,
    ],
    [1, 1, 6, 'NonIndexed', false],
  );
  const { faults: changed } = update('batch', 'Job', object, (one) => {
    one.spec.template.spec.containers[0].image = 'other';
  });
  assert.match(changed[0] ?? '', /^spec.template: Invalid value: .*: field is immutable$/);
  assert.deepEqual(create('batch', 'Job', { spec: { template: { spec: podSpec } } }).faults, [
    'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
  ]);
});

test('a cron job is defaulted and its schedule is read', () => {
  const jobTemplate = { spec: { template: { spec: { ...podSpec, restartPolicy: 'OnFailure' } } } };
  const { object, faults } = create('batch', 'CronJob', {
    spec: { schedule: '*/5 9-17 * jan-mar MON-FRI', jobTemplate },
  });
  assert.deepEqual(faults, []);
  assert.deepEqual(
    [object.spec.concurrencyPolicy, object.spec.successfulJobsHistoryLimit, object.spec.failedJobsHistoryLimit],
    ['Allow', 3, 1],
  );
  assert.deepEqual(create('batch', 'CronJob', { spec: { schedule: '* * * *', jobTemplate } }).faults, [
    'spec.schedule: Invalid value: "* * * *": expected exactly 5 fields, found 4: [* * * *]',
  ]);
  assert.match(
    create('batch', 'CronJob', { spec: { schedule: '61 * * * *', jobTemplate } }).faults[0] ?? '',
    /end of range \(61\) above maximum \(59\): 61$/,
  );
  assert.match(
    create('batch', 'CronJob', { spec: { schedule: '@daily', timeZone: 'Mars/Olympus', jobTemplate } }).faults[0] ?? '',
    /unknown time zone/,
  );
});

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
