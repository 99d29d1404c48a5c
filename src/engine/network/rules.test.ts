import assert from 'node:assert/strict';
import { test } from 'node:test';
import { staleUdpFlows } from './conntrack.ts';
import type { ServicePortRule } from './contract.ts';
import { SETTINGS } from './own-namespaces.test.ts';
import { difference, RuleCompiler } from './rules.ts';

const rule = (more: Partial<ServicePortRule>): ServicePortRule => ({
  name: 'default/web:http',
  protocol: 'TCP',
  addresses: ['10.96.0.50'],
  port: 80,
  endpoints: [{ address: '10.244.0.2', port: 8080 }],
  ...more,
});
const compile = (...services: ServicePortRule[]) => new RuleCompiler(SETTINGS).compile(services, []);

test('equal states differ in nothing, and one change touches one service', () => {
  const other = rule({ name: 'default/other:http', addresses: ['10.96.0.51'] });
  assert.equal(difference(compile(rule({}), other), compile(rule({}), { ...other })), '');
  const change = difference(
    compile(rule({}), other),
    compile(rule({ endpoints: [{ address: '10.244.0.2', port: 9090 }] }), other),
  );
  assert.match(change, /flush chain ip wherry svc\/tcp\/default\/web\/http\n/);
  assert.doesNotMatch(change, /other/);
  assert.doesNotMatch(change, /element/);
});

test('of two claims to one address and port the first has it', () => {
  const { elements } = compile(rule({ name: 'default/a:' }), rule({ name: 'default/b:' }));
  assert.equal(elements.get('services 10.96.0.50 . tcp . 80'), 'goto svc/tcp/default/a/');
});

test('long names stay unique where the kernel would cut them', () => {
  const long = 'x'.repeat(120);
  const { chains } = compile(
    rule({ name: `${long}/a:`, addresses: ['10.96.0.1'] }),
    rule({ name: `${long}/b:`, addresses: ['10.96.0.2'] }),
  );
  assert.equal(chains.size, 2);
  for (const name of chains.keys()) assert.ok(name.length <= 100, name);
});

test('two rules of one name have a chain each', () => {
  const { chains } = compile(rule({}), rule({ addresses: ['10.96.0.51'] }));
  assert.equal(chains.size, 2);
});

test('the DNS service is answered by the node and has no rule', () => {
  const { elements } = compile(rule({ addresses: [SETTINGS.dnsAddress], port: 53, protocol: 'UDP', endpoints: [] }));
  assert.equal(elements.size, 0);
});

test('datagram flows are forgotten for endpoints that went and ports that led nowhere, and for nothing else', () => {
  const udp = rule({ protocol: 'UDP', nodePort: 30053 });
  assert.deepEqual(staleUdpFlows(SETTINGS, [udp], [udp]), []);
  assert.deepEqual(staleUdpFlows(SETTINGS, [rule({})], []), []);
  const toEndpoint = ['-r', '10.244.0.2', '--reply-port-src', '8080'];
  assert.deepEqual(staleUdpFlows(SETTINGS, [udp], [rule({ protocol: 'UDP', endpoints: [] })]), [
    ['-D', '-p', 'udp', '-d', '10.96.0.50', ...toEndpoint],
    ['-D', '-p', 'udp', '-d', SETTINGS.nodeAddress, ...toEndpoint],
  ]);
  assert.deepEqual(staleUdpFlows(SETTINGS, [], [udp]), [
    ['-D', '-p', 'udp', '-d', '10.96.0.50', '--orig-port-dst', '80'],
    ['-D', '-p', 'udp', '-d', SETTINGS.nodeAddress, '--orig-port-dst', '30053'],
  ]);
});
