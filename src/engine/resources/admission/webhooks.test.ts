import { deepEqual, equal, rejects } from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { systemClock } from '../../../base/index.ts';
import { kinds } from '../../kinds/index.ts';
import { configMap, Fixture, podOf, refusal } from '../fixture.ts';
import type { Plain } from '../object.ts';
import { defaultAdmissions } from './index.ts';

type Review = { request: Plain & { uid: string; object: Plain | null } };
type Answering = (request: Review['request']) => Plain | undefined;

let server: Server;
let caBundle: string;
let answering: Answering;
const asked: Review['request'][] = [];

before(async () => {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(webcrypto as never);
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=judge',
    signingAlgorithm: algorithm,
    keys: keys as never,
    extensions: [
      new x509.BasicConstraintsExtension(true),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'judge.default.svc' }]),
    ],
  });
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  caBundle = Buffer.from(certificate.toString('pem')).toString('base64');
  server = createServer({ cert: certificate.toString('pem'), key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const review = JSON.parse(Buffer.concat(chunks).toString()) as Review;
      asked.push(review.request);
      const answer = answering(review.request);
      // Without an answer the client is left waiting.
      if (answer) response.end(JSON.stringify({ ...review, response: { uid: review.request.uid, ...answer } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
after(() => {
  server.closeAllConnections();
  server.close();
});

async function cluster(kind: 'Mutating' | 'Validating', webhook: Plain = {}, answer: Answering): Promise<Fixture> {
  asked.length = 0;
  answering = answer;
  const at = new Fixture(defaultAdmissions({ clock: systemClock }));
  const { port } = server.address() as AddressInfo;
  for (const name of ['default', 'other']) {
    await at.create(kinds.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { name } } });
  }
  await at.create(kinds.serviceaccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } });
  await at.create(kinds.services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'judge' },
    spec: { ports: [{ port: 443, targetPort: port }] },
  });
  await at.create(kinds.endpointslices, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'judge', labels: { 'kubernetes.io/service-name': 'judge' } },
    addressType: 'IPv4',
    ports: [{ name: '', port, protocol: 'TCP' }],
    endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
  });
  const configurations =
    kind === 'Mutating' ? kinds.mutatingwebhookconfigurations : kinds.validatingwebhookconfigurations;
  await at.create(configurations, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: `${kind}WebhookConfiguration`,
    metadata: { name: 'judge' },
    webhooks: [
      {
        name: 'judge.example.com',
        clientConfig: { service: { name: 'judge', namespace: 'default', path: '/judge' }, caBundle },
        rules: [{ operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps', 'pods'] }],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        ...webhook,
      },
    ],
  });
  return at;
}

const patchOf = (...operations: Plain[]) => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
});

test('a webhook denies in its own words, of each verb', async () => {
  const judge: Answering = ({ object, oldObject }) => {
    const { data } = ((object ?? oldObject) as { data?: Plain }) ?? {};
    return data?.bad ? { allowed: false, status: { message: 'that is bad', code: 403 } } : { allowed: true };
  };
  const at = await cluster('Validating', {}, judge);
  const denial = 'admission webhook "judge.example.com" denied the request: that is bad';
  await rejects(at.create(kinds.configmaps, configMap('a', { bad: 'yes' })), refusal(403, denial));
  await at.create(kinds.configmaps, configMap('a', {}));
  const target = at.target(kinds.configmaps, 'a');
  await rejects(at.resources.update(target, configMap('a', { bad: 'yes' }), at.options()), refusal(403, denial));
  await at.resources.delete(target, at.options());
  deepEqual(
    asked.map(({ operation, name, namespace }) => `${operation} ${namespace}/${name}`),
    ['CREATE default/a', 'CREATE default/a', 'UPDATE default/a', 'DELETE default/a'],
  );
  deepEqual(asked[0]?.kind, { group: '', version: 'v1', kind: 'ConfigMap' });
});

test('what a webhook patches in is kept, without unknown fields and with defaults', async () => {
  const container = { name: 'added', image: 'added:1' };
  const at = await cluster('Mutating', {}, ({ kind }) =>
    (kind as Plain).kind === 'Pod'
      ? patchOf({ op: 'add', path: '/spec/containers/-', value: { ...container, nonsense: true } })
      : { allowed: true },
  );
  const made = await at.create(kinds.pods, podOf('a'));
  const added = (made.spec as { containers: Plain[] }).containers.find(({ name }) => name === 'added');
  equal(added?.imagePullPolicy, 'IfNotPresent');
  equal(added?.nonsense, undefined);
});

test('selectors of namespaces and objects choose what a webhook is asked of', async () => {
  const at = await cluster(
    'Validating',
    {
      namespaceSelector: { matchLabels: { name: 'other' } },
      objectSelector: { matchExpressions: [{ key: 'skip', operator: 'DoesNotExist' }] },
    },
    () => ({ allowed: false }),
  );
  await at.create(kinds.configmaps, configMap('a', {}));
  await at.create(kinds.configmaps, configMap('a', {}, { namespace: 'other', labels: { skip: 'yes' } }));
  await rejects(
    at.create(kinds.configmaps, configMap('b', {}, { namespace: 'other' })),
    refusal(400, 'admission webhook "judge.example.com" denied the request without explanation'),
  );
});

test('a webhook that does not answer in time fails the request, or is passed over', async () => {
  const webhook = { timeoutSeconds: 1, failurePolicy: 'Fail' };
  const at = await cluster('Validating', webhook, () => undefined);
  const url = 'https://judge.default.svc/judge?timeout=1s';
  await rejects(
    at.create(kinds.configmaps, configMap('a', {})),
    refusal(
      500,
      `Internal error occurred: failed calling webhook "judge.example.com": failed to call webhook: Post "${url}": context deadline exceeded`,
    ),
  );
  const lenient = await cluster('Validating', { ...webhook, failurePolicy: 'Ignore' }, () => undefined);
  await lenient.create(kinds.configmaps, configMap('a', {}));
});

test('a connection is asked about by its options', async () => {
  const rules = [{ operations: ['CONNECT'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods/attach'] }];
  const at = await cluster('Validating', { rules }, () => ({ allowed: false, status: { message: 'no' } }));
  const request = { ...at.options(), kind: 'PodAttachOptions', fields: { stdin: true } };
  await rejects(
    at.resources.admitConnect(at.target(kinds.pods, 'a', 'attach'), request),
    refusal(400, 'admission webhook "judge.example.com" denied the request: no'),
  );
  deepEqual(asked[0]?.object, { apiVersion: 'v1', kind: 'PodAttachOptions', stdin: true });
});
