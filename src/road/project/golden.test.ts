import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, test } from 'node:test';
import { DockerfileParser } from 'dockerfile-ast';
import { UserError } from '../../base/index.ts';
import { dockerfileFor } from '../image/index.ts';
import type { Facts } from './contract.ts';
import { readProject } from './read-project.ts';

// test/golden/plans/NAME: an app's folder, and in it expected.json. test/golden/faulty/NAME: a folder that must be
// refused, and in it expected.txt with the whole message. UPDATE_GOLDEN=1 writes what is found now; read the difference.
// A folder may name the app inside it that is read in a file golden-path.txt (`apps/api`).
const GOLDEN = join(process.cwd(), 'test/golden');
const EXPECTED = ['expected.json', 'expected.txt', 'golden-path.txt'];
const updates = process.env.UPDATE_GOLDEN === '1';
const scratch = mkdtempSync(join(tmpdir(), 'golden-'));
after(() => rmSync(scratch, { recursive: true }));

interface Golden {
  readonly name: string;
  /** Where the expectation stands. */
  readonly folder: string;
  /** The app's folder, without the expectation. */
  readonly app: string;
  /** What is read of it. */
  readonly read: string;
}

function goldens(kind: string): Golden[] {
  return readdirSync(join(GOLDEN, kind)).map((name) => {
    const folder = join(GOLDEN, kind, name);
    const app = join(scratch, kind, name);
    cpSync(folder, app, { recursive: true, filter: (path) => !EXPECTED.includes(relative(folder, path)) });
    const inner = join(folder, 'golden-path.txt');
    return { name, folder, app, read: existsSync(inner) ? join(app, readFileSync(inner, 'utf8').trim()) : app };
  });
}

/** `{value, source}` becomes `value (source)`; the places of the copy are taken out. */
function stable(value: unknown, app: string): unknown {
  if (typeof value === 'string') return value.replaceAll(app, 'FOLDER');
  if (Array.isArray(value)) return value.map((item) => stable(item, app));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if (entries.length === 2 && 'value' in value && 'source' in value && typeof value.value !== 'object') {
    return `${value.value} (${value.source})`.replaceAll(app, 'FOLDER');
  }
  const kept = entries.filter(([, item]) => item !== undefined && !(Array.isArray(item) && item.length === 0));
  return Object.fromEntries(kept.map(([key, item]) => [key, stable(item, app)]));
}

function expectation(path: string, found: string): string {
  if (updates) writeFileSync(path, found);
  return readFileSync(path, 'utf8');
}

for (const { name, folder, app, read } of goldens('plans')) {
  test(`plan of ${name}: every fact with its source`, async () => {
    const facts = await readProject(read);
    const found = `${JSON.stringify(stable(facts, app), null, 2)}\n`;
    assert.equal(found, expectation(join(folder, 'expected.json'), found));
    provesItsImage(facts);
  });
}

/** The Dockerfile of every plan parses, pins its bases, ends as nobody in particular and starts the app. */
function provesItsImage(facts: Facts): void {
  if (facts.dockerfile) return;
  const generated = dockerfileFor(facts);
  assert.ok(generated, 'no Dockerfile is written');
  const instructions = DockerfileParser.parse(generated.text).getInstructions();
  const keywords = instructions.map((instruction) => instruction.getKeyword());
  const last = instructions.slice(keywords.lastIndexOf('FROM'));
  assert.ok(
    last.some((one) => one.getKeyword() === 'USER' && /^\d+(?::\d+)?$/.test(one.getArgumentsContent() ?? '')),
    'a numeric user',
  );
  assert.ok(
    last.some((one) => ['CMD', 'ENTRYPOINT'].includes(one.getKeyword())),
    'a command',
  );
  for (const line of generated.text.split('\n')) assert.doesNotMatch(line, /undefined|\[object/);
}

for (const { name, folder, app, read } of goldens('faulty')) {
  test(`refusal of ${name}: the exact message`, async () => {
    let message: string | undefined;
    try {
      await readProject(read);
    } catch (error) {
      assert.ok(error instanceof UserError, String(error));
      message = `${error.message.replaceAll(app, 'FOLDER')}\n`;
    }
    assert.ok(message !== undefined, 'it was not refused');
    assert.equal(message, expectation(join(folder, 'expected.txt'), message));
  });
}
