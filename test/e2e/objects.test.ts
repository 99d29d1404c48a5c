import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { call, eventually, type TestCluster, testCluster } from './harness.ts';

const IMAGE = 'busybox:1.36';
const job = (name: string, command: string, spec = '') => `
apiVersion: batch/v1
kind: Job
metadata: {name: ${name}}
spec:
  ${spec}
  template:
    spec:
      restartPolicy: Never
      containers: [{name: c, image: '${IMAGE}', command: [sh, -c, '${command}']}]
`;

const SET = `
apiVersion: v1
kind: Service
metadata: {name: set}
spec: {clusterIP: None, selector: {app: set}, ports: [{port: 80, name: http}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: set}
spec:
  serviceName: set
  replicas: 2
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete, whenScaled: Retain}
  selector: {matchLabels: {app: set}}
  template:
    metadata: {labels: {app: set}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - {name: c, image: '${IMAGE}', command: [sleep, '3600'], volumeMounts: [{name: data, mountPath: /data}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: everywhere}
spec:
  selector: {matchLabels: {app: everywhere}}
  template:
    metadata: {labels: {app: everywhere}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: c, image: '${IMAGE}', command: [sleep, '3600']}]
`;

const POD = `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {a: one}
---
apiVersion: v1
kind: Secret
metadata: {name: password}
stringData: {p: word}
---
apiVersion: v1
kind: Pod
metadata: {name: volumes, labels: {tier: front}}
spec:
  terminationGracePeriodSeconds: 1
  volumes:
  - {name: memory, emptyDir: {medium: Memory, sizeLimit: 1Mi}}
  - {name: settings, configMap: {name: settings, defaultMode: 0440}}
  - {name: absent, secret: {secretName: nobody, optional: true}}
  - name: all
    projected:
      sources:
      - secret: {name: password}
      - downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}, {path: cpu, resourceFieldRef: {containerName: c, resource: limits.cpu, divisor: 1m}}]}
  initContainers:
  - {name: first, image: '${IMAGE}', command: [sh, -c, 'echo init > /memory/init'], volumeMounts: [{name: memory, mountPath: /memory}]}
  - {name: side, image: '${IMAGE}', restartPolicy: Always, command: [sleep, '3600'], startupProbe: {exec: {command: ['true']}, periodSeconds: 1}}
  containers:
  - name: c
    image: ${IMAGE}
    command: [sh, -c, 'httpd -p 8080 -h /memory; exec sleep 3600']
    resources: {limits: {cpu: 250m, memory: 64Mi}, requests: {cpu: 10m}}
    env:
    - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
    - {name: MADE, value: 'on-$(NODE)-$(NOBODY)-$$(NODE)'}
    envFrom: [{prefix: S_, configMapRef: {name: settings}}]
    lifecycle: {postStart: {exec: {command: [sh, -c, 'echo post > /memory/post']}}}
    startupProbe: {tcpSocket: {port: 8080}, periodSeconds: 1}
    readinessProbe: {httpGet: {path: /init, port: 8080}, periodSeconds: 1}
    livenessProbe: {exec: {command: [cat, /memory/init]}, periodSeconds: 1}
    volumeMounts:
    - {name: memory, mountPath: /memory}
    - {name: settings, mountPath: /settings}
    - {name: settings, mountPath: /one, subPath: a}
    - {name: absent, mountPath: /absent}
    - {name: all, mountPath: /all}
---
apiVersion: v1
kind: Pod
metadata: {name: confined}
spec:
  terminationGracePeriodSeconds: 1
  securityContext: {runAsUser: 1000, runAsGroup: 3000, fsGroup: 2000}
  volumes: [{name: e, emptyDir: {}}]
  containers:
  - name: c
    image: ${IMAGE}
    command: [sleep, '3600']
    volumeMounts: [{name: e, mountPath: /e}]
    securityContext: {readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}}
---
apiVersion: v1
kind: Pod
metadata: {name: ends}
spec:
  restartPolicy: Never
  containers:
  - {name: greedy, image: '${IMAGE}', command: [sh, -c, 'tail /dev/zero'], resources: {limits: {memory: 16Mi}}}
  - {name: says, image: '${IMAGE}', command: [sh, -c, 'echo why > /dev/termination-log; exit 2']}
  - {name: logs, image: '${IMAGE}', command: [sh, -c, 'echo last; exit 1'], terminationMessagePolicy: FallbackToLogsOnError}
`;

const WAYS = `
apiVersion: v1
kind: Pod
metadata: {name: server, labels: {app: ways}}
spec:
  hostname: named
  subdomain: headless
  terminationGracePeriodSeconds: 1
  containers:
  - name: c
    image: ${IMAGE}
    command: [sh, -c, 'mkdir -p /www/deep; echo served > /www/index.html; echo deep > /www/deep/index.html; exec httpd -f -p 8080 -h /www']
    ports: [{containerPort: 8080, name: web}]
    readinessProbe: {tcpSocket: {port: web}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: ways}
spec: {type: NodePort, sessionAffinity: ClientIP, selector: {app: ways}, ports: [{port: 80, targetPort: web}]}
---
apiVersion: v1
kind: Service
metadata: {name: balanced}
spec: {type: LoadBalancer, selector: {app: ways}, ports: [{port: LB_PORT, targetPort: web}]}
---
apiVersion: v1
kind: Service
metadata: {name: headless}
spec: {clusterIP: None, selector: {app: ways}, ports: [{name: http, port: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: outside}
spec: {type: ExternalName, externalName: ways.default.svc.cluster.local}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ways}
spec:
  tls: [{hosts: [tls.example.test], secretName: tls}]
  rules:
  - host: a.example.test
    http: {paths: [{path: /deep, pathType: Prefix, backend: {service: {name: ways, port: {number: 80}}}}]}
  - host: tls.example.test
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: ways, port: {number: 80}}}}]}
`;

const BOATS = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: boats.sea.example.com}
spec:
  group: sea.example.com
  scope: Namespaced
  names: {plural: boats, singular: boat, kind: Boat, shortNames: [bt]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}, scale: {specReplicasPath: .spec.oars, statusReplicasPath: .status.oars}}
    additionalPrinterColumns: [{name: Oars, type: integer, jsonPath: .spec.oars}, {name: Phase, type: string, jsonPath: .status.phase}]
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [oars]
            properties:
              oars: {type: integer, minimum: 2, description: how many oars}
              colour: {type: string, enum: [red, blue], default: red}
              crew: {type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [name], items: {type: object, required: [name], properties: {name: {type: string}}}}
          status: {type: object, properties: {phase: {type: string}, oars: {type: integer}}}
`;
const boat = (spec: string) => `apiVersion: sea.example.com/v1\nkind: Boat\nmetadata: {name: one}\nspec: {${spec}}\n`;

describe('what users and operators make', () => {
  let cluster: TestCluster;
  before(() => {
    cluster = testCluster();
    cluster.wherry('image', 'pull', IMAGE);
  });
  after(() => cluster.delete());
  const kubectl = (...args: string[]) => cluster.kubectl(...args);
  const refused = (...args: string[]) => {
    const said = cluster.tryKubectl(args);
    assert.notEqual(said.exitCode, 0, said.stdout);
    return said.stderr;
  };
  const inPod = (pod: string, command: string) => kubectl('exec', pod, '-c', 'c', '--', 'sh', '-c', command);

  test('a StatefulSet keeps order, partition and claims; a DaemonSet is on the node', async () => {
    cluster.apply(SET);
    kubectl('rollout', 'status', 'statefulset/set', '--timeout=60s');
    kubectl('rollout', 'status', 'daemonset/everywhere', '--timeout=60s');
    const patch = {
      spec: { updateStrategy: { rollingUpdate: { partition: 1 } }, template: { metadata: { labels: { v: '2' } } } },
    };
    kubectl('patch', 'statefulset', 'set', '-p', JSON.stringify(patch));
    kubectl('rollout', 'status', 'statefulset/set', '--timeout=60s');
    assert.equal(
      kubectl(
        'get',
        'pods',
        '-l',
        'app=set',
        '-o',
        'jsonpath={range .items[*]}{.metadata.name}={.metadata.labels.v} {end}',
      ),
      'set-0= set-1=2 ',
    );
    kubectl('scale', 'statefulset', 'set', '--replicas=1');
    await eventually('one pod', () => !kubectl('get', 'pods', '-l', 'app=set').includes('set-1'));
    assert.match(kubectl('get', 'pvc'), /data-set-1\s+Bound/);
    kubectl('delete', 'statefulset', 'set');
    await eventually('claims and volumes to go', () => kubectl('get', 'pvc,pv', '-o', 'name') === '');
  });

  test('Jobs: indexed, failing, by policy, short-lived, and by the clock', async () => {
    cluster.apply(job('indexed', 'echo index $JOB_COMPLETION_INDEX', 'completions: 2\n  completionMode: Indexed'));
    cluster.apply(job('failing', 'exit 3', 'backoffLimit: 0'));
    const rule = '{action: FailJob, onExitCodes: {operator: In, values: [42]}}';
    cluster.apply(job('policy', 'exit 42', `podFailurePolicy: {rules: [${rule}]}`));
    cluster.apply(job('short', 'exit 0', 'ttlSecondsAfterFinished: 1'));
    kubectl('wait', 'job/indexed', '--for=condition=Complete', '--timeout=60s');
    assert.equal(kubectl('get', 'job', 'indexed', '-o', 'jsonpath={.status.completedIndexes}'), '0,1');
    assert.equal(kubectl('logs', '-l', 'batch.kubernetes.io/job-completion-index=1'), 'index 1\n');
    kubectl('wait', 'job/failing', 'job/policy', '--for=condition=Failed', '--timeout=60s');
    const reason = 'jsonpath={.status.conditions[?(@.type=="Failed")].reason}';
    assert.equal(kubectl('get', 'job', 'failing', '-o', reason), 'BackoffLimitExceeded');
    assert.equal(kubectl('get', 'job', 'policy', '-o', reason), 'PodFailurePolicy');
    await eventually('the short one to go', () => !kubectl('get', 'jobs').includes('short'));
    kubectl('create', 'cronjob', 'clock', `--image=${IMAGE}`, '--schedule=0 0 1 1 *', '--', 'true');
    kubectl('create', 'job', 'now', '--from=cronjob/clock');
    kubectl('wait', 'job/now', '--for=condition=Complete', '--timeout=60s');
  });

  test('volumes, environment, hooks, probes and side-cars of a pod; updates arrive', async () => {
    cluster.apply(POD);
    kubectl('wait', 'pod/volumes', 'pod/confined', '--for=condition=Ready', '--timeout=60s');
    assert.match(kubectl('get', 'pod', 'volumes'), /2\/2\s+Running/);
    assert.equal(
      inPod('volumes', 'cat /memory/init /memory/post /settings/a /one /all/p /all/labels /all/cpu'),
      'init\npost\noneonewordtier="front"250',
    );
    assert.match(inPod('volumes', 'echo $MADE $S_a'), /^on-(\S+)-\$\(NOBODY\)-\$\(NODE\) one$/m);
    kubectl('patch', 'configmap', 'settings', '-p', '{"data":{"a":"two"}}');
    kubectl('label', 'pod', 'volumes', 'tier=back', '--overwrite');
    await eventually('the update', () => inPod('volumes', 'cat /settings/a /all/labels') === 'twotier="back"');
    assert.equal(inPod('volumes', 'cat /one'), 'one', 'a subPath never changes');
  });

  test('a confined container, and the ways a container ends', async () => {
    assert.match(inPod('confined', 'id'), /uid=1000 gid=3000 groups=(.*,)?2000/);
    assert.match(inPod('confined', 'touch /e/f; ls -ln /e/f'), /1000\s+2000/);
    assert.match(refused('exec', 'confined', '--', 'touch', '/x'), /Read-only file system/);
    assert.match(inPod('confined', 'cat /proc/self/status'), /CapBnd:\s+0000000000000400[\s\S]*NoNewPrivs:\s+1/);
    const ended = (name: string, field: string) =>
      kubectl(
        'get',
        'pod',
        'ends',
        '-o',
        `jsonpath={.status.containerStatuses[?(@.name=="${name}")].state.terminated.${field}}`,
      );
    await eventually('all to end', () => kubectl('get', 'pod', 'ends', '-o', 'jsonpath={.status.phase}') === 'Failed');
    assert.equal(`${ended('greedy', 'reason')} ${ended('greedy', 'exitCode')}`, 'OOMKilled 137');
    assert.equal(`${ended('says', 'message')}${ended('says', 'exitCode')}`, 'why\n2');
    assert.equal(ended('logs', 'message'), 'last\n');
    assert.match(kubectl('logs', 'ends', '-c', 'logs', '--timestamps'), /^\d{4}-\d\d-\d\dT[\d:]+\.\d{9}Z last$/m);
  });

  test('debug containers and copied files', async () => {
    kubectl('debug', 'volumes', `--image=${IMAGE}`, '-c', 'look', '--target=c', '--', 'ps');
    await eventually('the debugger', () => kubectl('logs', 'volumes', '-c', 'look').includes('sleep 3600'));
    mkdirSync(join(cluster.home, 'folder'));
    writeFileSync(join(cluster.home, 'folder/file'), 'carried');
    kubectl('cp', '-c', 'c', join(cluster.home, 'folder'), 'volumes:/tmp/');
    assert.equal(inPod('volumes', 'cat /tmp/folder/file'), 'carried');
  });

  test('a service account sees what its role allows, from inside and by a token', () => {
    kubectl('create', 'serviceaccount', 'reader');
    kubectl('create', 'role', 'reader', '--verb=get,list', '--resource=pods');
    kubectl('create', 'rolebinding', 'reader', '--role=reader', '--serviceaccount=default:reader');
    const who = '--as=system:serviceaccount:default:reader';
    assert.match(kubectl('get', 'pods', who), /volumes/);
    assert.match(
      refused('get', 'secrets', who),
      /secrets is forbidden: User "system:serviceaccount:default:reader" cannot list resource "secrets" in API group "" in the namespace "default"/,
    );
    const token = kubectl('create', 'token', 'reader').trim();
    const server = kubectl('config', 'view', '-o', 'jsonpath={.clusters[0].cluster.server}');
    const ask = (path: string) =>
      call('curl', [
        '-sk',
        '-m10',
        '-o',
        '/dev/null',
        '-w',
        '%{http_code}',
        '-H',
        `Authorization: Bearer ${token}`,
        `${server}${path}`,
      ]).stdout;
    assert.equal(ask('/api/v1/namespaces/default/pods'), '200');
    assert.equal(ask('/api/v1/namespaces/kube-system/pods'), '403');
    // kubectl checks kinds that are only ever created against the protobuf form of OpenAPI 2.0.
    const review = (spec: string) =>
      cluster.tryKubectl(['create', '-f', '-', '-o', 'jsonpath={.status.user.username}'], {
        input: `apiVersion: authentication.k8s.io/v1\nkind: TokenReview\nspec: {${spec}}\n`,
      });
    assert.equal(review(`token: ${token}`).stdout, 'system:serviceaccount:default:reader');
    assert.match(
      review(`token: ${token}, audiences: 3`).stderr,
      /audiences\): invalid type .*got "integer", expected "array"/,
    );
  });

  test('names, ports, Ingress with TLS: every way to a Service', async () => {
    const pem = (name: string) => join(cluster.home, name);
    call('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      pem('tls.key'),
      '-out',
      pem('tls.crt'),
      '-days',
      '3',
      '-subj',
      '/CN=tls.example.test',
      '-addext',
      'subjectAltName=DNS:tls.example.test',
    ]);
    kubectl('create', 'secret', 'tls', 'tls', `--cert=${pem('tls.crt')}`, `--key=${pem('tls.key')}`);
    const port = 20_000 + (process.pid % 10_000);
    cluster.apply(WAYS.replace('LB_PORT', String(port)));
    kubectl('wait', 'pod/server', '--for=condition=Ready', '--timeout=60s');
    const curl = (...args: string[]) => call('curl', ['-s', '-m5', ...args]).stdout;
    const nodePort = kubectl('get', 'service', 'ways', '-o', 'jsonpath={.spec.ports[0].nodePort}');
    await eventually('the node port', () => curl(`http://127.0.0.1:${nodePort}/`) === 'served\n');
    await eventually('the load balancer', () => curl(`http://127.0.0.1:${port}/`) === 'served\n');
    const { http, https } = JSON.parse(cluster.wherry('cluster', 'status', '--name', cluster.name, '--json')) as {
      http: string;
      https: string;
    };
    const [, securePort = ''] = /:(\d+)$/.exec(https) ?? [];
    await eventually('the Ingress', () => curl('-H', 'Host: a.example.test', `${http}/deep/`) === 'deep\n');
    assert.notEqual(curl('-H', 'Host: a.example.test', `${http}/other`), 'served\n');
    const secure = ['--cacert', pem('tls.crt'), '--resolve', `tls.example.test:${securePort}:127.0.0.1`];
    assert.equal(curl(...secure, `https://tls.example.test:${securePort}/`), 'served\n');
    const look = (...words: string[]) => inPod('server', `nslookup ${words.join(' ')}`);
    assert.match(look('named.headless.default.svc.cluster.local'), /Address: 10\.244\./);
    assert.match(
      look('-type=srv', '_http._tcp.headless.default.svc.cluster.local'),
      /service = 0 100 8080 named\.headless/,
    );
    assert.match(look('outside.default.svc.cluster.local'), /canonical name = ways\.default\.svc\.cluster\.local/);
    assert.equal(inPod('server', 'hostname -f').trim(), 'named.headless.default.svc.cluster.local');
  });

  test('a certificate is approved and signed', async () => {
    const [key, request] = [join(cluster.home, 'user.key'), join(cluster.home, 'user.csr')];
    const made = call('openssl', [
      'req',
      '-new',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      key,
      '-subj',
      '/CN=ann/O=crew',
      '-out',
      request,
    ]);
    assert.equal(made.exitCode, 0, made.stderr);
    const text = call('base64', ['-w0', request]).stdout;
    cluster.apply(
      `apiVersion: certificates.k8s.io/v1\nkind: CertificateSigningRequest\nmetadata: {name: ann}\nspec: {request: ${text}, signerName: kubernetes.io/kube-apiserver-client, usages: [client auth]}\n`,
    );
    assert.match(kubectl('get', 'csr'), /ann\s.*Pending/);
    kubectl('certificate', 'approve', 'ann');
    await eventually('the signature', () => /Approved,Issued/.test(kubectl('get', 'csr')));
    const signed = Buffer.from(kubectl('get', 'csr', 'ann', '-o', 'jsonpath={.status.certificate}'), 'base64');
    assert.match(
      call('openssl', ['x509', '-noout', '-subject'], { input: signed.toString() }).stdout,
      /CN = ann, O = crew|O = crew, CN = ann/,
    );
  });

  test('custom resources: tables, explain, defaults, refusals, status, scale, apply, watch', async () => {
    cluster.apply(BOATS);
    kubectl('wait', 'crd/boats.sea.example.com', '--for=condition=Established', '--timeout=30s');
    cluster.apply(boat('oars: 4, crew: [{name: ann}]'));
    const watch = cluster.startKubectl('get', 'boats', '--watch', '--output-watch-events');
    try {
      await eventually('the watch', () => /ADDED\s+one\s+4/.test(watch.output()));
      assert.match(kubectl('explain', 'boat.spec.oars'), /how many oars/);
      const wrong = cluster.tryKubectl(['apply', '-f', '-'], { input: boat('oars: 1, colour: green') });
      assert.match(wrong.stderr, /Unsupported value: "green": supported values: "red", "blue"/);
      assert.match(wrong.stderr, /spec.oars.*should be greater than or equal to 2/);
      kubectl('patch', 'boat', 'one', '--subresource=status', '--type=merge', '-p', '{"status":{"phase":"Afloat"}}');
      kubectl('patch', 'boat', 'one', '--type=merge', '-p', '{"status":{"phase":"Sunk"}}');
      kubectl('scale', 'boat', 'one', '--replicas=6');
      assert.match(kubectl('get', 'bt'), /NAME\s+OARS\s+PHASE\s+one\s+6\s+Afloat/);
      const applied = cluster.tryKubectl(['apply', '--server-side', '--field-manager=x', '-f', '-'], {
        input: boat('oars: 6, crew: [{name: bob}]'),
      });
      assert.equal(applied.exitCode, 0, applied.stderr);
      assert.doesNotMatch(applied.stderr, /Internal error/);
      assert.equal(kubectl('get', 'boat', 'one', '-o', 'jsonpath={.spec.crew[*].name}'), 'bob');
      kubectl('delete', 'boat', 'one');
      await eventually('the end of it', () => /DELETED\s+one\s+6\s+Afloat/.test(watch.output()));
    } finally {
      watch.stop();
    }
    kubectl('delete', 'crd', 'boats.sea.example.com');
  });

  test('namespaces and owners take what is theirs with them, finalizers hold it', async () => {
    kubectl('create', 'namespace', 'going');
    kubectl('-n', 'going', 'create', 'configmap', 'held');
    kubectl(
      '-n',
      'going',
      'patch',
      'configmap',
      'held',
      '--type=merge',
      '-p',
      '{"metadata":{"finalizers":["example.com/hold"]}}',
    );
    kubectl('delete', 'namespace', 'going', '--wait=false');
    await eventually('the finalizer to be told of', () =>
      kubectl('get', 'namespace', 'going', '-o', 'jsonpath={.status.conditions[*].message}').includes(
        'example.com/hold',
      ),
    );
    assert.match(refused('-n', 'going', 'create', 'configmap', 'late'), /because it is being terminated/);
    kubectl('-n', 'going', 'patch', 'configmap', 'held', '--type=merge', '-p', '{"metadata":{"finalizers":null}}');
    kubectl('wait', 'namespace/going', '--for=delete', '--timeout=60s');
    kubectl('create', 'deployment', 'owner', `--image=${IMAGE}`, '--replicas=0', '--', 'sleep', '3600');
    await eventually('its replica set', () => kubectl('get', 'rs', '-l', 'app=owner', '-o', 'name') !== '');
    kubectl('delete', 'deployment', 'owner', '--cascade=orphan');
    assert.match(kubectl('get', 'rs', '-l', 'app=owner', '-o', 'name'), /replicaset/);
    kubectl('delete', 'rs', '-l', 'app=owner', '--cascade=foreground');
    assert.equal(kubectl('get', 'rs', '-l', 'app=owner', '-o', 'name'), '');
  });

  test('quota, limits and pod security say no in upstream words', () => {
    kubectl('create', 'namespace', 'small');
    kubectl('-n', 'small', 'create', 'quota', 'q', '--hard=configmaps=2,pods=0');
    kubectl('-n', 'small', 'create', 'configmap', 'a');
    assert.match(
      refused('-n', 'small', 'create', 'configmap', 'b'),
      /configmaps "b" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=2, limited: configmaps=2/,
    );
    assert.match(refused('-n', 'small', 'run', 'p', `--image=${IMAGE}`), /exceeded quota: q, requested: pods=1/);
    kubectl('create', 'namespace', 'strict');
    kubectl('label', 'namespace', 'strict', 'pod-security.kubernetes.io/enforce=restricted');
    assert.match(
      refused('-n', 'strict', 'run', 'p', `--image=${IMAGE}`),
      /violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false \(container "p" must set/,
    );
  });

  test('kustomize, diff, prune, dry run, generated names, chunks, selectors', () => {
    const folder = join(cluster.home, 'kustomize');
    mkdirSync(folder);
    writeFileSync(join(folder, 'kustomization.yaml'), 'namePrefix: z-\nresources: [a.yaml]\n');
    const made = (value: string) =>
      writeFileSync(
        join(folder, 'a.yaml'),
        `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: ${value}}\n`,
      );
    made('v');
    kubectl('apply', '-k', folder);
    made('w');
    const diff = cluster.tryKubectl(['diff', '-k', folder]);
    assert.equal(diff.exitCode, 1, diff.stderr);
    assert.match(diff.stdout, /-\s+k: v\n\+\s+k: w/);
    const pruned = (names: string[]) =>
      cluster.tryKubectl(['apply', '--prune', '-l', 'set=s', '-f', '-'], {
        input: names
          .map((name) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, labels: {set: s}}\n`)
          .join('---\n'),
      }).stdout;
    pruned(['keep', 'drop']);
    assert.match(pruned(['keep']), /configmap\/drop pruned/);
    kubectl('create', 'configmap', 'never', '--dry-run=server');
    assert.match(refused('get', 'configmap', 'never'), /not found/);
    const generated = cluster.tryKubectl(['create', '-f', '-', '-o', 'name'], {
      input: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: gen-}\n',
    });
    assert.match(generated.stdout, /^configmap\/gen-[a-z0-9]{5}\n$/, generated.stderr);
    const all = kubectl('get', 'configmaps', '-A', '-o', 'name');
    assert.equal(kubectl('get', 'configmaps', '-A', '-o', 'name', '--chunk-size=2'), all);
    assert.equal(kubectl('get', 'pods', '--field-selector=metadata.name=volumes', '-o', 'name'), 'pod/volumes\n');
    assert.match(refused('get', 'pods', '--field-selector=foo=bar'), /field label not supported: foo/);
  });

  test('a budget holds a drain until it is gone', async () => {
    kubectl('create', 'deployment', 'held', `--image=${IMAGE}`, '--', 'sleep', '3600');
    kubectl('create', 'pdb', 'held', '--selector=app=held', '--min-available=1');
    kubectl('rollout', 'status', 'deployment/held', '--timeout=60s');
    await eventually('the budget to count', () => /held\s+1\s+N\/A\s+0/.test(kubectl('get', 'pdb')));
    const [pod = ''] = kubectl('get', 'pods', '-l', 'app=held', '-o', 'jsonpath={.items[*].metadata.name}').split(' ');
    const eviction = `{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"${pod}","namespace":"default"}}`;
    const evict = () =>
      cluster.tryKubectl(['create', '--raw', `/api/v1/namespaces/default/pods/${pod}/eviction`, '-f', '-'], {
        input: eviction,
      });
    assert.match(evict().stderr, /Cannot evict pod as it would violate the pod's disruption budget/);
    kubectl('delete', 'pdb', 'held');
    const node = kubectl('get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}');
    kubectl('drain', node, '--pod-selector=app=held', '--grace-period=1', '--timeout=60s');
    assert.match(kubectl('get', 'nodes'), /Ready,SchedulingDisabled/);
    kubectl('uncordon', node);
    kubectl('rollout', 'status', 'deployment/held', '--timeout=60s');
  });

  test('the documents every client asks for', () => {
    assert.match(kubectl('get', '--raw', '/metrics'), /^apiserver_request_total\{/m);
    assert.match(kubectl('get', '--raw', '/openapi/v2'), /"swagger":"2.0"/);
    assert.match(kubectl('get', '--raw', '/readyz?verbose'), /\[\+\]etcd ok[\s\S]*readyz check passed/);
    assert.match(kubectl('get', '--raw', '/.well-known/openid-configuration'), /jwks_uri/);
    assert.match(kubectl('events', '--for', 'pod/volumes'), /Successfully assigned default\/volumes/);
  });
});
