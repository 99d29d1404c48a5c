import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ingress, Service } from '../kinds/index.ts';
import { doorClaims } from './door-claims.ts';

const SETTINGS = {
  loadBalancerAddress: '127.0.0.1',
  nodeAddress: '10.243.0.2',
  ingressDoors: { http: 80, https: 443 },
};
const object = (name: string, since: number) => ({
  name,
  namespace: 'default',
  creationTimestamp: `2026-01-01T00:00:0${since}Z`,
});
const balanced = (name: string, since: number, port: number, nodePort?: number): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: object(name, since) as Service['metadata'],
  spec: { type: 'LoadBalancer', clusterIP: '10.96.0.5', ports: [{ port, ...(nodePort ? { nodePort } : {}) }] },
  status: {},
});
const ingress = (since: number): Ingress => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: object('in', since) as Ingress['metadata'],
  spec: {},
  status: {},
});
const holders = (services: Service[], ingresses: Ingress[]) =>
  Object.fromEntries(
    doorClaims(services, ingresses, SETTINGS).claims.map(({ door, service }) => [door.hostPort, service ?? 'ingress']),
  );

test('a load balancer opens its ports and node ports, each leading to the address it stands for', () => {
  const { claims } = doorClaims([balanced('web', 1, 8080, 30080)], [], { ...SETTINGS, ingressDoors: undefined });
  assert.deepEqual(
    claims.map(({ door, purpose }) => [door.hostPort, door.address, door.port, purpose]),
    [
      [8080, '10.96.0.5', 8080, 'loadBalancer'],
      [30080, '10.243.0.2', 30080, 'nodePort'],
    ],
  );
});

test('of two that want one port the older has it; the ingress server is as old as its oldest ingress', () => {
  assert.deepEqual(holders([balanced('b', 2, 80), balanced('a', 1, 80)], []), { 80: 'default/a', 443: 'ingress' });
  assert.deepEqual(holders([balanced('a', 1, 80)], [ingress(2)]), { 80: 'default/a', 443: 'ingress' });
  assert.deepEqual(holders([balanced('a', 3, 80)], [ingress(2)]), { 80: 'ingress', 443: 'ingress' });
  const { lost } = doorClaims([balanced('a', 3, 80)], [ingress(2)], SETTINGS);
  assert.deepEqual(
    lost.map(({ claim, holder }) => [claim.service, holder.purpose]),
    [['default/a', 'ingress']],
  );
});

test('services with a load balancer class of their own, and those without an address, open nothing', () => {
  const classed = balanced('a', 1, 8080);
  classed.spec.loadBalancerClass = 'other';
  const pending = balanced('b', 1, 8081);
  pending.spec.clusterIP = '';
  assert.deepEqual(holders([classed, pending], []), { 80: 'ingress', 443: 'ingress' });
});
