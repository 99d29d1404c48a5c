import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  columnsOf,
  createCatalogue,
  fillDefaults,
  jsonPath,
  type KubeObject,
  type ResourceInfo,
  tableFor,
} from './index.ts';

const catalogue = createCatalogue({ runtimeConfig: { 'api/all': true } });
const now = Date.parse('2024-05-06T12:00:00Z');
const created = '2024-05-06T11:55:00Z';

function the(group: string, resource: string, version = 'v1'): ResourceInfo {
  const info = catalogue.find(group, version, resource);
  assert.ok(info, resource);
  return info;
}

/** A row as `kubectl get` shows it, by column; `wide` as with `-o wide`. */
function row(info: ResourceInfo, body: object, wide = false): string {
  const object = {
    metadata: { name: 'web', namespace: 'shop', creationTimestamp: created },
    ...body,
  } as unknown as KubeObject;
  if (!info.custom) fillDefaults(object, info.schema);
  const { columnDefinitions, rows } = tableFor(info, [object], { now });
  const cells = rows[0]?.cells ?? [];
  assert.equal(cells.length, columnDefinitions.length, `${info.resource}: ${columnDefinitions.map((one) => one.name)}`);
  return cells.filter((_, index) => wide || columnDefinitions[index]?.priority === 0).join(' | ');
}

const pods = the('', 'pods');
const running = { state: { running: {} }, ready: true, restartCount: 0, name: 'a', started: true };
const containers = [{ name: 'a', image: 'x' }];

test('a pod is told by one word', () => {
  assert.equal(
    row(
      pods,
      {
        spec: { containers, nodeName: 'n1' },
        status: { phase: 'Running', podIP: '10.1.0.2', containerStatuses: [running] },
      },
      true,
    ),
    'web | 1/1 | Running | 0 | 5m | 10.1.0.2 | n1 | <none> | <none>',
  );
  const crash = {
    name: 'a',
    ready: false,
    restartCount: 3,
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: { exitCode: 1, finishedAt: '2024-05-06T11:59:00Z' } },
  };
  assert.equal(
    row(pods, { spec: { containers }, status: { phase: 'Running', containerStatuses: [crash] } }),
    'web | 0/1 | CrashLoopBackOff | 3 (60s ago) | 5m',
  );
  const init = { containers, initContainers: [{ name: 'i' }, { name: 'j' }] };
  const done = { name: 'i', restartCount: 0, state: { terminated: { exitCode: 0 } } };
  assert.equal(
    row(pods, {
      spec: init,
      status: {
        phase: 'Pending',
        initContainerStatuses: [done, { name: 'j', restartCount: 0, state: { running: {} } }],
      },
    }),
    'web | 0/1 | Init:1/2 | 0 | 5m',
  );
  assert.equal(
    row(pods, {
      spec: init,
      status: {
        phase: 'Pending',
        initContainerStatuses: [
          { name: 'i', restartCount: 0, state: { terminated: { exitCode: 2, reason: 'Error' } } },
        ],
      },
    }),
    'web | 0/1 | Init:Error | 0 | 5m',
  );
  const sidecar = { containers, initContainers: [{ name: 's', restartPolicy: 'Always' }] };
  assert.equal(
    row(pods, {
      spec: sidecar,
      status: {
        phase: 'Running',
        conditions: [{ type: 'Initialized', status: 'True' }],
        initContainerStatuses: [{ ...running, name: 's' }],
        containerStatuses: [running],
      },
    }),
    'web | 2/2 | Running | 0 | 5m',
  );
  assert.equal(
    row(pods, {
      metadata: { name: 'web', creationTimestamp: created, deletionTimestamp: created },
      spec: { containers },
      status: { phase: 'Running', containerStatuses: [running] },
    }),
    'web | 1/1 | Terminating | 0 | 5m',
  );
  assert.equal(
    row(pods, {
      spec: { containers },
      status: {
        phase: 'Succeeded',
        containerStatuses: [
          { name: 'a', ready: false, restartCount: 0, state: { terminated: { exitCode: 0, reason: 'Completed' } } },
        ],
      },
    }),
    'web | 0/1 | Completed | 0 | 5m',
  );
});

const template = {
  metadata: { labels: { app: 'web' } },
  spec: {
    containers: [
      { name: 'a', image: 'x:1' },
      { name: 'b', image: 'y:2' },
    ],
  },
};
const selector = { matchLabels: { app: 'web' } };

test('workloads', () => {
  assert.equal(
    row(
      the('apps', 'deployments'),
      {
        spec: { replicas: 3, selector, template },
        status: { replicas: 3, readyReplicas: 2, updatedReplicas: 3, availableReplicas: 1 },
      },
      true,
    ),
    'web | 2/3 | 3 | 1 | 5m | a,b | x:1,y:2 | app=web',
  );
  assert.equal(
    row(the('apps', 'replicasets'), { spec: { replicas: 3, selector, template }, status: { replicas: 2 } }),
    'web | 3 | 2 | 0 | 5m',
  );
  assert.equal(
    row(the('apps', 'statefulsets'), { spec: { replicas: 1, selector, template } }, true),
    'web | 0/1 | 5m | a,b | x:1,y:2',
  );
  assert.equal(
    row(the('apps', 'daemonsets'), { spec: { selector, template } }),
    'web | 0 | 0 | 0 | 0 | 0 | <none> | 5m',
  );
  assert.equal(
    row(the('batch', 'jobs'), {
      spec: { completions: 1, parallelism: 1, selector, template },
      status: {
        succeeded: 1,
        startTime: '2024-05-06T11:55:00Z',
        completionTime: '2024-05-06T11:55:07Z',
        conditions: [{ type: 'Complete', status: 'True' }],
      },
    }),
    'web | Complete | 1/1 | 7s | 5m',
  );
  assert.equal(
    row(the('batch', 'cronjobs'), {
      spec: { schedule: '* * * * *', suspend: false, jobTemplate: { spec: { template } } },
      status: {},
    }),
    'web | * * * * * | <none> | False | 0 | <none> | 5m',
  );
});

test('services and what stands behind and before them', () => {
  const services = the('', 'services');
  assert.equal(
    row(
      services,
      {
        spec: {
          type: 'NodePort',
          clusterIP: '10.96.0.1',
          selector: { a: 'b' },
          ports: [{ port: 80, nodePort: 30080, protocol: 'TCP' }],
        },
      },
      true,
    ),
    'web | NodePort | 10.96.0.1 | <none> | 80:30080/TCP | 5m | a=b',
  );
  assert.equal(
    row(services, { spec: { type: 'LoadBalancer', clusterIP: '10.96.0.1', ports: [{ port: 80, protocol: 'TCP' }] } }),
    'web | LoadBalancer | 10.96.0.1 | <pending> | 80/TCP | 5m',
  );
  assert.equal(
    row(services, { spec: { type: 'ExternalName', externalName: 'a.example' } }),
    'web | ExternalName | <none> | a.example | <none> | 5m',
  );
  const addresses = ['1', '2', '3', '4'].map((last) => ({ ip: `10.0.0.${last}` }));
  assert.equal(
    row(the('', 'endpoints'), { subsets: [{ addresses, ports: [{ port: 80 }] }] }),
    'web | 10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 1 more... | 5m',
  );
  assert.equal(
    row(the('discovery.k8s.io', 'endpointslices'), {
      addressType: 'IPv4',
      ports: [{ port: 80 }],
      endpoints: [{ addresses: ['10.0.0.1'] }],
    }),
    'web | IPv4 | 80 | 10.0.0.1 | 5m',
  );
  assert.equal(
    row(the('networking.k8s.io', 'ingresses'), {
      spec: { ingressClassName: 'w', rules: [{ host: 'a.b' }], tls: [{}] },
      status: { loadBalancer: { ingress: [{ ip: '127.0.0.1' }] } },
    }),
    'web | w | a.b | 127.0.0.1 | 80, 443 | 5m',
  );
});

test('nodes, volumes, claims, events and the like', () => {
  assert.equal(
    row(the('', 'nodes'), {
      metadata: { name: 'n', creationTimestamp: created, labels: { 'node-role.kubernetes.io/control-plane': '' } },
      spec: { unschedulable: true },
      status: { conditions: [{ type: 'Ready', status: 'True' }], nodeInfo: { kubeletVersion: 'v1.36.0' } },
    }),
    'n | Ready,SchedulingDisabled | control-plane | 5m | v1.36.0',
  );
  assert.equal(
    row(the('', 'persistentvolumes'), {
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Delete',
        claimRef: { namespace: 'shop', name: 'd' },
        storageClassName: 's',
      },
      status: { phase: 'Bound' },
    }),
    'web | 1Gi | RWO | Delete | Bound | shop/d | s | <unset> |  | 5m',
  );
  assert.equal(
    row(the('', 'persistentvolumeclaims'), { spec: { storageClassName: 's' }, status: { phase: 'Pending' } }),
    'web | Pending |  |  |  | s | <unset> | 5m',
  );
  assert.equal(
    row(the('', 'events'), {
      involvedObject: { kind: 'Pod', name: 'p' },
      type: 'Normal',
      reason: 'Started',
      message: 'Started container\n',
      lastTimestamp: '2024-05-06T11:59:50Z',
    }),
    '10s | Normal | Started | pod/p | Started container',
  );
  assert.equal(row(the('', 'namespaces'), { status: { phase: 'Active' } }), 'web | Active | 5m');
  assert.equal(row(the('', 'secrets'), { type: 'Opaque', data: { a: '', b: '' } }), 'web | Opaque | 2 | 5m');
  assert.equal(row(the('rbac.authorization.k8s.io', 'roles'), {}), `web | ${created}`);
  assert.equal(
    row(
      the('rbac.authorization.k8s.io', 'rolebindings'),
      { roleRef: { kind: 'Role', name: 'r' }, subjects: [{ kind: 'ServiceAccount', namespace: 'n', name: 's' }] },
      true,
    ),
    'web | Role/r | 5m |  |  | n/s',
  );
  assert.equal(
    row(the('autoscaling', 'horizontalpodautoscalers', 'v2'), {
      spec: {
        scaleTargetRef: { kind: 'Deployment', name: 'd' },
        minReplicas: 1,
        maxReplicas: 3,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
        ],
      },
    }),
    'web | Deployment/d | cpu: <unknown>/80% | 1 | 3 | 0 | 5m',
  );
});

test('every kind has as many cells as columns', () => {
  for (const info of catalogue.all()) {
    if (!info.verbs.includes('list')) continue;
    const object = { metadata: { name: 'a', creationTimestamp: created } } as unknown as KubeObject;
    fillDefaults(object, info.schema);
    const { columnDefinitions, rows } = tableFor(info, [object], { now, includeObject: 'None' });
    assert.equal(rows[0]?.cells.length, columnDefinitions.length, info.resource);
    assert.ok(
      rows[0]?.cells.every((cell) => cell !== undefined),
      info.resource,
    );
  }
});

test('custom resources show the columns of their definition', () => {
  const base = the('apps', 'deployments');
  const info: ResourceInfo = {
    ...base,
    schema: base.schema,
    custom: true,
    behaviour: {},
    printerColumns: [
      { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
      { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
      { name: 'Since', type: 'date', jsonPath: '.status.since' },
      { name: 'None', type: 'string', jsonPath: '.spec.gone', priority: 1 },
    ],
  };
  const body = {
    spec: { size: 3 },
    status: {
      since: '2024-05-06T11:59:00Z',
      conditions: [
        { type: 'A', status: 'x' },
        { type: 'Ready', status: 'True' },
      ],
    },
  };
  assert.equal(row(info, body, true), 'web | 3 | True | 60s | ');
  assert.equal(row({ ...info, printerColumns: [] }, body), 'web | 5m');
  assert.equal(columnsOf(info).at(-1)?.priority, 1);
});

test('a path finds what it names and nothing else', () => {
  const object = { a: { 'b.c': [1, 2, 3], list: [{ n: 1 }, { n: 2 }] }, n: 0 };
  assert.deepEqual(jsonPath(".a['b.c'][-1]", object), [3]);
  assert.deepEqual(jsonPath('.a.b\\.c[0:2]', object), [1, 2]);
  assert.deepEqual(jsonPath('{.a.list[*].n}', object), [1, 2]);
  assert.deepEqual(jsonPath('$.a.list[?(@.n>1)].n', object), [2]);
  assert.deepEqual(jsonPath('..n', object), [1, 2, 0]);
  assert.deepEqual(jsonPath('.a.gone.further', object), []);
  assert.deepEqual(jsonPath('.a[', object), []);
});
