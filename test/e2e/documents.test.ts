import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { call } from './harness.ts';

const root = process.cwd();
const textOf = (path: string) => readFileSync(join(root, path), 'utf8');
const DECISIONS = 'docs/decisions';
const decisions = readdirSync(join(root, DECISIONS)).sort();

/** The commands that do something, as the help names them: `up`, `cluster start`. */
function commandsOf(path: readonly string[] = []): string[] {
  const said = call(process.execPath, [join(root, 'dist/wherry.mjs'), ...path, '--help']).stdout;
  const list = said.split('\nCommands:\n')[1]?.split('\n\n')[0];
  if (list === undefined) return [path.join(' ')];
  const names = [...list.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map((match) => match[1] ?? '');
  return names.filter((name) => name !== 'help').flatMap((name) => commandsOf([...path, name]));
}

describe('the documents agree with the code', () => {
  test("the README's table names exactly the commands there are", () => {
    const rows = textOf('README.md').matchAll(/^\| `wherry ([a-z][a-z -]*)[^`]*` \|/gm);
    const inTable = [...rows].map((match) => (match[1] ?? '').trim());
    assert.deepEqual(inTable.sort(), commandsOf().sort());
  });

  test('what they link to and which sources they name is there', () => {
    const documents = [
      'README.md',
      'ARCHITECTURE.md',
      'CHANGELOG.md',
      'docs/wherry.yaml.md',
      ...decisions.map((name) => join(DECISIONS, name)),
    ];
    let count = 0;
    for (const document of documents) {
      const text = textOf(document);
      const links = [...text.matchAll(/\]\(([^)#]+)\)/g)]
        .map((match) => match[1] ?? '')
        .filter((link) => !link.includes('://'))
        .map((link) => join(root, dirname(document), link));
      const sources = [...text.matchAll(/`((?:engine|road|cli|tools|src)\/[\w/.-]+)`/g)].map(({ 1: path = '' }) =>
        join(root, /^(tools|src)\//.test(path) ? '' : 'src', path),
      );
      for (const path of [...links, ...sources]) assert.ok(existsSync(path), `${document} names ${path}`);
      count += links.length + sources.length;
    }
    assert.ok(count > 30, `only ${count} found`);
  });

  test('ARCHITECTURE.md has every room once, with doors that are exported', async () => {
    const { LAYERS } = (await import(join(root, 'tools/layers.mjs'))) as { LAYERS: Record<string, string[]> };
    const rows = [...textOf('ARCHITECTURE.md').matchAll(/^\| `([a-z/]+)\/` \|[^|]*\|([^|]*)\|$/gm)];
    assert.deepEqual(rows.map(({ 1: room }) => room).sort(), Object.keys(LAYERS).sort());
    for (const { 1: room = '', 2: doors = '' } of rows) {
      for (const { 1: door = '' } of doors.matchAll(/`(\w+)\(\)`/g)) {
        assert.match(textOf(`src/${room}/index.ts`), new RegExp(`\\b${door}\\b`), `${room} exports no ${door}`);
      }
    }
  });

  test('the example of wherry.yaml is taken, and has every key there is', () => {
    const example = /```yaml\n([\s\S]*?)```/.exec(textOf('docs/wherry.yaml.md'))?.[1] ?? '';
    const folder = mkdtempSync(join(tmpdir(), 'wherry-documents-'));
    const plan = (settings: string) => {
      writeFileSync(join(folder, 'wherry.yaml'), settings);
      return call(process.execPath, [join(root, 'dist/wherry.mjs'), 'plan', folder, '--json']);
    };
    try {
      writeFileSync(join(folder, 'package.json'), '{"name": "users", "dependencies": {"ioredis": "5"}}');
      mkdirSync(join(folder, 'db'));
      writeFileSync(join(folder, 'db/seed.sql'), 'SELECT 1;\n');
      const said = plan(example);
      assert.equal(said.exitCode, 0, said.stderr);
      const known = /Known are: (.*)\./.exec(plan('frob: 1\n').stderr)?.[1]?.split(', ') ?? [];
      const written = [...example.matchAll(/^(\w+):/gm)].map(({ 1: key }) => key);
      assert.deepEqual([...written].sort(), [...known].sort());
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('decisions are numbered without a gap, and each begins with its number', () => {
    decisions.forEach((name, index) => {
      const number = String(index + 1).padStart(4, '0');
      assert.ok(name.startsWith(`${number}-`), name);
      assert.ok(textOf(join(DECISIONS, name)).startsWith(`# ${number} `), name);
    });
  });

  test('README and CHANGELOG tell the exit statuses and the version there are', () => {
    for (const status of [0, 1, 2, 70])
      assert.match(textOf('README.md'), new RegExp(`Exit status:[\\s\\S]*\\b${status} `));
    const { version } = JSON.parse(textOf('package.json')) as { version: string };
    assert.ok(textOf('CHANGELOG.md').includes(`\n## ${version}\n`), `CHANGELOG.md says nothing of ${version}`);
    assert.equal(call(process.execPath, [join(root, 'dist/wherry.mjs'), '--version']).stdout.trim(), version);
  });
});
