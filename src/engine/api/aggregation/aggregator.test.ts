import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:https';
import { after, before, describe, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { type Kubectl, kubectlOf, startTestApi, type TestApi } from '../harness.test.ts';

describe('an API of another server', () => {
  let api: TestApi;
  let other: Server;
  let kubectl: Kubectl;

  before(async () => {
    api = await startTestApi({});
    const { certificate, key } = await api.serverCertificate('fruits.orchard.svc');
    const options = { cert: certificate, key, ca: api.ca, requestCert: true, rejectUnauthorized: true };
    other = createServer(options, (request, response) => {
      const from = (request.socket as TLSSocket).getPeerCertificate().subject.CN;
      response.setHeader('content-type', 'application/json');
      const base = { apiVersion: 'fruit.example/v1', kind: 'Apple' };
      if (request.url === '/apis/fruit.example/v1') {
        const verbs = ['get', 'list'];
        const resources = [{ name: 'apples', singularName: 'apple', namespaced: false, kind: 'Apple', verbs }];
        const list = { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: 'fruit.example/v1', resources };
        response.end(JSON.stringify(list));
      } else {
        const asked = `${request.headers['x-remote-user']} ${request.headers['x-remote-group']} by ${from}`;
        response.end(JSON.stringify({ ...base, metadata: { name: 'a', annotations: { asked } } }));
      }
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    kubectl = kubectlOf(api);
    const objects = [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'fruits', namespace: 'orchard' },
        spec: { ports: [{ port: 443, targetPort: port }] },
      },
      {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name: 'fruits', namespace: 'orchard', labels: { 'kubernetes.io/service-name': 'fruits' } },
        addressType: 'IPv4',
        ports: [{ name: '', port, protocol: 'TCP' }],
        endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
      },
      {
        apiVersion: 'apiregistration.k8s.io/v1',
        kind: 'APIService',
        metadata: { name: 'v1.fruit.example' },
        spec: {
          group: 'fruit.example',
          version: 'v1',
          groupPriorityMinimum: 1000,
          versionPriority: 10,
          service: { name: 'fruits', namespace: 'orchard' },
          caBundle: Buffer.from(api.ca).toString('base64'),
        },
      },
    ];
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    const { code, out } = await kubectl.run(['create', '-f', '-', '--validate=false'], list);
    assert.equal(code, 0, out);
  });
  after(async () => {
    kubectl.remove();
    await api.close();
    await new Promise((resolve) => {
      other.closeAllConnections();
      other.close(resolve);
    });
  });

  test('is discovered and reached by kubectl, with the name of who asks', async () => {
    const { out } = await kubectl.run(['get', 'apples', 'a', '-o', 'jsonpath={.metadata.annotations.asked}']);
    assert.equal(out, 'admin system:masters, system:authenticated by front-proxy');
    assert.match((await kubectl.run(['api-resources'])).out, /apples +fruit\.example\/v1 +false +Apple/);
  });

  test('is authorised here first', async () => {
    const { out } = await kubectl.run(['get', '--raw', '/apis/fruit.example/v1/apples', '--as', 'bob']);
    assert.match(out, /apples\.fruit\.example is forbidden: User "bob" cannot list resource "apples"/);
  });

  test('is unavailable, and stale in discovery, when nothing answers', async () => {
    await kubectl.run(['delete', 'endpointslice', 'fruits', '-n', 'orchard']);
    const { out } = await kubectl.run(['get', '--raw', '/apis/fruit.example/v1/apples']);
    assert.match(out, /no endpoints available for service "fruits"/);
    assert.match((await kubectl.run(['get', 'namespaces'])).out, /No resources found/);
  });
});
