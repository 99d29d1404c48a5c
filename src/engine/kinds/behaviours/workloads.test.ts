import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, podSpec, selector, template, the, update } from './harness.test.ts';

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

test('what is allowed but surely not meant is warned of', () => {
  const info = the('apps', 'v1', 'Deployment');
  const { object, faults } = create('apps', 'Deployment', {
    spec: {
      selector,
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          nodeSelector: { 'beta.kubernetes.io/os': 'linux' },
          containers: [
            {
              name: 'a',
              image: 'x',
              env: [
                { name: 'A', value: '1' },
                { name: 'A', value: '2' },
              ],
            },
          ],
        },
      },
    },
  });
  assert.deepEqual(faults, []);
  assert.deepEqual(info.behaviour.warnings?.(object), [
    'spec.template.spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
    'spec.template.spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
  ]);
});
