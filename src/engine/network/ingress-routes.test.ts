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
