import assert from 'node:assert/strict';
import { type ClientHttp2Session, connect } from 'node:http2';
import { request } from 'node:https';
import { after, before, describe, test } from 'node:test';
import { type Credentials, type Kubectl, kubectlOf, startTestApi, type TestApi } from './harness.test.ts';

const ADMIN = { authorization: 'Bearer admin-token' };

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  json: Record<string, unknown> & { items?: unknown[]; message?: string; metadata?: Record<string, unknown> };
}

describe('the API server', () => {
  let api: TestApi;
  let kubectl: Kubectl;
  before(async () => {
    api = await startTestApi({});
    kubectl = kubectlOf(api);
  });
  after(async () => {
    await api.close();
    kubectl.remove();
  });

  function send(
    method: string,
    path: string,
    options: { headers?: Record<string, string>; body?: string | Buffer; credentials?: Credentials } = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { credentials } = options;
      const sent = request(
        {
          host: '127.0.0.1',
          port: api.port,
          method,
          path,
          ca: api.ca,
          headers: credentials ? (options.headers ?? {}) : { ...ADMIN, ...options.headers },
          ...(credentials && { cert: credentials.certificate, key: credentials.key }),
          agent: false,
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            const isJson = /json/.test(String(answer.headers['content-type'])) && !answer.headers['content-encoding'];
            resolve({
              status: answer.statusCode ?? 0,
              headers: answer.headers,
              text,
              json: isJson && text ? JSON.parse(text) : {},
            });
          });
        },
      );
      sent.on('error', reject);
      sent.end(options.body);
    });
  }

  const configMap = (name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}) =>
    JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data });
  const maps = '/api/v1/namespaces/verbs/configmaps';

  test('objects are created, read, listed, patched, replaced and deleted', async () => {
    const created = await send('POST', maps, { body: configMap('one', { a: '1' }) });
    assert.equal(created.status, 201);
    assert.equal(created.json.metadata?.namespace, 'verbs');
    assert.equal((await send('POST', maps, { body: configMap('one') })).status, 409);
    const read = await send('GET', `${maps}/one`);
    assert.deepEqual(read.json, created.json);
    const list = await send('GET', maps);
    assert.equal(list.json.kind, 'ConfigMapList');
    assert.deepEqual(list.json.items, [created.json]);
    const patched = await send('PATCH', `${maps}/one`, {
      headers: { 'content-type': 'application/merge-patch+json' },
      body: '{"data":{"b":"2"}}',
    });
    assert.deepEqual(patched.json.data, { a: '1', b: '2' });
    assert.equal((await send('PUT', `${maps}/one`, { body: configMap('one', { c: '3' }) })).status, 200);
    const gone = await send('DELETE', `${maps}/one`);
    assert.equal(gone.json.kind, 'Status');
    assert.equal(gone.json.status, 'Success');
    const missing = await send('GET', `${maps}/one`);
    assert.equal(missing.status, 404);
    assert.equal(missing.json.message, 'configmaps "one" not found');
  });

  test('answers come in the form that is asked for', async () => {
    const path = '/api/v1/namespaces/forms/configmaps';
    await send('POST', path, { body: configMap('form', { a: 'b' }) });
    const yaml = await send('GET', `${path}/form`, { headers: { accept: 'application/yaml' } });
    assert.match(yaml.text, /^kind: ConfigMap$/m);
    const protobuf = await send('GET', path, { headers: { accept: 'application/vnd.kubernetes.protobuf' } });
    assert.equal(protobuf.headers['content-type'], 'application/vnd.kubernetes.protobuf');
    assert.ok(protobuf.text.startsWith('k8s\0'));
    const table = await send('GET', path, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } });
    assert.equal(table.json.kind, 'Table');
    assert.deepEqual((table.json.rows as { cells: unknown[] }[])[0]?.cells.slice(0, 2), ['form', 1]);
    const accept = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
    const metadata = await send('GET', path, { headers: { accept } });
    assert.equal(metadata.json.kind, 'PartialObjectMetadataList');
    assert.equal(JSON.stringify(metadata.json).includes('"data"'), false);
    const refused = await send('GET', path, { headers: { accept: 'text/html' } });
    assert.equal(refused.status, 406);
    assert.equal(refused.json.reason, 'NotAcceptable');
  });

  test('bodies are read as JSON, YAML and protobuf; others, too large ones and broken ones are refused', async () => {
    const path = '/api/v1/namespaces/bodies/configmaps';
    const body = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\ndata:\n  a: "0644"\n';
    const yaml = await send('POST', path, { headers: { 'content-type': 'application/yaml' }, body });
    assert.deepEqual(yaml.json.data, { a: '0644' });
    const type = { 'content-type': 'application/octet-stream' };
    assert.equal((await send('POST', path, { headers: type, body: 'x' })).status, 415);
    assert.equal((await send('POST', path, { body: '{' })).status, 400);
    const large = await send('POST', path, { body: configMap('large', { a: 'x'.repeat(3 * 1024 * 1024) }) });
    assert.equal(large.status, 413);
    assert.equal(large.json.message, 'Request entity too large: limit is 3145728');
    const patch = await send('PATCH', `${path}/yaml`, { body: '{}' });
    assert.equal(patch.status, 415);
    const apply = { 'content-type': 'application/apply-patch+yaml' };
    assert.equal((await send('PATCH', `${path}/yaml`, { headers: apply, body: '{}' })).status, 400);
  });

  test('warnings are told in headers', async () => {
    const body = JSON.stringify({ metadata: { name: 'warned' }, strange: 1 });
    const answer = await send('POST', '/api/v1/namespaces/warn/configmaps', { body });
    assert.equal(answer.headers.warning, '299 - "unknown field \\"strange\\""');
  });

  test('large answers are compressed for those who take it', async () => {
    const path = '/api/v1/namespaces/large/configmaps';
    await send('POST', path, { body: configMap('large', { a: 'x'.repeat(300_000) }) });
    const plain = await send('GET', `${path}/large`);
    assert.equal(plain.headers['content-encoding'], undefined);
    const small = await send('GET', `${path}/large`, { headers: { 'accept-encoding': 'gzip' } });
    assert.equal(small.headers['content-encoding'], 'gzip');
    assert.ok(Number(small.headers['content-length']) < 10_000);
  });

  test('a watch tells what happens, over HTTP/2, in JSON lines', async () => {
    const session: ClientHttp2Session = connect(api.url, { ca: api.ca });
    const path = '/api/v1/namespaces/watched/configmaps';
    const stream = session.request({ ':path': `${path}?watch=1`, ...ADMIN });
    let text = '';
    const lines = () => text.split('\n').filter((line) => line !== '');
    const changed = new Promise<void>((resolve) => {
      stream.setEncoding('utf8');
      stream.on('data', (chunk: string) => {
        text += chunk;
        if (lines().length === 2) resolve();
      });
    });
    await new Promise((resolve) => stream.once('response', resolve));
    await send('POST', path, { body: configMap('seen') });
    await send('DELETE', `${path}/seen`);
    await changed;
    const events = lines().map((line) => JSON.parse(line) as { type: string; object: { metadata: { name: string } } });
    assert.deepEqual(
      events.map(({ type, object }) => `${type} ${object.metadata.name}`),
      ['ADDED seen', 'DELETED seen'],
    );
    session.destroy();
  });

  test('a watch of a version that is gone answers an error event, and one with a time limit ends', async () => {
    for (let at = 0; at < 210; at++) {
      await send('PUT', '/api/v1/namespaces/kept/configmaps/often', { body: configMap('often', { at: String(at) }) });
      if (at === 0) await send('POST', '/api/v1/namespaces/kept/configmaps', { body: configMap('often') });
    }
    const old = await send('GET', '/api/v1/configmaps?watch=1&resourceVersion=1');
    assert.equal(old.status, 200);
    const event = JSON.parse(old.text) as { type: string; object: { code: number; reason: string } };
    assert.deepEqual([event.type, event.object.code, event.object.reason], ['ERROR', 410, 'Expired']);
    const short = await send('GET', '/api/v1/configmaps?watch=1&timeoutSeconds=1&labelSelector=none');
    assert.deepEqual([short.status, short.text], [200, '']);
  });

  test('who may not is told so in the words of upstream, who is not known is not let in', async () => {
    const credentials = await api.clientCertificate('jane', ['devs']);
    const refused = await send('GET', '/api/v1/namespaces/default/pods', { credentials });
    assert.equal(refused.status, 403);
    assert.equal(
      refused.json.message,
      'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"',
    );
    const wrong = await send('GET', '/api', { headers: { authorization: 'Bearer wrong' } });
    assert.equal(wrong.status, 401);
    const anonymous = await send('GET', '/metrics', { headers: { authorization: '' } });
    assert.equal(anonymous.json.message, 'forbidden: User "system:anonymous" cannot get path "/metrics"');
  });

  test('roles and bindings take effect as soon as they are there, and cannot give what their maker has not', async () => {
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    const rules = [
      { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] },
      { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'], verbs: ['create'] },
    ];
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'r' }, rules };
    await send('POST', `${rbac}/namespaces/rbac/roles`, { body: JSON.stringify(role) });
    const binding = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'b' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
      subjects: [{ kind: 'Group', name: 'readers', apiGroup: 'rbac.authorization.k8s.io' }],
    };
    await send('POST', `${rbac}/namespaces/rbac/rolebindings`, { body: JSON.stringify(binding) });
    const credentials = await api.clientCertificate('rita', ['readers']);
    assert.equal((await send('GET', '/api/v1/namespaces/rbac/configmaps', { credentials })).status, 200);
    assert.equal((await send('GET', '/api/v1/namespaces/other/configmaps', { credentials })).status, 403);
    const more = {
      ...role,
      metadata: { name: 'more' },
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }],
    };
    const escalated = await send('POST', `${rbac}/namespaces/rbac/roles`, { credentials, body: JSON.stringify(more) });
    assert.equal(escalated.status, 403);
    assert.equal(
      escalated.json.message,
      'roles.rbac.authorization.k8s.io "more" is forbidden: user "rita" (groups=["readers" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}',
    );
  });

  test('an administrator acts as somebody else, who may less', async () => {
    const asked = await send('GET', '/api/v1/pods', { headers: { 'impersonate-user': 'bob' } });
    assert.match(asked.json.message ?? '', /^pods is forbidden: User "bob" cannot list/);
    const group = { 'impersonate-user': 'bob', 'impersonate-group': 'system:masters' };
    assert.equal((await send('GET', '/api/v1/pods', { headers: group })).status, 200);
  });

  test('a service account token is issued, tells who it is, and dies with its account', async () => {
    const accounts = '/api/v1/namespaces/tokens/serviceaccounts';
    await send('POST', accounts, { body: JSON.stringify({ metadata: { name: 'robot' } }) });
    const issued = await send('POST', `${accounts}/robot/token`, { body: '{"spec":{"expirationSeconds":600}}' });
    assert.equal(issued.status, 201);
    const { token } = issued.json.status as { token: string };
    const review = () =>
      send('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { body: JSON.stringify({ spec: { token } }) });
    const good = (await review()).json.status as { authenticated: boolean; user: { username: string } };
    assert.deepEqual([good.authenticated, good.user.username], [true, 'system:serviceaccount:tokens:robot']);
    const short = await send('POST', `${accounts}/robot/token`, { body: '{"spec":{"expirationSeconds":5}}' });
    assert.equal(short.status, 422);
    await send('DELETE', `${accounts}/robot`);
    const bad = (await review()).json.status as { authenticated?: boolean };
    assert.equal(bad.authenticated, undefined);
  });

  test('discovery tells of groups, versions and resources, plain and aggregated', async () => {
    const groups = (await send('GET', '/apis')).json.groups as {
      name: string;
      preferredVersion: { version: string };
    }[];
    assert.equal(groups.find((group) => group.name === 'autoscaling')?.preferredVersion.version, 'v2');
    const core = (await send('GET', '/api/v1')).json.resources as { name: string; storageVersionHash?: string }[];
    assert.equal(core.find((resource) => resource.name === 'pods')?.storageVersionHash, 'xPOwRZ+Yhw8=');
    assert.ok(core.some((resource) => resource.name === 'pods/exec'));
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
    const all = await send('GET', '/apis', { headers: { accept } });
    assert.equal(all.json.kind, 'APIGroupDiscoveryList');
    const again = await send('GET', '/apis', { headers: { accept, 'if-none-match': String(all.headers.etag) } });
    assert.equal(again.status, 304);
  });

  test('health is told whole, check by check and without the excluded ones', async () => {
    assert.equal((await send('GET', '/readyz')).text, 'ok');
    assert.match(
      (await send('GET', '/readyz?verbose')).text,
      /\[\+\]poststarthook\/start ok\n(?:.*\n)*readyz check passed\n$/,
    );
    assert.match((await send('GET', '/livez?verbose&exclude=ping')).text, /\[\+\]ping excluded: ok/);
    assert.equal((await send('GET', '/healthz/ping')).text, 'ok');
    assert.equal((await send('GET', '/healthz/nothing')).status, 404);
  });

  test('OpenAPI documents describe the fields, and an old hash leads to the new one', async () => {
    const index = (await send('GET', '/openapi/v3')).json.paths as Record<string, { serverRelativeURL: string }>;
    const { serverRelativeURL = '' } = index['apis/apps/v1'] ?? {};
    const document = await send('GET', serverRelativeURL);
    assert.equal(document.headers['cache-control'], 'public, immutable');
    const schemas = (
      document.json.components as { schemas: Record<string, { properties: Record<string, { description: string }> }> }
    ).schemas;
    assert.match(
      schemas['io.k8s.api.apps.v1.DeploymentSpec']?.properties.replicas?.description ?? '',
      /Number of desired pods/,
    );
    const old = await send('GET', '/openapi/v3/apis/apps/v1?hash=OLD');
    assert.deepEqual([old.status, old.headers.location], [301, serverRelativeURL]);
    const whole = (await send('GET', '/openapi/v2')).json as { definitions?: Record<string, unknown> };
    for (const text of JSON.stringify(whole).matchAll(/"#\/definitions\/([^"]+)"/g)) {
      assert.ok(whole.definitions?.[text[1] ?? ''], `${text[1]} is referred to but not there`);
    }
  });

  test('metrics count the requests', async () => {
    const { text } = await send('GET', '/metrics');
    assert.match(text, /^apiserver_request_total\{.*resource="configmaps".*verb="CREATE".*\} \d+$/m);
    assert.match(text, /^apiserver_storage_objects\{resource="configmaps"\} \d+$/m);
  });

  test('the version and the issuer of tokens are told', async () => {
    assert.equal((await send('GET', '/version')).json.gitVersion, 'v1.36.0+wherry');
    const provider = (await send('GET', '/.well-known/openid-configuration')).json;
    assert.equal(provider.jwks_uri, `${String(provider.issuer)}/openid/v1/jwks`);
    assert.equal(((await send('GET', '/openid/v1/jwks')).json.keys as unknown[]).length, 1);
  });

  test('kubectl applies with validation, gets tables, explains and asks what it may', async () => {
    const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: k, namespace: kubectl}\ndata: {a: b}\n';
    assert.match((await kubectl.run(['create', 'namespace', 'kubectl'])).out, /namespace\/kubectl created/);
    assert.match((await kubectl.run(['apply', '-f', '-'], manifest)).out, /configmap\/k created/);
    assert.match((await kubectl.run(['get', 'cm', '-n', 'kubectl'])).out, /NAME +DATA +AGE\nk +1 /);
    assert.match(
      (await kubectl.run(['explain', 'deployment.spec.strategy'])).out,
      /FIELD: strategy <DeploymentStrategy>/,
    );
    assert.match((await kubectl.run(['auth', 'can-i', 'create', 'pods'])).out, /^yes/m);
    assert.match((await kubectl.run(['auth', 'whoami'])).out, /Username +admin/);
    assert.match((await kubectl.run(['get', 'pods', '--as', 'bob'])).out, /User "bob" cannot list resource "pods"/);
    assert.match((await kubectl.run(['delete', 'cm', 'k', '-n', 'kubectl'])).out, /configmap "k" deleted/);
  });
});
