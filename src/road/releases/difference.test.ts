import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Manifest } from '../manifests/index.ts';
import { asWanted, differences } from './difference.ts';
import { unified } from './unified.ts';

const object = (kind: string, rest: object, name = 'shop'): Manifest => ({
  apiVersion: 'v1',
  kind,
  metadata: { name },
  ...rest,
});

test('patch, given the hunks, makes the new text of the old', () => {
  const folder = mkdtempSync(join(tmpdir(), 'unified-'));
  let seed = 5;
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  try {
    for (let round = 0; round < 25; round++) {
      const before = Array.from({ length: random(40) }, () => `line ${random(6)}`);
      const after = before.flatMap((line) => [[line], [], [`new ${random(3)}`, line], [line], [line]][random(5)] ?? []);
      writeFileSync(join(folder, 'file'), before.map((line) => `${line}\n`).join(''));
      const hunks = unified(before, after);
      if (before.join() === after.join()) assert.deepEqual(hunks, []);
      else {
        const input = ['--- file', '+++ file', ...hunks, ''].join('\n');
        const said = spawnSync('patch', ['-s', '-o', '-', join(folder, 'file')], { input, encoding: 'utf8' });
        assert.equal(said.stdout, after.map((line) => `${line}\n`).join(''), `${said.stderr}\n${input}`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('it is the shortest: one line changed in a thousand is one line out and one in', () => {
  const before = Array.from({ length: 1000 }, (_, index) => String(index));
  const after = before.with(500, 'other');
  assert.deepEqual(unified(before, after), [
    '@@ -498,7 +498,7 @@',
    ' 497',
    ' 498',
    ' 499',
    '-500',
    '+other',
    ' 501',
    ' 502',
    ' 503',
  ]);
});

test('texts with nothing in common are shown in full, however long', () => {
  const before = Array.from({ length: 3000 }, (_, index) => `a${index}`);
  const after = Array.from({ length: 3000 }, (_, index) => `b${index}`);
  assert.equal(unified(before, after).length, 6001);
});

test('objects are told as added, removed or changed; the order of keys is no change', () => {
  const found = differences(
    [object('ConfigMap', { data: { A: '1', B: '2' } }), object('Service', { spec: {} }), object('Job', {})],
    [object('ConfigMap', { data: { B: '2', A: '3' } }), object('Job', {}), object('Ingress', { spec: {} })],
  );
  assert.deepEqual(
    found.map(({ object: name, change }) => `${change} ${name}`),
    ['changed configmap/shop', 'added ingress/shop', 'removed service/shop'],
  );
  assert.ok(found[0]?.lines.includes('-  A: "1"') && found[0]?.lines.includes('+  A: "3"'));
});

test('what is named by its content is the same thing under another name', () => {
  const settings = (hash: string, value: string): Manifest =>
    object('ConfigMap', { data: { A: value } }, `shop-${hash}`);
  const found = differences([settings('0123abcd', '1'), settings('same0000', '5')], [settings('4567ef01', '2')]);
  assert.deepEqual(
    found.map(({ object: name, change }) => `${change} ${name}`),
    ['changed configmap/shop-4567ef01', 'removed configmap/shop-same0000'],
  );
  assert.deepEqual(
    found[0]?.lines.filter((line) => /^[-+] /.test(line)),
    ['-  A: "1"', '+  A: "2"', '-  name: shop-0123abcd', '+  name: shop-4567ef01'],
  );
});

test('a Secret shows that a value changed, and never a value', () => {
  const before = object('Secret', { data: { password: 'aHVudGVyMg==', user: 'YW5u', gone: 'Z29uZQ==' } });
  const after = object('Secret', { data: { password: 'b3RoZXI=', user: 'YW5u', fresh: 'ZnJlc2g=' } });
  const text = JSON.stringify(differences([before], [after]));
  for (const value of ['aHVudGVyMg', 'b3RoZXI', 'YW5u', 'Z29uZQ', 'ZnJlc2g']) assert.ok(!text.includes(value), value);
  assert.ok(text.includes('+  password: (hidden, another value)'));
  assert.ok(text.includes('   user: (hidden)'));
  assert.ok(text.includes('-  gone: (hidden)') && text.includes('+  fresh: (hidden)'));
  assert.deepEqual(differences([before], [before]), []);
  assert.ok(!JSON.stringify(differences([before], [])).includes('aHVudGVyMg'));
  assert.ok(!JSON.stringify(differences([], [after])).includes('b3RoZXI'));
});

test('of a live object only what was wanted counts, and every value of a ConfigMap', () => {
  const wanted = object('Deployment', { spec: { replicas: 2, containers: [{ name: 'app', image: 'a:1' }] } });
  const live = {
    ...wanted,
    metadata: { name: 'shop', uid: '1', resourceVersion: '7' },
    spec: { replicas: 5, progressDeadlineSeconds: 600, containers: [{ name: 'app', image: 'a:1', tty: false }] },
    status: { replicas: 5 },
  };
  const [found] = differences([wanted], [asWanted(live, wanted)]);
  assert.deepEqual(
    found?.lines.filter((line) => /^[-+]/.test(line)),
    ['-  replicas: 2', '+  replicas: 5'],
  );
  const config = object('ConfigMap', { data: { A: '1' } });
  const changed = { ...config, data: { A: '1', B: '2' } };
  assert.equal(differences([config], [asWanted(changed, config)])[0]?.change, 'changed');
});
