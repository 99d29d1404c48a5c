import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint, EndpointSlice, Service, ServiceSpec } from '../kinds/index.ts';
import { namesOf } from './service-names.ts';
import { rulesOf } from './service-rules.ts';

function service(spec: ServiceSpec, labels: Record<string, string> = {}): Service {
  const metadata = { name: 'web', namespace: 'default', labels } as Service['metadata'];
  return { apiVersion: 'v1', kind: 'Service', metadata, spec, status: {} };
}

function slice(endpoints: Endpoint[], ports = [{ name: 'http', port: 8080, protocol: 'TCP' }]): EndpointSlice {
  const metadata = { name: 'web-1', namespace: 'default' } as EndpointSlice['metadata'];
  return { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4', metadata, endpoints, ports };
}

const end = (address: string, conditions: Endpoint['conditions'] = {}, more: Partial<Endpoint> = {}): Endpoint => ({
  addresses: [address],
  conditions,
  nodeName: 'here',
  ...more,
});
const PORTS = [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }];
const LEAVING = { ready: false, serving: true, terminating: true };
const addresses = (spec: ServiceSpec, slices: EndpointSlice[]) =>
  rulesOf(service(spec), slices, 'here').map((rule) => rule.endpoints.map(({ address }) => address));

test('a service leads to its ready endpoints, each once, in a steady order', () => {
  const slices = [
    slice([end('10.0.0.2'), end('10.0.0.3', { ready: false })]),
    slice([end('10.0.0.1'), end('10.0.0.2')]),
  ];
  assert.deepEqual(
    rulesOf(service({ clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1', 'fd00::1'], ports: PORTS }), slices, 'here'),
    [
      {
        name: 'default/web:http',
        protocol: 'TCP',
        port: 80,
        addresses: ['10.96.0.1'],
        endpoints: [
          { address: '10.0.0.1', port: 8080 },
          { address: '10.0.0.2', port: 8080 },
        ],
      },
    ],
  );
});

test('endpoints that terminate but still serve are used only when no other is ready', () => {
  const spec = { clusterIP: '10.96.0.1', ports: PORTS };
  const gone = end('10.0.0.3', { ready: false, serving: false, terminating: true });
  assert.deepEqual(addresses(spec, [slice([end('10.0.0.1'), end('10.0.0.2', LEAVING), gone])]), [['10.0.0.1']]);
  assert.deepEqual(addresses(spec, [slice([end('10.0.0.2', LEAVING), gone])]), [['10.0.0.2']]);
});

test('headless and external services, and those of another proxy, have no rules', () => {
  const slices = [slice([end('10.0.0.1')])];
  assert.deepEqual(addresses({ clusterIP: 'None', ports: PORTS }, slices), []);
  assert.deepEqual(addresses({ type: 'ExternalName', externalName: 'example.org' }, slices), []);
  const other = service({ clusterIP: '10.96.0.1', ports: PORTS }, { 'service.kubernetes.io/service-proxy-name': 'x' });
  assert.deepEqual(rulesOf(other, slices, 'here'), []);
});

test('a local traffic policy holds for its own kind of addresses only', () => {
  const slices = [slice([end('10.0.0.1'), end('10.0.0.2', {}, { nodeName: 'elsewhere' })])];
  const ports = [{ ...PORTS[0], port: 80, nodePort: 30080 }];
  const spec = { clusterIP: '10.96.0.1', externalIPs: ['192.0.2.1'], externalTrafficPolicy: 'Local', ports };
  const [inside, outside] = rulesOf(service(spec), slices, 'here');
  assert.deepEqual([inside?.addresses, inside?.endpoints.length, inside?.nodePort], [['10.96.0.1'], 2, undefined]);
  assert.deepEqual([outside?.addresses, outside?.endpoints.length, outside?.nodePort], [['192.0.2.1'], 1, 30080]);
});

test('client affinity lasts three hours unless the service says otherwise', () => {
  const slices = [slice([end('10.0.0.1')])];
  const spec = { clusterIP: '10.96.0.1', ports: PORTS, sessionAffinity: 'ClientIP' };
  assert.equal(rulesOf(service(spec), slices, 'here')[0]?.affinitySeconds, 10_800);
  const short = { ...spec, sessionAffinityConfig: { clientIP: { timeoutSeconds: 5 } } };
  assert.equal(rulesOf(service(short), slices, 'here')[0]?.affinitySeconds, 5);
});

test('a service with an address has a name, a reverse name and its named ports', () => {
  const names = namesOf(service({ clusterIP: '10.96.0.1', ports: PORTS }), [], 'cluster.local');
  const own = 'web.default.svc.cluster.local';
  assert.deepEqual([...names.addresses], [[own, ['10.96.0.1']]]);
  assert.deepEqual([...names.names], [['10.96.0.1', own]]);
  assert.deepEqual(names.services.get(`_http._tcp.${own}`), [{ target: own, port: 80 }]);
});

test('a headless service has its ready pods for addresses, and each of them has a name', () => {
  const pods = [
    end('10.0.0.1', {}, { hostname: 'db-0' }),
    end('10.0.0.2'),
    end('10.0.0.3', LEAVING),
    end('10.0.0.4', { ready: false }),
  ];
  const names = namesOf(service({ clusterIP: 'None', ports: PORTS }), [slice(pods)], 'cluster.local');
  const own = 'web.default.svc.cluster.local';
  assert.deepEqual(Object.fromEntries(names.addresses), {
    [own]: ['10.0.0.1', '10.0.0.2'],
    [`db-0.${own}`]: ['10.0.0.1'],
    [`10-0-0-2.${own}`]: ['10.0.0.2'],
  });
  assert.deepEqual(names.services.get(`_http._tcp.${own}`), [
    { target: `db-0.${own}`, port: 8080 },
    { target: `10-0-0-2.${own}`, port: 8080 },
  ]);
  assert.equal(names.names.get('10.0.0.1'), `db-0.${own}`);
});

test('an external name is an alias', () => {
  const names = namesOf(service({ type: 'ExternalName', externalName: 'example.org.' }), [], 'cluster.local');
  assert.deepEqual([...names.aliases], [['web.default.svc.cluster.local', 'example.org']]);
});
