import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndpointSlice, Ingress, IngressClass, IngressSpec, Secret, Service } from '../kinds/index.ts';
import { type IngressWorld, ingressState, isServed } from './ingress-state.ts';

const classes: Record<string, string> = {
  wherry: 'example.com/own',
  same: 'example.com/own',
  nginx: 'k8s.io/ingress-nginx',
};
const web = {
  metadata: { name: 'web', namespace: 'default' },
  spec: { clusterIP: '10.96.0.5', ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
} as Service;
const slice = {
  addressType: 'IPv4',
  metadata: { name: 'web-1', namespace: 'default' },
  ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  endpoints: [{ addresses: ['10.244.0.5'], conditions: { ready: true } }],
} as EndpointSlice;
const secret = {
  data: { 'tls.crt': Buffer.from('CERT').toString('base64'), 'tls.key': Buffer.from('KEY').toString('base64') },
} as unknown as Secret;

const world: IngressWorld = {
  className: 'wherry',
  classOf: (name) => (classes[name] ? ({ spec: { controller: classes[name] } } as IngressClass) : undefined),
  service: (namespace, name) => (`${namespace}/${name}` === 'default/web' ? web : undefined),
  slices: (namespace, name) => (`${namespace}/${name}` === 'default/web' ? [slice] : []),
  secret: (namespace, name) => (`${namespace}/${name}` === 'default/tls' ? secret : undefined),
};
const ingress = (name: string, spec: IngressSpec, annotations: Record<string, string> = {}): Ingress => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: {
    name,
    namespace: 'default',
    annotations,
    creationTimestamp: '2026-01-01T00:00:00Z',
  } as Ingress['metadata'],
  spec,
  status: {},
});

test('an ingress is served by its class, by the controller of its class, or without any class', () => {
  const served = (spec: IngressSpec, annotations = {}) => isServed(ingress('a', spec, annotations), world);
  assert.equal(served({ ingressClassName: 'wherry' }), true);
  assert.equal(served({ ingressClassName: 'same' }), true);
  assert.equal(served({}), true);
  assert.equal(served({ ingressClassName: 'nginx' }), false);
  assert.equal(served({ ingressClassName: 'unknown' }), false);
  assert.equal(served({}, { 'kubernetes.io/ingress.class': 'nginx' }), false);
});

test('paths lead to endpoints by port name or number, and what cannot be led keeps its rule without backends', () => {
  const backend = (name: string, port: { name?: string; number?: number }) => ({ service: { name, port } });
  const { state, sources } = ingressState(
    [
      ingress('a', {
        defaultBackend: backend('web', { number: 80 }),
        rules: [
          {
            host: 'App.test',
            http: {
              paths: [
                { path: '/', pathType: 'Prefix', backend: backend('web', { name: 'http' }) },
                { path: '/no-port', pathType: 'Exact', backend: backend('web', { number: 81 }) },
                { path: '/no-service', pathType: 'Exact', backend: backend('gone', { number: 80 }) },
              ],
            },
          },
        ],
        tls: [
          { hosts: ['App.test'], secretName: 'tls' },
          { hosts: ['b.test'], secretName: 'missing' },
        ],
      }),
    ],
    world,
  );
  const pod = [{ address: '10.244.0.5', port: 8080 }];
  assert.deepEqual(
    state.rules.map(({ host, path, backends }) => [host, path, backends]),
    [
      ['App.test', '/', pod],
      ['App.test', '/no-port', []],
      ['App.test', '/no-service', []],
      ['', '/', pod],
    ],
  );
  assert.deepEqual([...state.certificates], [['app.test', { certificate: 'CERT', key: 'KEY' }]]);
  assert.deepEqual([...sources.services].sort(), ['default/gone', 'default/web']);
  assert.deepEqual([...sources.secrets].sort(), ['default/missing', 'default/tls']);
});

test('the canary annotations of ingress-nginx reach the rule, and a canary is never the default', () => {
  const spec: IngressSpec = {
    rules: [
      {
        http: {
          paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }],
        },
      },
    ],
    defaultBackend: { service: { name: 'web', port: { number: 80 } } },
  };
  const said = (key: string) => `nginx.ingress.kubernetes.io/${key}`;
  const annotations = { [said('canary')]: 'true', [said('canary-weight')]: '1', [said('canary-weight-total')]: '4' };
  const { state } = ingressState([ingress('b', spec, annotations)], world);
  assert.deepEqual(
    state.rules.map(({ canary }) => canary),
    [{ weightPercent: 25 }],
  );
  assert.equal(ingressState([ingress('b', spec, { [said('canary')]: 'false' })], world).state.rules.length, 2);
});
