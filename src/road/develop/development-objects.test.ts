import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, DeploymentSpec } from '../../engine/kinds/index.ts';
import type { DevelopmentWay } from './contract.ts';
import { developmentObjects } from './development-objects.ts';

const way = (build?: string): DevelopmentWay & { is: 'sync' } => ({
  is: 'sync',
  folders: [{ from: '', to: '/app' }],
  root: '/app',
  restart: true,
  build,
  rebuild: [],
});
const probe = { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 10 };
const app: Container = {
  name: 'app',
  image: 'shop:1',
  args: ['ignored'],
  env: [{ name: 'A', value: '1' }],
  livenessProbe: probe,
  startupProbe: probe,
  readinessProbe: probe,
  lifecycle: { preStop: { sleep: { seconds: 5 } } },
  securityContext: { readOnlyRootFilesystem: true },
  resources: { requests: { memory: '96Mi' }, limits: { memory: '512Mi' } },
  volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
};
const deployment = (name: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas: 3,
    selector: { matchLabels: { a: name } },
    template: { metadata: { labels: { a: name } }, spec: { containers: [app, { name: 'sidecar', image: 'x' }] } },
  },
});
const part = {
  deployment: 'shop',
  labelSelector: 'a=shop',
  container: 'app',
  command: ['node', 'server.js'],
  workingDirectory: '/app',
  port: 8080,
};

test('only what is developed is changed, and budgets are left out', () => {
  const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'shop' } };
  const other = deployment('other');
  const objects = developmentObjects([deployment('shop'), budget, other], [part], way());
  assert.equal(objects.length, 2);
  assert.equal(objects[1], other);
});

test('one pod, the supervisor before the app, sources where its user may write, no probe that ends it', () => {
  const [made] = developmentObjects([deployment('shop')], [part], way());
  const spec = made?.spec as unknown as DeploymentSpec;
  assert.equal(spec.replicas, 1);
  const [container, sidecar] = spec.template.spec?.containers ?? [];
  assert.deepEqual(container?.command?.slice(-3), ['wherry-dev', 'node', 'server.js']);
  assert.equal(container?.args, undefined);
  assert.equal(container?.workingDir, '/app');
  assert.deepEqual(
    [container?.livenessProbe, container?.startupProbe, container?.lifecycle],
    [undefined, undefined, undefined],
  );
  assert.equal(container?.readinessProbe?.httpGet?.path, '/ready');
  assert.deepEqual(
    container?.volumeMounts?.map(({ mountPath }) => mountPath),
    ['/app', '/wherry-dev', '/tmp'],
  );
  assert.deepEqual(container?.resources, app.resources);
  assert.deepEqual(sidecar, { name: 'sidecar', image: 'x' });
  const [seed] = spec.template.spec?.initContainers ?? [];
  assert.equal(seed?.image, 'shop:1');
  assert.equal(seed?.command?.[4], '/app');
  assert.deepEqual(seed?.securityContext, app.securityContext);
});

test('a build in the container is told by its environment and has memory for a compiler', () => {
  const [made] = developmentObjects([deployment('shop')], [part], way('npm run build'));
  const spec = made?.spec as unknown as DeploymentSpec;
  const [container] = spec.template.spec?.containers ?? [];
  assert.deepEqual(container?.env?.at(-1), { name: 'WHERRY_BUILD', value: 'npm run build' });
  assert.deepEqual(container?.resources, { requests: { memory: '96Mi' } });
});
