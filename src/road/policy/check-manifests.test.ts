import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { UserError } from '../../base/index.ts';
import { manifestsFor } from '../manifests/index.ts';
import { readProject } from '../project/index.ts';
import { checkManifests, checkObjects } from './check-manifests.ts';
import type { PolicyFinding } from './contract.ts';
import { holdsManifests } from './read-manifests.ts';
import { POLICY_RULES } from './rules.ts';

const made: string[] = [];
after(() => {
  for (const folder of made) rmSync(folder, { recursive: true });
});

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'policy-'));
  made.push(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** `rule file:line` of every finding, notes left out. */
function told(findings: readonly PolicyFinding[], folder: string): string[] {
  return findings
    .filter(({ severity }) => severity !== 'note')
    .map(({ rule, file, line }) => `${rule} ${file.replace(`${folder}/`, '')}:${line}`);
}

const GOOD = `apiVersion: v1
kind: Service
metadata:
  name: shop
spec:
  selector: {app: shop}
  ports:
    - {name: http, port: 80, targetPort: http}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata:
      labels: {app: shop}
    spec:
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      automountServiceAccountToken: false
      topologySpreadConstraints:
        - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway}
      containers:
        - name: app
          image: shop:1.0
          ports: [{name: http, containerPort: 8080}]
          readinessProbe: {httpGet: {path: /ready, port: http}}
          livenessProbe: {httpGet: {path: /alive, port: http}}
          lifecycle: {preStop: {sleep: {seconds: 5}}}
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
          resources:
            requests: {cpu: 10m, memory: 32Mi}
            limits: {memory: 64Mi}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: shop
spec:
  maxUnavailable: 1
  selector: {matchLabels: {app: shop}}
`;

/** What is found when one text of the good file is put in another's place. */
async function with_(from: string | RegExp, to: string): Promise<PolicyFinding[]> {
  const text = GOOD.replace(from, to);
  assert.notEqual(text, GOOD);
  return [...(await checkManifests([folderOf({ 'shop.yaml': text })]))];
}

test('a careful file has no finding at all', async () => {
  assert.deepEqual(await checkManifests([folderOf({ 'shop.yaml': GOOD })]), []);
});

const CASES: readonly [rule: string, at: string, from: string | RegExp, to: string][] = [
  ['unknown-field', 'replica: 3', 'replicas: 2', 'replicas: 2\n  replica: 3'],
  ['wrong-type', 'replicas: "2"', 'replicas: 2', 'replicas: "2"'],
  ['duplicate-field', 'replicas: 2', 'replicas: 2', 'replicas: 2\n  replicas: 2'],
  ['invalid-value', 'port: 99999', 'port: 80,', 'port: 99999,'],
  ['unknown-kind', 'PodDisruptionBudge', 'kind: PodDisruptionBudget', 'kind: PodDisruptionBudge'],
  ['removed-api', 'policy/v1beta1', 'policy/v1', 'policy/v1beta1'],
  [
    'deprecated-api',
    'apiVersion: v1 #',
    /apiVersion: policy\/v1[\s\S]*$/,
    'apiVersion: v1 # old\nkind: Endpoints\nmetadata: {name: old}\n',
  ],
  [
    'duplicate-name',
    'name: shop #',
    /$/,
    '---\napiVersion: v1\nkind: Service\nmetadata:\n  name: shop # again\nspec: {ports: [{port: 80}]}\n',
  ],
  ['image-not-pinned', 'image:', 'image: shop:1.0', 'image: registry.example.com:5000/shop'],
  ['image-not-pinned', 'image:', 'shop:1.0', 'shop:latest'],
  ['readiness-probe-missing', '- name: app', /\n *readinessProbe:.*/, ''],
  ['liveness-probe-missing', '- name: app', /\n *livenessProbe:.*/, ''],
  ['probe-port-missing', 'readinessProbe', '/ready, port: http', '/ready, port: web'],
  ['requests-missing', 'resources:', /\n *requests:.*/, ''],
  ['memory-limit-missing', 'resources:', /\n *limits:.*/, ''],
  ['no-time-to-leave', '- name: app', /\n *lifecycle:.*/, ''],
  ['privileged', 'privileged: true', 'allowPrivilegeEscalation: false', 'privileged: true'],
  ['privilege-escalation', '- name: app', 'allowPrivilegeEscalation: false, ', ''],
  ['runs-as-root', '- name: app', 'runAsNonRoot: true, ', ''],
  ['runs-as-root', '- name: app', 'runAsNonRoot: true', 'runAsUser: 0'],
  ['capabilities', 'NET_ADMIN', 'drop: [ALL]', 'drop: [ALL], add: [NET_ADMIN]'],
  ['capabilities-kept', '- name: app', ', capabilities: {drop: [ALL]}', ''],
  ['seccomp-missing', '    spec:', ', seccompProfile: {type: RuntimeDefault}', ''],
  ['host-path', 'hostPath', 'containers:', 'volumes: [{name: x, hostPath: {path: /data}}]\n      containers:'],
  ['host-namespaces', 'hostNetwork', 'containers:', 'hostNetwork: true\n      containers:'],
  ['token-mounted', '    spec:', /\n *automount.*/, ''],
  ['service-without-pods', 'selector:', 'selector: {app: shop}', 'selector: {app: shob}'],
  ['service-port-nowhere', 'targetPort', 'targetPort: http', 'targetPort: web'],
  ['service-port-nowhere', 'targetPort', 'targetPort: http', 'targetPort: 9090'],
  ['single-replica', 'replicas: 1', 'replicas: 2', 'replicas: 1'],
  [
    'budget-missing',
    'spec: # of it',
    /spec:\n {2}replicas([\s\S]*)---\napiVersion: policy[\s\S]*/,
    'spec: # of it\n  replicas$1',
  ],
  ['budget-blocks-drains', 'maxUnavailable: 0', 'maxUnavailable: 1', 'maxUnavailable: 0'],
  ['budget-blocks-drains', 'minAvailable: 2', 'maxUnavailable: 1', 'minAvailable: 2'],
  ['selects-nothing', 'app: other', /\{app: shop\}\}\n$/, '{app: other}}\n'],
  ['spread-missing', '    spec:', /\n *topologySpread.*\n.*/, ''],
  ['roll-with-gap', '100%', 'replicas: 2', 'replicas: 2\n  strategy:\n    rollingUpdate: {maxUnavailable: 100%}'],
  ['default-namespace', 'namespace: default', 'name: shop\n', 'name: shop\n  namespace: default\n'],
  [
    'reference-missing',
    'absent',
    'ports: [{name: http, c',
    'envFrom: [{configMapRef: {name: absent}}]\n          ports: [{name: http, c',
  ],
  [
    'secret-in-environment',
    'hunter22',
    'ports: [{name: http, c',
    'env: [{name: DB_PASSWORD, value: hunter22}]\n          ports: [{name: http, c',
  ],
];

for (const [rule, at, from, to] of CASES) {
  test(`${rule} is found at "${at}" when ${String(from).slice(0, 40)} becomes ${to.slice(0, 40).trim() || 'nothing'}`, async () => {
    const line = GOOD.replace(from, to)
      .split('\n')
      .findIndex((text) => text.includes(at));
    const findings = await with_(from, to);
    const found = findings.find((finding) => finding.rule === rule);
    assert.ok(found, JSON.stringify(findings, null, 1));
    assert.equal(found.line, line + 1, JSON.stringify(found));
    assert.match(found.file, /shop\.yaml$/);
    assert.match(found.message, /^[a-z]+\/[a-z]+: \S/);
    assert.ok(found.fix.length > 10);
  });
}

test('what lies around a rule is left alone: one fault gives one finding', async () => {
  for (const [from, to] of [
    ['image: shop:1.0', 'image: shop'],
    ['selector: {app: shop}', 'selector: {app: shob}'],
    [/\n *limits:.*/, ''],
    ['/ready, port: http', '/ready, port: web'],
  ] as const)
    assert.equal((await with_(from, to)).filter(({ severity }) => severity !== 'note').length, 1, to);
});

test('an unknown field says what was meant, and where it is', async () => {
  const findings = await with_('readinessProbe: {httpGet', 'readynessProbe: {httpGet');
  const finding = findings.find(({ rule }) => rule === 'unknown-field');
  assert.equal(finding?.message, 'deployment/shop: unknown field spec.template.spec.containers[0].readynessProbe');
  assert.equal(finding?.fix, 'Did you mean readinessProbe?');
});

test('a Service that misses its pods names the pods that come nearest', async () => {
  const [finding] = await with_('selector: {app: shop}', 'selector: {app: shob}');
  assert.match(finding?.message ?? '', /no pods have the labels app=shob; deployment\/shop has app=shop/);
});

test('Ingress, autoscaler and references are followed to what they name', async () => {
  const folder = folderOf({
    'shop.yaml': GOOD,
    'ingress.yaml': `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  rules:
    - host: a.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: shop
                port:
                  number: 8080
          - path: /api
            pathType: Prefix
            backend: {service: {name: api, port: {number: 80}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: shop}
spec:
  maxReplicas: 3
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shob}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: shop}
data: {MODE: a}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          automountServiceAccountToken: false
          securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
          volumes:
            - {name: data, persistentVolumeClaim: {claimName: none}}
          containers:
            - name: run
              image: shop:1.0
              resources: {requests: {cpu: 1m, memory: 1Mi}, limits: {memory: 1Mi}}
              securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
              env:
                - {name: MODE, valueFrom: {configMapKeyRef: {name: shop, key: mode}}}
                - {name: KEY, valueFrom: {secretKeyRef: {name: keys, key: a}}}
                - {name: OTHER, valueFrom: {secretKeyRef: {name: other, key: a, optional: true}}}
`,
  });
  assert.deepEqual(told(await checkManifests([folder]), folder), [
    'ingress-port-missing ingress.yaml:14',
    'ingress-service-missing ingress.yaml:18',
    'scale-target-missing ingress.yaml:25',
    'reference-missing ingress.yaml:45',
    'key-missing ingress.yaml:52',
    'reference-missing ingress.yaml:53',
  ]);
});

test('passwords are found by name and by shape, and what only sounds like one is left alone', async () => {
  const folder = folderOf({
    'a.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data:
  SMTP_PASSWORD: hunter22
  apiToken: abcdefgh
  DATABASE_URL: mysql://root:secret@db/shop
  CACHE: redis://cache:6379/0
  PASSWORD_FILE: /run/secrets/password
  PASSWORD_MIN_LENGTH: "12"
  TOKEN_TTL: 3600s
  SECRET_NAME: shop
  SESSION_SECRET: ""
  MONKEY: banana
  URL_IN_PARTS: mysql://$(USER):$(PASSWORD)@db/shop
  key.pem: |
    -----BEGIN RSA PRIVATE KEY-----
    abc
---
apiVersion: v1
kind: Secret
metadata: {name: b}
stringData:
  password: hunter22
`,
  });
  assert.deepEqual(told(await checkManifests([folder]), folder), [
    'secret-in-config-map a.yaml:5',
    'secret-in-config-map a.yaml:6',
    'secret-in-config-map a.yaml:7',
    'secret-in-config-map a.yaml:16',
    'secret-in-file a.yaml:23',
  ]);
});

test('a kustomization is built first, and what it finds is told with the line of the base', async () => {
  const folder = folderOf({
    'base/kustomization.yaml': 'resources: [shop.yaml]\nconfigMapGenerator: [{name: settings, literals: [A=b]}]\n',
    'base/shop.yaml': GOOD.replace(
      '          ports: [',
      '          envFrom: [{configMapRef: {name: settings}}, {configMapRef: {name: absent}}]\n          ports: [',
    ),
    'overlays/one/kustomization.yaml': 'resources: [../../base]\nnamespace: one\nnamePrefix: one-\n',
    'overlays/two/kustomization.yaml': 'resources: [../../base]\nnamespace: two\nreplicas: [{name: shop, count: 1}]\n',
  });
  assert.deepEqual(told(await checkManifests([folder]), folder), [
    'single-replica base/shop.yaml:15',
    'reference-missing base/shop.yaml:28',
    'reference-missing base/shop.yaml:28',
  ]);
});

test('a kustomization that does not build is told in its own words, and what can be read is checked', async () => {
  const folder = folderOf({
    'kustomization.yaml':
      'resources: [shop.yaml]\nnamespace: shops\nreplicas: [{name: none, count: 2}]\npatches: [{path: none.yaml}]\n',
    'shop.yaml': GOOD.replace('shop:1.0', 'shop'),
  });
  const findings = await checkManifests([folder]);
  assert.deepEqual(told(findings, folder), [
    'kustomization-does-not-build kustomization.yaml:1',
    'image-not-pinned shop.yaml:27',
  ]);
  assert.match(findings[0]?.message ?? '', /none\.yaml/);
});

test('files of secrets that are not in the checkout are no hindrance: their examples stand in for them', async () => {
  const folder = folderOf({
    'base/kustomization.yaml': 'resources: [shop.yaml]\n',
    'base/shop.yaml': GOOD.replace(
      '          ports: [',
      '          env:\n            - {name: A, valueFrom: {secretKeyRef: {name: keys, key: there}}}\n            - {name: B, valueFrom: {secretKeyRef: {name: keys, key: absent}}}\n          ports: [',
    ),
    'over/kustomization.yaml':
      'resources: [../base]\nsecretGenerator:\n- name: keys\n  envs: [secrets/keys.env]\n  options: {disableNameSuffixHash: true}\n',
    'over/secrets/keys.env.example': '# what belongs here\nthere=(yours)\n',
  });
  const findings = await checkManifests([folder]);
  assert.deepEqual(told(findings, folder), ['key-missing base/shop.yaml:30']);
  const note = findings.find(({ rule }) => rule === 'generator-file-missing');
  assert.equal(note?.file, join(folder, 'over/kustomization.yaml'));
  assert.match(note?.message ?? '', /over\/secrets\/keys\.env is not there/);
});

test('without kubectl the files are read as they stand, and a note says so', async () => {
  const folder = folderOf({
    'kustomization.yaml': 'resources: [shop.yaml]\nconfigMapGenerator: [{name: settings, literals: [A=b]}]\n',
    'shop.yaml': GOOD.replace(
      '          ports: [',
      '          envFrom: [{configMapRef: {name: settings}}]\n          ports: [',
    ),
  });
  const path = process.env.PATH;
  process.env.PATH = folder;
  try {
    const findings = await checkManifests([folder]);
    assert.deepEqual(
      findings.map(({ rule }) => rule),
      ['kustomization-not-built'],
    );
  } finally {
    process.env.PATH = path;
  }
});

test('other YAML of a folder is passed over; a named file must be an object', async () => {
  const folder = folderOf({ 'compose.yaml': 'services: {a: {image: b}}\n', 'deep/shop.yaml': GOOD });
  assert.deepEqual(await checkManifests([folder]), []);
  assert.deepEqual(told(await checkManifests([join(folder, 'compose.yaml')]), folder), [
    'not-an-object compose.yaml:1',
  ]);
  assert.ok(holdsManifests(folder));
  assert.ok(!holdsManifests(join(folder, 'compose.yaml')));
});

test('a broken file is told with its line, and a path that is not there with a way out', async () => {
  const folder = folderOf({ 'bad.yaml': 'apiVersion: v1\nkind: Service\nmetadata: {name: [\nspec: {}\n' });
  const [finding] = await checkManifests([folder]);
  assert.equal(finding?.rule, 'not-yaml');
  assert.ok((finding?.line ?? 0) >= 3);
  await assert.rejects(checkManifests([join(folder, 'none')]), UserError);
});

test('a List is looked into, and lines are those of its items', async () => {
  const folder = folderOf({
    'list.yaml':
      'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata:\n    name: a\n  spec:\n    ports: [{port: 80}]\n    typ: ClusterIP\n',
  });
  assert.deepEqual(told(await checkManifests([folder]), folder), ['unknown-field list.yaml:10']);
});

test('what wherry writes for its examples has no error', async () => {
  for (const example of ['users', 'users-flask']) {
    const facts = await readProject(join(process.cwd(), 'examples', example));
    const { objects } = manifestsFor(facts, {
      name: 'shop',
      namespace: 'shops',
      image: 'localhost/shop:1',
      host: 'a.localhost',
    });
    const findings = checkObjects(objects, example);
    assert.deepEqual(
      findings.filter(({ severity }) => severity !== 'note'),
      [],
    );
  }
});

test('every rule says what, why and the way out, and has a name of its own', () => {
  const ids = POLICY_RULES.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const rule of POLICY_RULES)
    for (const text of [rule.what, rule.why, rule.fix]) assert.ok(text.length > 10, rule.id);
});
