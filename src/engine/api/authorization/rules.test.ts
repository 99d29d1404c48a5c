import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PolicyRule } from '../../kinds/index.ts';
import type { Attributes } from './attributes.ts';
import { forbiddenMessage } from './attributes.ts';
import { defaultRoles } from './default-roles.ts';
import { nodeDecision } from './node.ts';
import { rule, urls } from './role-builder.ts';
import { compactRules, compactString, missingRules, ruleAllows } from './rules.ts';

const asked = (more: Partial<Attributes>): Attributes => ({
  user: { name: 'jane', groups: [] },
  verb: 'get',
  isResource: true,
  namespace: 'default',
  group: '',
  version: 'v1',
  resource: 'pods',
  subresource: '',
  name: '',
  path: '',
  ...more,
});

test('a rule allows its verbs on its resources, subresources only when they are named', () => {
  assert.ok(ruleAllows(rule('get', 'core', 'pods'), asked({})));
  assert.ok(!ruleAllows(rule('get', 'core', 'pods'), asked({ subresource: 'log' })));
  assert.ok(ruleAllows(rule('get', 'core', 'pods/log'), asked({ subresource: 'log' })));
  assert.ok(
    ruleAllows(rule('get', '*', '*/scale'), asked({ group: 'apps', resource: 'deployments', subresource: 'scale' })),
  );
  assert.ok(!ruleAllows(rule('get', '*', '*/scale'), asked({ subresource: 'status' })));
  assert.ok(!ruleAllows(rule('get', 'apps', 'pods'), asked({})));
  assert.ok(!ruleAllows(rule('list', 'core', 'pods'), asked({})));
  assert.ok(ruleAllows(rule('get', 'core', 'pods', 'a b'), asked({ name: 'b' })));
  assert.ok(!ruleAllows(rule('get', 'core', 'pods', 'a b'), asked({ name: '' })));
});

test('paths match whole or by a star at the end', () => {
  const path = (value: string) => asked({ isResource: false, path: value });
  assert.ok(ruleAllows(urls('get', '/healthz'), path('/healthz')));
  assert.ok(!ruleAllows(urls('get', '/healthz'), path('/healthz/ping')));
  assert.ok(ruleAllows(urls('get', '/apis/*'), path('/apis/apps/v1')));
});

test('what a role would give beyond what its maker has is found and told compactly', () => {
  const owned: PolicyRule[] = [rule('get list', 'core', 'pods'), rule('*', 'apps', '*')];
  assert.deepEqual(missingRules(owned, [rule('get', 'core', 'pods'), rule('delete', 'apps', 'deployments')]), []);
  assert.deepEqual(missingRules(owned, [rule('get', 'core', 'pods', 'one')]), []);
  const missing = missingRules(owned, [rule('get delete watch', 'core', 'pods secrets')]);
  assert.deepEqual(compactRules(missing).map(compactString), [
    '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "delete" "watch"]}',
    '{APIGroups:[""], Resources:["pods"], Verbs:["delete" "watch"]}',
  ]);
});

test('a refusal is worded as upstream words it', () => {
  assert.equal(
    forbiddenMessage(asked({ verb: 'list' }), ''),
    'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"',
  );
  assert.equal(
    forbiddenMessage(
      asked({ group: 'apps', resource: 'deployments', subresource: 'scale', name: 'd', namespace: '' }),
      'RBAC: x',
    ),
    'deployments.apps "d" is forbidden: User "jane" cannot get resource "deployments/scale" in API group "apps" at the cluster scope: RBAC: x',
  );
  assert.equal(
    forbiddenMessage(asked({ isResource: false, path: '/metrics' }), ''),
    'forbidden: User "jane" cannot get path "/metrics"',
  );
});

test('a node writes its own node object and no other', () => {
  const node = { name: 'system:node:one', groups: ['system:nodes'] };
  const patch = { user: node, verb: 'patch', namespace: '', resource: 'nodes', subresource: 'status' };
  assert.equal(nodeDecision(asked({ ...patch, name: 'one' }))?.allowed, true);
  assert.equal(nodeDecision(asked({ ...patch, name: 'two' }))?.allowed, false);
  assert.equal(nodeDecision(asked({ user: node, verb: 'delete', resource: 'deployments', group: 'apps' })), undefined);
});

test('every binding of the default policy refers to a role of it, and no name comes twice', () => {
  const drafts = defaultRoles() as {
    kind?: string;
    metadata: { name?: string; namespace?: string };
    roleRef?: { kind: string; name: string };
  }[];
  const key = (kind: string | undefined, namespace: string | undefined, name: string | undefined) =>
    `${kind} ${namespace ?? ''} ${name}`;
  const names = drafts.map(({ kind, metadata }) => key(kind, metadata.namespace, metadata.name));
  assert.equal(new Set(names).size, names.length);
  for (const { roleRef, metadata } of drafts) {
    if (!roleRef) continue;
    const namespace = roleRef.kind === 'Role' ? metadata.namespace : undefined;
    assert.ok(names.includes(key(roleRef.kind, namespace, roleRef.name)), `${metadata.name} -> ${roleRef.name}`);
  }
});
