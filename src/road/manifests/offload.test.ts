import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ingress, Service } from '../../engine/kinds/index.ts';
import type { Manifest } from './contract.ts';
import { addressOf, type OldSystem, offloadObjects, oldSystemsIn, shareName } from './offload.ts';

const system: OldSystem = {
  name: 'legacy',
  namespace: 'shops',
  host: 'shop.example.com',
  at: { host: '192.0.2.7', port: 8080 },
  moved: [
    { path: '/api', service: 'api', port: 80, sharePercent: 100 },
    { path: '/users', service: 'users', port: 80, sharePercent: 10 },
  ],
};
const find = (objects: readonly Manifest[], kind: string, name: string) => {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  assert.ok(found, `${kind}/${name}`);
  return found as unknown as Ingress & Service;
};
const rulesOf = (ingress: Ingress): string[] =>
  (ingress.spec.rules ?? []).flatMap(({ host, http }) =>
    (http?.paths ?? []).map(({ path, backend }) => `${host ?? '*'}${path} ${backend.service?.name}`),
  );

test('what is moved leads to its service, a share beside a rule for the same path, the rest to the old system', () => {
  const objects = offloadObjects(system);
  assert.deepEqual(rulesOf(find(objects, 'Ingress', 'legacy')), [
    'shop.example.com/ legacy',
    'shop.example.com/api api',
    'shop.example.com/users legacy',
  ]);
  const share = find(objects, 'Ingress', shareName('legacy', '/users'));
  assert.deepEqual(rulesOf(share), ['shop.example.com/users users']);
  assert.equal(share.metadata.annotations?.['nginx.ingress.kubernetes.io/canary'], 'true');
  assert.equal(share.metadata.annotations?.['nginx.ingress.kubernetes.io/canary-weight'], '10');
});

test('when all is moved nothing leads to the old system', () => {
  const moved = [{ path: '/', service: 'new', port: 80, sharePercent: 100 }];
  assert.deepEqual(rulesOf(find(offloadObjects({ ...system, moved }), 'Ingress', 'legacy')), ['shop.example.com/ new']);
});

test('the objects tell the whole state again', () => {
  const shapes: OldSystem[] = [
    system,
    { ...system, host: undefined, at: { host: 'old.example.com', port: 80 }, moved: [] },
    { ...system, at: { host: '2001:db8::7', port: 80 } },
  ];
  for (const shape of shapes) {
    const objects = offloadObjects(shape) as unknown as (Ingress & Service)[];
    const of = (kind: string) => objects.filter((object) => object.kind === kind);
    assert.deepEqual(oldSystemsIn(of('Ingress'), of('Service')), [shape]);
  }
});

test('two paths of the same words have names of their own', () => {
  assert.notEqual(shareName('legacy', '/a/b'), shareName('legacy', '/a-b'));
  assert.match(shareName('legacy', '/'), /^legacy-[0-9a-f]{6}$/);
});

test('an address is a name or an IP with a port; anything else is refused', () => {
  assert.deepEqual(addressOf('Old.Example.com'), { host: 'old.example.com', port: 80 });
  assert.deepEqual(addressOf('[2001:db8::7]:81'), { host: '2001:db8::7', port: 81 });
  for (const text of ['', 'http://x', 'x:0', 'x:99999', 'a b', '2001:db8::7']) {
    assert.throws(() => addressOf(text), /--legacy: ".*" is no HOST:PORT/, text);
  }
});
