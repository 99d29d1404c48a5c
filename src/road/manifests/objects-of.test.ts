import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, PodSpec } from '../../engine/kinds/index.ts';
import type { Application, Part } from '../model/index.ts';
import type { Manifest, ObjectsOptions } from './contract.ts';
import { objectsOf } from './objects-of.ts';

const part = (name: string, more: Partial<Part> = {}): Part => ({
  name,
  kind: 'deployment',
  role: 'part',
  image: { reference: `${name}:1` },
  environment: [],
  ports: [],
  mounts: [],
  needs: [],
  source: `compose.yaml#${name}`,
  ...more,
});
const http = { name: 'http', target: 8080, port: 80, protocol: 'TCP' as const };
const web = (more: Partial<Part> = {}): Part => part('web', { role: 'web', ports: [http], ...more });
const application = (parts: readonly Part[], more: Partial<Application> = {}): Application => ({
  name: 'shop',
  version: '1.2.0',
  parts,
  builds: [],
  settings: [],
  secrets: [],
  volumes: [],
  externals: [],
  front: 'web',
  release: { smokePaths: ['/'] },
  notes: [],
  ...more,
});
const options: ObjectsOptions = {
  namespace: 'shops',
  imageOf: (build) => `localhost/${build}:1`,
  ordering: 'runner',
};
interface Found extends Manifest {
  readonly data?: Record<string, string>;
  readonly spec: {
    readonly template: { readonly metadata: Manifest['metadata']; readonly spec: PodSpec };
    readonly selector: { readonly matchLabels: Record<string, string> } & Record<string, unknown>;
    readonly [field: string]: unknown;
  };
}
const find = (objects: readonly Manifest[], kind: string, name: string | RegExp): Found => {
  const found = objects.find(
    (object) =>
      object.kind === kind &&
      (typeof name === 'string' ? object.metadata.name === name : name.test(object.metadata.name)),
  );
  assert.ok(found, `${kind} ${name} among ${objects.map((each) => `${each.kind}/${each.metadata.name}`).join(', ')}`);
  return found as Found;
};
const only = (workload: Found): Container => {
  const [container] = workload.spec.template.spec.containers;
  assert.ok(container);
  return container;
};
const names = (objects: readonly Manifest[]): string[] =>
  objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);

test('the front part’s pods, selector and Service name the stable track; its budget covers both', () => {
  const { objects } = objectsOf(application([web({ replicas: 3 }), part('other', { ports: [http] })]), options);
  const deployment = find(objects, 'Deployment', 'web');
  assert.equal(deployment.spec.selector.matchLabels['wherry/track'], 'stable');
  assert.equal(deployment.spec.template.metadata.labels?.['wherry/track'], 'stable');
  assert.equal((find(objects, 'Service', 'web').spec.selector as Record<string, unknown>)['wherry/track'], 'stable');
  assert.equal(find(objects, 'PodDisruptionBudget', 'web').spec.selector.matchLabels['wherry/track'], undefined);
  assert.equal(find(objects, 'Deployment', 'other').spec.selector.matchLabels['wherry/track'], undefined);
});

test('two parts never select each other’s pods', () => {
  const roles = { role: 'worker' as const };
  const { objects } = objectsOf(application([web(), part('a', roles), part('b', roles)]), options);
  const selectors = ['web', 'a', 'b'].map((name) => find(objects, 'Deployment', name).spec.selector.matchLabels);
  for (const [index, selector] of selectors.entries()) {
    for (const [at, name] of ['web', 'a', 'b'].entries()) {
      const labels = find(objects, 'Deployment', name).spec.template.metadata.labels ?? {};
      const selects = Object.entries(selector).every(([key, value]) => labels[key] === value);
      assert.equal(selects, index === at, `${JSON.stringify(selector)} and ${name}`);
    }
  }
});

test('a ConfigMap is named by its content; parts with the same plain values share one', () => {
  const env = (text: string) => [{ name: 'MODE', value: { is: 'plain' as const, text }, source: 'x:1' }];
  const nameWith = (text: string): string => {
    const parts = [web({ environment: env(text) }), part('worker', { environment: env(text) })];
    const { objects } = objectsOf(application(parts), options);
    const maps = objects.filter(({ kind }) => kind === 'ConfigMap');
    assert.equal(maps.length, 1);
    const name = maps[0]?.metadata.name ?? '';
    for (const each of ['web', 'worker']) {
      assert.deepEqual(only(find(objects, 'Deployment', each)).envFrom, [{ configMapRef: { name } }]);
    }
    return name;
  };
  assert.match(nameWith('quick'), /^web-[0-9a-f]{8}$/);
  assert.equal(nameWith('quick'), nameWith('quick'));
  assert.notEqual(nameWith('quick'), nameWith('slow'));
});

test('files of a set are mounted whole or one by one, with their mode; bytes stay bytes', () => {
  const bytes = Uint8Array.of(0, 255, 128);
  const { objects } = objectsOf(
    application(
      [
        web({
          mounts: [
            { path: '/etc/app', readOnly: true, from: { is: 'settings', set: 'conf' } },
            { path: '/run/start.sh', from: { is: 'settings', set: 'conf', key: 'start.sh', mode: 0o755 } },
            { path: '/run/secrets/key', from: { is: 'secrets', set: 'keys', key: 'key', mode: 0o400 } },
          ],
        }),
      ],
      {
        settings: [
          { name: 'conf', role: 'web', values: { 'a.conf': 'x', 'start.sh': '#!', icon: bytes }, source: 'c' },
        ],
        secrets: [{ name: 'keys', role: 'web', values: { key: { is: 'text', text: bytes } }, source: 'c' }],
      },
    ),
    options,
  );
  const configMap = find(objects, 'ConfigMap', /^conf-/);
  assert.deepEqual(configMap.data, { 'a.conf': 'x', 'start.sh': '#!' });
  assert.deepEqual(configMap.binaryData, { icon: 'AP+A' });
  assert.equal(find(objects, 'Secret', 'keys').data?.key, 'AP+A');
  const { volumes } = find(objects, 'Deployment', 'web').spec.template.spec;
  assert.deepEqual(volumes, [
    { name: 'settings-conf', configMap: { name: configMap.metadata.name } },
    { name: 'settings-conf-755', configMap: { name: configMap.metadata.name, defaultMode: 0o755 } },
    { name: 'secrets-keys-400', secret: { secretName: 'keys', defaultMode: 0o400 } },
  ]);
  assert.deepEqual(only(find(objects, 'Deployment', 'web')).volumeMounts?.[1], {
    name: 'settings-conf-755',
    mountPath: '/run/start.sh',
    subPath: 'start.sh',
  });
});

test('a Secret’s random values stay, a changed text counts, a database’s text stays and is told', () => {
  const secrets: Application['secrets'] = [
    {
      name: 'shop',
      role: 'web',
      values: { KEY: { is: 'text', text: 'new key' }, MADE: { is: 'random' }, NONE: { is: 'text', text: '' } },
      source: '.env:1',
    },
    {
      name: 'db',
      role: 'database',
      values: {
        password: { is: 'text', text: 'new' },
        url: { is: 'joined', template: `pg://u:\${password}@db/x` },
      },
      source: 'compose.yaml:9',
    },
  ];
  const kept = new Map([
    ['shop', { KEY: 'old key', MADE: 'made before', BY_HAND: 'x' }],
    ['db', { password: 'o/d' }],
  ]);
  const { objects, notes } = objectsOf(application([web()], { secrets }), { ...options, secrets: kept });
  const decoded = (name: string) =>
    Object.fromEntries(
      Object.entries(find(objects, 'Secret', name).data ?? {}).map(([key, value]) => [
        key,
        Buffer.from(value, 'base64').toString(),
      ]),
    );
  assert.deepEqual(decoded('shop'), { KEY: 'new key', MADE: 'made before', BY_HAND: 'x' });
  assert.deepEqual(decoded('db'), { password: 'o/d', url: 'pg://u:o%2Fd@db/x' });
  assert.deepEqual(notes, ["compose.yaml:9: secret/db keeps its password, since the server's data was made with it"]);
});

test('what only the user has is asked for by the command that gives it, once it is lacking', () => {
  const environment = [
    {
      name: 'A_KEY',
      value: { is: 'secret' as const, set: 'shop', key: 'A_KEY', optional: true, asked: true },
      source: 'a.js:3',
    },
    { name: 'DB_USER', value: { is: 'secret' as const, set: 'db', key: 'username' }, source: 'a.js:4' },
    { name: 'DB_PASSWORD', value: { is: 'secret' as const, set: 'db', key: 'password' }, source: 'a.js:5' },
    { name: 'MAY', value: { is: 'secret' as const, set: 'shop', key: 'MAY', optional: true }, source: 'a.js:6' },
  ];
  const secrets: Application['secrets'] = [
    { name: 'shop', role: 'web', values: { MADE: { is: 'random' } }, source: 'x' },
    { name: 'db', role: 'database', values: {}, external: true, source: 'x' },
  ];
  const wanted = application([web({ environment })], { secrets });
  assert.deepEqual(objectsOf(wanted, options).notes, [
    `a.js:3: A_KEY is a secret only you have; give it: kubectl -n shops patch secret shop --type merge -p '{"stringData":{"A_KEY":"…"}}'`,
    'a.js:4: DB_USER, DB_PASSWORD are secrets only you have; give them: kubectl -n shops create secret generic db --from-literal=username=… --from-literal=password=…',
  ]);
  const given = new Map([
    ['shop', { MADE: 'x', A_KEY: 'y' }],
    ['db', { username: 'u', password: 'p' }],
  ]);
  const { objects, notes } = objectsOf(wanted, { ...options, secrets: given });
  assert.deepEqual(notes, []);
  assert.ok(!names(objects).includes('Secret/db'), 'made elsewhere, never written');
});

test('a password that changes rolls the pods that read it and no others', () => {
  const reads = (set: string) => [{ name: 'P', value: { is: 'secret' as const, set, key: 'p' }, source: 'x:1' }];
  const hashes = (text: string) => {
    const secrets: Application['secrets'] = [
      { name: 'one', role: 'web', values: { p: { is: 'text', text }, q: { is: 'random' } }, source: 'x' },
      { name: 'two', role: 'web', values: { p: { is: 'text', text: 'same' } }, source: 'x' },
    ];
    const parts = [web({ environment: reads('one') }), part('other', { environment: reads('two') })];
    const { objects } = objectsOf(application(parts, { secrets }), options);
    return ['web', 'other'].map(
      (name) => find(objects, 'Deployment', name).spec.template.metadata.annotations?.['wherry/configuration-hash'],
    );
  };
  const [before, after] = [hashes('a'), hashes('b')];
  assert.notEqual(before[0], after[0]);
  assert.equal(before[1], after[1]);
});

test('a job runs again when its pod changes; a seed only when its SQL does', () => {
  const jobName = (stage: NonNullable<Part['stage']>, more: Partial<Part>, text = 'SQL') => {
    const job = part('shop-job', {
      kind: 'job',
      role: 'hook',
      stage,
      mounts: [{ path: '/x', from: { is: 'settings', set: 's' } }],
      ...more,
    });
    const settings: Application['settings'] = [{ name: 's', role: 'seed', values: { 'x.sql': text }, source: 'x' }];
    return find(objectsOf(application([web(), job], { settings }), options).objects, 'Job', /^shop-job-[0-9a-f]{8}$/)
      .metadata.name;
  };
  const resources = { requests: { cpu: '1' } };
  assert.notEqual(jobName('migrate', {}), jobName('migrate', { resources }));
  assert.notEqual(jobName('migrate', {}), jobName('migrate', {}, 'other'));
  assert.equal(jobName('seed', {}), jobName('seed', { resources }));
  assert.notEqual(jobName('seed', {}), jobName('seed', {}, 'other'));
});

test('objects stand in the order in which they are needed', () => {
  const job = (name: string, stage: NonNullable<Part['stage']>) => part(name, { kind: 'job', role: 'hook', stage });
  const { objects } = objectsOf(
    application([
      job('tell', 'after'),
      job('warm', 'between'),
      web({ needs: [{ part: 'side', condition: 'ready' }] }),
      job('migrate', 'migrate'),
      job('check', 'before'),
      part('db', { kind: 'statefulset', role: 'database', ports: [{ ...http, name: 'db' }] }),
      part('side'),
    ]),
    { ...options, host: 'shop.localhost' },
  );
  assert.deepEqual(
    names(objects).map((name) => name.replace(/-[0-9a-f]{8}$/, '')),
    [
      'Namespace/shops',
      'Service/db-pods',
      'Service/db',
      'StatefulSet/db',
      'Job/check',
      'Job/migrate',
      'Deployment/side',
      'Service/web',
      'Deployment/web',
      'Job/warm',
      'PodDisruptionBudget/web',
      'Ingress/web',
      'Job/tell',
    ],
  );
});

test('with the objects’ own order pods wait for what they need; wherry’s runner needs no waiting pods', () => {
  const parts = [
    part('db', { kind: 'statefulset', role: 'database', ports: [{ ...http, name: 'db', port: 5432, target: 5432 }] }),
    part('migrate', { kind: 'job', role: 'migrate', stage: 'migrate', needs: [{ part: 'db', condition: 'ready' }] }),
    part('worker', { needs: [{ part: 'migrate', condition: 'completed' }] }),
    web({
      needs: [
        { part: 'migrate', condition: 'completed' },
        { part: 'worker', condition: 'ready' },
        { part: 'db', condition: 'started' },
      ],
    }),
  ];
  const { objects } = objectsOf(application(parts), { ...options, ordering: 'objects' });
  const front = find(objects, 'Deployment', 'web').spec.template.spec;
  assert.deepEqual(
    front.initContainers?.map(({ name }) => name),
    ['wait-migrate', 'wait-worker'],
  );
  const job = find(objects, 'Job', /^migrate-/);
  assert.match(
    front.initContainers?.[0]?.command?.[2] ?? '',
    new RegExp(`/namespaces/shops/jobs/${job.metadata.name}"`),
  );
  assert.match(job.spec.template.spec.initContainers?.[0]?.command?.[2] ?? '', /nc -z -w 2 db 5432/);
  assert.equal(front.serviceAccountName, 'shop-waits');
  assert.equal(front.automountServiceAccountToken, false);
  assert.ok(!front.containers[0]?.volumeMounts, 'the app itself gets no token');
  assert.deepEqual(find(objects, 'Role', 'shop-waits').rules, [
    { apiGroups: ['batch'], resources: ['jobs'], resourceNames: [job.metadata.name], verbs: ['get'] },
    { apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['worker'], verbs: ['get'] },
  ]);
  const runner = objectsOf(application(parts), options).objects;
  assert.ok(!runner.some(({ kind }) => kind === 'Role' || kind === 'ServiceAccount'));
  assert.ok(!JSON.stringify(runner).includes('initContainers'));
});

test('fields without a word of their own win, and take nothing else away', () => {
  const { objects } = objectsOf(
    application([
      web({
        user: { userId: 1000 },
        container: {
          securityContext: { capabilities: { add: ['NET_ADMIN'] } },
          env: [{ name: 'A', value: 'b' }],
          tty: true,
        },
        pod: { hostNetwork: true, containers: [part2()], securityContext: { fsGroup: 7 } },
      }),
    ]),
    options,
  );
  const pod = find(objects, 'Deployment', 'web').spec.template.spec;
  assert.deepEqual(pod.containers[0]?.securityContext, {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] },
  });
  assert.deepEqual([pod.hostNetwork, pod.containers[0]?.tty, pod.containers[1]?.name], [true, true, 'side']);
  assert.deepEqual(pod.securityContext, {
    runAsNonRoot: true,
    runAsUser: 1000,
    fsGroup: 7,
    seccompProfile: { type: 'RuntimeDefault' },
  });
});
const part2 = (): Container => ({ name: 'side', image: 'side:1' });

test('a volume that one node writes is rolled by recreating, and told; a shared one is not', () => {
  const mounts = [{ path: '/data', from: { is: 'volume' as const, volume: 'data' } }];
  const strategy = (shared: boolean) => {
    const volumes = [{ name: 'data', size: '2Gi', shared, source: 'x' }];
    const { objects, notes } = objectsOf(application([web({ mounts })], { volumes }), options);
    const claim = find(objects, 'PersistentVolumeClaim', 'shop-data').spec.accessModes;
    return [claim, (find(objects, 'Deployment', 'web').spec.strategy as { type: string }).type, notes.length];
  };
  assert.deepEqual(strategy(true), [['ReadWriteMany'], 'RollingUpdate', 0]);
  assert.deepEqual(strategy(false), [['ReadWriteOnce'], 'Recreate', 1]);
});

test('a server outside is a name inside: an alias of its DNS name, or a way to its address', () => {
  const { objects } = objectsOf(
    application([web()], {
      externals: [
        { name: 'db', kind: 'postgres', host: 'db.example.com', port: undefined, source: 'x' },
        { name: 'old', kind: undefined, host: '192.0.2.7', port: 9000, source: 'x' },
      ],
    }),
    options,
  );
  assert.deepEqual(find(objects, 'Service', 'db').spec, { type: 'ExternalName', externalName: 'db.example.com' });
  assert.deepEqual(find(objects, 'Service', 'old').spec.ports, [
    { name: 'tcp', port: 9000, targetPort: 9000, protocol: 'TCP' },
  ]);
  const slice = find(objects, 'EndpointSlice', 'old');
  assert.equal(slice.metadata.labels?.['kubernetes.io/service-name'], 'old');
  assert.deepEqual(slice.endpoints, [{ addresses: ['192.0.2.7'], conditions: { ready: true } }]);
});

test('parts with paths share the front’s hosts, another part gets a host of its own', () => {
  const { objects } = objectsOf(
    application([
      web({ way: { port: 'http', host: 'shop.example.com' } }),
      part('api', { ports: [http], way: { port: 'http', paths: ['/api'] } }),
      part('admin', { ports: [http], way: { port: 'http' } }),
    ]),
    { ...options, host: 'shop.localhost', defaultRoute: true },
  );
  const { rules } = find(objects, 'Ingress', 'web').spec as unknown as {
    rules: { host?: string; http: { paths: { path: string; backend: { service: { name: string } } }[] } }[];
  };
  assert.deepEqual(
    rules.map(({ host, http: { paths } }) => [
      host,
      ...paths.map(({ path, backend }) => `${path} ${backend.service.name}`),
    ]),
    [
      ['shop.localhost', '/api api', '/ web'],
      ['shop.example.com', '/api api', '/ web'],
      [undefined, '/api api', '/ web'],
      ['admin.shop.localhost', '/ admin'],
    ],
  );
});

test('a part is exposed to machines outside by address; one that is not there is refused', () => {
  const exposed = [{ part: 'db', type: 'NodePort' as const, nodePort: 30_306 }];
  const db = part('db', {
    kind: 'statefulset',
    role: 'database',
    ports: [{ ...http, name: 'mysql', port: 3306, target: 3306 }],
  });
  const { objects } = objectsOf(application([web(), db]), { ...options, exposed });
  const { type, ports } = find(objects, 'Service', 'db-outside').spec;
  assert.equal(type, 'NodePort');
  assert.deepEqual(ports, [{ name: 'mysql', port: 3306, targetPort: 'mysql', protocol: 'TCP', nodePort: 30_306 }]);
  assert.throws(
    () => objectsOf(application([web(), db]), { ...options, exposed: [{ part: 'cache', type: 'LoadBalancer' }] }),
    /cache: is no part of this application\nWith ports are: web \(http\), db \(mysql\)\./,
  );
});

test('a cron job never overlaps itself and a daemon runs once a node', () => {
  const { objects } = objectsOf(
    application([
      web(),
      part('nightly', { kind: 'cronjob', schedule: '0 3 * * *' }),
      part('agent', { kind: 'daemonset' }),
    ]),
    options,
  );
  const { schedule, concurrencyPolicy } = find(objects, 'CronJob', 'nightly').spec;
  assert.deepEqual([schedule, concurrencyPolicy], ['0 3 * * *', 'Forbid']);
  assert.equal(find(objects, 'DaemonSet', 'agent').spec.template.spec.containers[0]?.name, 'agent');
});
