import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IngressRule } from './contract.ts';
import { IngressRoutes } from './ingress-routes.ts';

const rule = (host: string, path: string, pathType: IngressRule['pathType'] = 'Prefix'): IngressRule => ({
  host,
  path,
  pathType,
  backends: [],
  owner: `${host}${path}${pathType === 'Exact' ? '!' : ''}`,
});

test('the more exact host and path win, whatever their order', () => {
  const rules = [
    rule('', '/'),
    rule('*.foo.com', '/'),
    rule('bar.foo.com', '/a'),
    rule('bar.foo.com', '/a/b'),
    rule('bar.foo.com', '/a/b', 'Exact'),
    rule('bar.foo.com', '/slash/'),
    rule('bar.foo.com', '/exact/', 'Exact'),
  ];
  const expected: [string, string, string][] = [
    ['bar.foo.com', '/a', 'bar.foo.com/a'],
    ['BAR.foo.com:8080', '/a/x?q=/a/b', 'bar.foo.com/a'],
    ['bar.foo.com', '/a/b', 'bar.foo.com/a/b!'],
    ['bar.foo.com', '/a/b/', 'bar.foo.com/a/b'],
    ['bar.foo.com', '/a/b/c', 'bar.foo.com/a/b'],
    ['bar.foo.com', '/ab', '*.foo.com/'],
    ['bar.foo.com', '/slash', 'bar.foo.com/slash/'],
    ['bar.foo.com', '/exact', '*.foo.com/'],
    ['other.foo.com', '/a', '*.foo.com/'],
    ['deep.other.foo.com', '/a', '/'],
    ['foo.com', '/', '/'],
    ['127.0.0.1:80', '/', '/'],
  ];
  for (const list of [rules, [...rules].reverse()]) {
    const routes = new IngressRoutes({ rules: list, certificates: new Map() });
    for (const [host, path, owner] of expected) {
      assert.equal(routes.find(host, path)?.owner, owner, `${host}${path}`);
    }
  }
});

test('without a rule that matches there is none', () => {
  const routes = new IngressRoutes({ rules: [rule('a.com', '/x')], certificates: new Map() });
  assert.equal(routes.find('a.com', '/'), undefined);
  assert.equal(routes.find('b.com', '/x'), undefined);
});

const backends = [{ address: '10.0.0.1', port: 80 }];
const canaryRule = (canary: NonNullable<IngressRule['canary']>): IngressRule => ({
  ...rule('a.com', '/'),
  backends,
  owner: 'canary',
  canary,
});

test('a canary gets its share exactly, evenly spread, and nothing of other paths', () => {
  const state = { rules: [canaryRule({ weightPercent: 20 }), rule('a.com', '/'), rule('a.com', '/other')] };
  const routes = new IngressRoutes({ ...state, certificates: new Map() });
  const owners = Array.from({ length: 100 }, () => routes.find('a.com', '/x')?.owner);
  assert.equal(owners.filter((owner) => owner === 'canary').length, 20);
  assert.equal(owners.slice(0, 10).filter((owner) => owner === 'canary').length, 2);
  assert.equal(routes.find('a.com', '/other/x')?.owner, 'a.com/other');
});

test('a header goes before a cookie, a cookie before the share', () => {
  const state = { rules: [rule('a.com', '/'), canaryRule({ weightPercent: 0, header: 'x-new', cookie: 'new' })] };
  const routes = new IngressRoutes({ ...state, certificates: new Map() });
  const owner = (headers: Record<string, string>) => routes.find('a.com', '/', headers)?.owner;
  assert.equal(owner({}), 'a.com/');
  assert.equal(owner({ 'x-new': 'always' }), 'canary');
  assert.equal(owner({ cookie: 'a=b; new=always' }), 'canary');
  assert.equal(owner({ 'x-new': 'never', cookie: 'new=always' }), 'a.com/');
});

test('a canary without backends or without a plain rule of the same claim takes nothing', () => {
  const empty = { ...canaryRule({ weightPercent: 100 }), backends: [] };
  const routes = new IngressRoutes({ rules: [rule('a.com', '/'), empty], certificates: new Map() });
  assert.equal(routes.find('a.com', '/')?.owner, 'a.com/');
  const alone = new IngressRoutes({ rules: [canaryRule({ weightPercent: 100 })], certificates: new Map() });
  assert.equal(alone.find('a.com', '/'), undefined);
});
