import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject, ResourceInfo, Schema } from './index.ts';
import {
  addQuantity,
  applyDefaults,
  canonicalQuantity,
  compareQuantity,
  conflict,
  conform,
  convert,
  createCatalogue,
  formatAge,
  formatLabelSelector,
  invalid,
  matchesSelector,
  notFound,
  parseFieldSelector,
  parseJson,
  parseLabelSelector,
  parseYaml,
  quantityMilli,
  StatusError,
  validateObjectMeta,
} from './index.ts';

const catalogue = createCatalogue();
function the(group: string, version: string, resource: string): ResourceInfo {
  const info = catalogue.find(group, version, resource);
  assert.ok(info, `${group}/${version}/${resource}`);
  return info;
}
const deployments = the('apps', 'v1', 'deployments');

test('the catalogue serves the stable versions, core first, in discovery order', () => {
  const all = catalogue.all();
  assert.equal(all[0]?.group, '');
  const groups = [...new Set(all.map((info) => info.group))];
  assert.deepEqual(groups.slice(0, 4), ['', 'apiregistration.k8s.io', 'apps', 'events.k8s.io']);
  assert.ok(all.every((info) => /^v\d+$/.test(info.version)));
  for (const info of all) assert.ok(Object.keys(info.schema.fields ?? {}).length > 0, info.resource);
});

test('a runtime config turns versions on and off', () => {
  const withBeta = createCatalogue({ runtimeConfig: { 'api/beta': true, 'autoscaling/v1': false } });
  assert.ok(withBeta.find('resource.k8s.io', 'v1beta1', 'deviceclasses'));
  assert.equal(withBeta.find('resource.k8s.io', 'v1alpha3', 'devicetaintrules'), undefined);
  assert.equal(withBeta.find('autoscaling', 'v1', 'horizontalpodautoscalers'), undefined);
  assert.equal(createCatalogue({ runtimeConfig: { 'api/all': true } }).all().length, 95);
});

test('custom resources come and go', () => {
  const own = createCatalogue();
  const before = own.generation;
  own.add({
    ...deployments,
    schema: deployments.schema,
    group: 'example.com',
    resource: 'widgets',
    kind: 'Widget',
    custom: true,
  });
  assert.ok(own.findKind('example.com', 'v1', 'Widget'));
  assert.equal(own.all().at(-1)?.resource, 'widgets');
  own.remove('example.com', 'v1', 'widgets');
  assert.equal(own.find('example.com', 'v1', 'widgets'), undefined);
  assert.ok(own.generation > before);
});

test('subresources name their kinds', () => {
  const pods = the('', 'v1', 'pods');
  assert.equal(pods.subresources.get('eviction')?.group, 'policy');
  assert.equal(pods.subresources.get('status')?.version, 'v1');
  assert.equal(deployments.subresources.get('scale')?.kind, 'Scale');
});

test('errors carry reason, code, message and details as upstream has them', () => {
  const error = notFound(deployments, 'web');
  assert.equal(error.message, 'deployments.apps "web" not found');
  assert.deepEqual(error.status.details, { name: 'web', group: 'apps', kind: 'deployments' });
  assert.equal(conflict(the('', 'v1', 'pods'), 'a').code, 409);
  const faulty = invalid(deployments, 'web', [
    { path: 'spec.replicas', type: 'Invalid', value: -1, detail: 'must be greater than or equal to 0' },
    { path: 'spec.selector', type: 'Required', detail: '' },
  ]);
  assert.equal(
    faulty.message,
    'Deployment.apps "web" is invalid: [spec.replicas: Invalid value: -1: must be greater than or equal to 0, spec.selector: Required value]',
  );
  assert.equal(faulty.status.details?.causes?.[0]?.reason, 'FieldValueInvalid');
});

test('duplicate keys are found with their path', () => {
  const { value, duplicates } = parseJson(
    Buffer.from('{"kind":"Pod","spec":{"a":[{"x":1,"x":2}],"b":"}\\"","b":{}},"kind":"Pod"}'),
  );
  assert.deepEqual(duplicates, ['duplicate field "spec.a[0].x"', 'duplicate field "spec.b"', 'duplicate field "kind"']);
  assert.deepEqual((value as { spec: { a: unknown } }).spec.a, [{ x: 2 }]);
  assert.throws(
    () => parseJson('{"a":'),
    (error) => error instanceof StatusError && error.code === 400,
  );
});

test('YAML is read as kubectl reads it', async () => {
  const { value, duplicates } = await parseYaml(
    'mode: 0644\nother: 0o644\non: on\nwhen: 2024-01-02\ntime: 12:30\nbig: 1e3\na: 1\na: 2\nlist: [{x: ~}]\nport: 8080\n',
  );
  assert.deepEqual(value, {
    mode: 420,
    other: 420,
    true: true,
    when: '2024-01-02',
    time: '12:30',
    big: 1000,
    a: 2,
    list: [{ x: null }],
    port: 8080,
  });
  assert.deepEqual(duplicates, ['duplicate field "a"']);
});

test('conform prunes unknown fields and words type faults like Go', () => {
  const body = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', creationTimestamp: null, labels: { a: 'b' } },
    spec: {
      replicas: '3',
      foo: 1,
      paused: false,
      template: {
        metadata: { creationTimestamp: '2024-05-06T07:08:09.123+02:00' },
        spec: {
          containers: [
            {
              name: 'a',
              image: 1,
              args: [],
              resources: { limits: { cpu: '1000m', memory: 1024 } },
              env: [{ nme: 'x' }],
            },
          ],
          securityContext: {},
        },
      },
    },
  };
  const text = JSON.stringify(body);
  const { object, unknownFields, typeFaults } = conform(body, deployments.schema);
  assert.equal(JSON.stringify(body), text, 'the input is not written to');
  assert.deepEqual(unknownFields, [
    'unknown field "spec.foo"',
    'unknown field "spec.template.spec.containers[0].env[0].nme"',
  ]);
  assert.deepEqual(typeFaults, [
    'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    'json: cannot unmarshal number into Go struct field Container.spec.template.spec.containers.image of type string',
  ]);
  const spec = (
    object as { spec: { template: { metadata: object; spec: { containers: unknown[]; securityContext: unknown } } } }
  ).spec;
  assert.deepEqual(spec.template.metadata, { creationTimestamp: '2024-05-06T05:08:09Z' });
  assert.deepEqual(spec.template.spec.containers[0], {
    name: 'a',
    resources: { limits: { cpu: '1', memory: '1024' } },
    env: [{}],
  });
  assert.deepEqual(spec.template.spec.securityContext, {});
  assert.ok(!('paused' in spec));
  const again = conform(object, deployments.schema, { keepZero: true });
  assert.equal(again.object, object, 'what conforms is shared');
});

test('conform leaves what a schema preserves', () => {
  const schema: Schema = {
    type: 'object',
    preserveUnknownFields: true,
    fields: { a: { schema: { type: 'integer' } } },
  };
  const value = { a: 1, b: { c: null } };
  assert.equal(conform(value, schema).object, value);
});

test('defaults write what Go always writes', () => {
  const object = applyDefaults(
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'a' },
      spec: { template: { spec: { containers: [{ name: 'a', ports: [{ containerPort: 1 }] }] } } },
    } as unknown as KubeObject,
    { schema: deployments.schema, behaviour: {} },
  );
  assert.deepEqual(object, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'a' },
    spec: {
      strategy: {},
      template: {
        metadata: {},
        spec: { containers: [{ name: 'a', ports: [{ containerPort: 1, protocol: 'TCP' }], resources: {} }] },
      },
    },
    status: {},
  });
});

test('label selectors hold by every operator', () => {
  const labels = { app: 'web', tier: 'front', n: '7' };
  const holds = (text: string) => parseLabelSelector(text)(labels);
  assert.ok(holds(''));
  assert.ok(holds('app=web,tier in (front, back),!gone,n>6,n<8'));
  assert.ok(holds('app==web,tier notin (back),x!=y,app'));
  assert.ok(!holds('app in (a,b)'));
  assert.ok(holds('in notin (in)'));
  assert.ok(!holds('n>7'));
  const message = (text: string) => {
    try {
      parseLabelSelector(text);
    } catch (error) {
      return (error as StatusError).message;
    }
    return '';
  };
  assert.equal(message('a b'), "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt");
  assert.equal(message('a,,b'), "found ',', expected: identifier after ','");
  assert.match(message('a=b=c'), /^found '=', expected: ',' or 'end of string'$/);
  assert.match(message('a=-b-'), /^unable to parse requirement: values\[0\]\[a\]: Invalid value: "-b-": a valid label/);
});

test('selector objects match and are written', () => {
  const selector = { matchLabels: { b: '1' }, matchExpressions: [{ key: 'a', operator: 'In', values: ['y', 'x'] }] };
  assert.equal(formatLabelSelector(selector), 'a in (x,y),b=1');
  assert.ok(matchesSelector(selector, { a: 'x', b: '1' }));
  assert.ok(matchesSelector({}, {}));
  assert.ok(!matchesSelector(undefined, {}));
});

test('field selectors are read with escapes', () => {
  assert.deepEqual(parseFieldSelector('a!=x\\,y,b==c'), [
    { field: 'a', operator: '!=', value: 'x,y' },
    { field: 'b', operator: '=', value: 'c' },
  ]);
  assert.throws(() => parseFieldSelector('abc'), /can't understand 'abc'/);
});

test('quantities become canonical and keep their exact value', () => {
  const pairs: [string | number, string][] = [
    ['1000m', '1'],
    ['0.5', '500m'],
    ['1.5Gi', '1536Mi'],
    ['1024Mi', '1Gi'],
    ['100000', '100k'],
    ['12345', '12345'],
    ['1e3', '1e3'],
    ['1500m', '1500m'],
    ['0', '0'],
    ['0.1Ki', '102400m'],
    ['1Ki', '1Ki'],
    ['1000Ki', '1000Ki'],
    ['-5', '-5'],
    ['.5', '500m'],
    [2, '2'],
    ['1E6', '1e6'],
    ['64Mi', '64Mi'],
    ['0.0000000001', '1n'],
  ];
  for (const [from, to] of pairs) assert.equal(canonicalQuantity(from), to, String(from));
  assert.equal(compareQuantity('1Gi', '1G'), 1);
  assert.equal(addQuantity('500m', '1'), '1500m');
  assert.equal(addQuantity('1Gi', '512Mi'), '1536Mi');
  assert.equal(quantityMilli('0.0005'), 1);
  assert.throws(() => canonicalQuantity('abc'), /quantities must match/);
});

test('ages are told as upstream tells them', () => {
  const seconds: [number, string][] = [
    [-3, '<invalid>'],
    [-1, '0s'],
    [119, '119s'],
    [125, '2m5s'],
    [600, '10m'],
    [3 * 3600, '3h'],
    [3 * 3600 + 60, '3h1m'],
    [50 * 3600, '2d2h'],
    [9 * 86400, '9d'],
    [800 * 86400, '2y70d'],
  ];
  for (const [age, text] of seconds) assert.equal(formatAge(age * 1000), text);
});

test('metadata faults are worded as upstream words them', () => {
  const faults = validateObjectMeta({ name: 'Web', namespace: 'a', labels: { 'a b': 'c' } } as never, deployments);
  assert.deepEqual(
    faults.map((fault) => fault.path),
    ['metadata.name', 'metadata.labels'],
  );
  assert.match(faults[0]?.detail ?? '', /^a lowercase RFC 1123 subdomain must consist/);
});

test('conversions go there and back', () => {
  const hpa = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'a' },
    spec: {
      scaleTargetRef: { kind: 'Deployment', name: 'a' },
      maxReplicas: 3,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
        { type: 'Resource', resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 70 } } },
      ],
    },
    status: { currentReplicas: 1, desiredReplicas: 1 },
  } as unknown as KubeObject;
  const info = the('autoscaling', 'v2', 'horizontalpodautoscalers');
  const v1 = convert(hpa, info, 'v1');
  assert.equal((v1 as unknown as { spec: Record<string, unknown> }).spec.targetCPUUtilizationPercentage, 80);
  assert.deepEqual(convert(v1, the('autoscaling', 'v1', 'horizontalpodautoscalers'), 'v2'), hpa);
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'e', namespace: 'a' },
    involvedObject: { kind: 'Pod', name: 'p' },
    message: 'hello',
    source: { component: 'kubelet' },
    count: 2,
    reportingComponent: 'kubelet',
    reportingInstance: '',
  } as unknown as KubeObject;
  const converted = convert(event, the('', 'v1', 'events'), 'v1', 'events.k8s.io');
  assert.equal((converted as unknown as { note: string }).note, 'hello');
  assert.deepEqual(convert(converted, the('events.k8s.io', 'v1', 'events'), 'v1', ''), event);
});
