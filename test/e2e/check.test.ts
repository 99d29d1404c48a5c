import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { call, type Said } from './harness.ts';

const root = process.cwd();
const check = (...args: string[]): Said => call(process.execPath, [join(root, 'dist/wherry.mjs'), 'check', ...args]);
const directory = mkdtempSync(join(tmpdir(), 'check-'));
after(() => rmSync(directory, { recursive: true }));

/** A copy of a neglected app, free to be changed. */
function copyOf(name: string): string {
  const to = join(directory, `${name}-${Math.random().toString(36).slice(2)}`);
  cpSync(join(root, 'test/fixtures', name), to, { recursive: true });
  return to;
}

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - {name: shop, image: "shop:latest"}
`;

describe('wherry check', () => {
  test('says that nothing was found, with status 0', () => {
    const said = check('examples/users');
    assert.equal(said.exitCode, 0, said.stderr);
    assert.match(said.stdout, /at two replicas: nothing that was found\n[\s\S]*\n0 errors, 0 warnings, 0 notes\n$/);
  });

  test('groups findings by factor, each with its place, its reason and its way out', () => {
    const said = check('test/fixtures/neglected-shop');
    assert.equal(said.exitCode, 1);
    assert.match(
      said.stdout,
      /\nVI\. Processes\n(?:(?: {2}.*)?\n)* {2}error data kept in the memory of the process \(state-in-memory\)\n {4}Each replica has a copy[\s\S]*? {4}app\.py:18 {2}carts is kept [^\n]*\n[\s\S]*?→ Keep it in a database/,
    );
    assert.match(said.stdout, /\nWhat breaks\n {2}at two replicas:\n/);
    assert.ok(!said.stdout.includes('\u001b'));
  });

  test('ends by the threshold', () => {
    const folder = copyOf('neglected-notes');
    assert.equal(check(folder, '--fail-on', 'never').exitCode, 0);
    assert.equal(check('examples/users', '--fail-on', 'note').exitCode, 0);
    assert.equal(check(folder, '--fail-on', 'sometimes').exitCode, 2);
    assert.equal(check(join(directory, 'none')).exitCode, 1);
  });

  test('prints JSON, SARIF and JUnit, and not two of them', () => {
    const folder = 'test/fixtures/neglected-notes';
    const json = JSON.parse(check(folder, '--json').stdout) as {
      findings: { rule: string; file: string; line: number; fix: string }[];
      summary: { errors: number; breaks: Record<string, string[]> };
    };
    assert.ok(json.findings.every(({ rule, file, line, fix }) => rule && file && line >= 1 && fix));
    assert.ok(json.summary.errors >= 10);
    assert.deepEqual(Object.keys(json.summary.breaks), ['two-replicas', 'restart', 'rollback']);
    const sarif = JSON.parse(check(folder, '--sarif').stdout) as { version: string; runs: { results: object[] }[] };
    assert.equal(sarif.version, '2.1.0');
    assert.equal(sarif.runs[0]?.results.length, json.findings.length);
    assert.match(check(folder, '--junit').stdout, /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites /);
    assert.equal(check(folder, '--json', '--sarif').exitCode, 2);
  });

  test('--fix mends what is safe, says so, and finds nothing fixable afterwards', () => {
    const folder = copyOf('neglected-notes');
    const first = check(folder, '--fix');
    assert.match(first.stdout, /^mended /);
    check(folder, '--fix');
    const json = JSON.parse(check(folder, '--json').stdout) as { summary: { fixable: number } };
    assert.equal(json.summary.fixable, 0);
    const code = readFileSync(join(folder, 'server.js'), 'utf8');
    assert.match(code, /app\.listen\(Number\(process\.env\.PORT \?\? 3000\), '0\.0\.0\.0'\)/);
    assert.equal(call(process.execPath, ['--check', join(folder, 'server.js')]).exitCode, 0);
  });

  test('reads Kubernetes objects: a file, a folder, and those that lie in an app', () => {
    const folder = copyOf('neglected-notes');
    mkdirSync(join(folder, 'k8s'));
    writeFileSync(join(folder, 'k8s/shop.yaml'), DEPLOYMENT);
    interface Json {
      findings: { rule: string; file: string; line: number }[];
    }
    const latest = ({ findings }: Json): string[] =>
      findings.filter(({ file, line }) => file.endsWith('shop.yaml') && line === 10).map(({ file }) => file);
    const both = JSON.parse(check(folder, '--json').stdout) as Json;
    assert.ok(latest(both).every((file) => file === 'k8s/shop.yaml') && latest(both).length > 0);
    assert.ok(both.findings.some(({ rule }) => rule === 'state-in-memory'));
    const alone = JSON.parse(check(join(folder, 'k8s'), '--json').stdout) as Json;
    assert.ok(latest(alone).length > 0 && alone.findings.every(({ rule }) => rule !== 'state-in-memory'));
    const file = JSON.parse(check(join(folder, 'k8s/shop.yaml'), '--json').stdout) as Json;
    assert.equal(latest(file).length, latest(alone).length);
  });

  test('a finding that is accepted in wherry.yaml is listed with its reason', () => {
    const folder = copyOf('neglected-notes');
    writeFileSync(
      join(folder, 'wherry.yaml'),
      'accept:\n  - rule: state-in-memory\n    path: server.js\n    reason: notes may be lost\n',
    );
    const said = check(folder);
    assert.match(
      said.stdout,
      /\nAccepted\n {2}server\.js:\d+ {2}notes is kept [^\n]*\n {4}notes may be lost/,
      said.stderr,
    );
    assert.match(said.stdout, / 2 accepted/);
  });

  test('a repository of several apps is checked as a whole, each place with its folder', () => {
    const folder = mkdtempSync(join(directory, 'several-'));
    for (const name of ['shop', 'notes'])
      cpSync(join(root, `test/fixtures/neglected-${name}`), join(folder, name), { recursive: true });
    const json = JSON.parse(check(folder, '--json').stdout) as { findings: { rule: string; file: string }[] };
    const places = json.findings.filter(({ rule }) => rule === 'state-in-memory').map(({ file }) => file);
    assert.deepEqual([...new Set(places)].sort(), ['notes/server.js', 'shop/app.py']);
    check(folder, '--fix');
    assert.match(readFileSync(join(folder, 'notes/server.js'), 'utf8'), /Number\(process\.env\.PORT \?\? 3000\)/);
  });

  for (const name of ['users', 'users-flask']) {
    test(`what wherry init writes for examples/${name} is checked without an error or a warning`, () => {
      const folder = join(directory, name);
      cpSync(join(root, 'examples', name), folder, {
        recursive: true,
        filter: (path) => !/node_modules|dist/.test(path.slice(root.length)),
      });
      const written = call(process.execPath, [join(root, 'dist/wherry.mjs'), 'init', folder]);
      assert.equal(written.exitCode, 0, written.stderr);
      const said = check(folder, '--fail-on', 'warning');
      assert.equal(said.exitCode, 0, said.stdout);
      assert.match(said.stdout, /\n0 errors, 0 warnings, \d+ notes/);
    });
  }
});
