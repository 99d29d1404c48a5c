import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { UserError } from '../../base/index.ts';
import { applicationOfCompose } from './application.ts';
import type { ComposeOptions } from './contract.ts';
import { readCompose } from './read-compose.ts';

const folder = join(process.cwd(), 'test/golden/compose');
const rewrite = process.env.UPDATE_GOLDEN === '1';

interface Case extends Partial<ComposeOptions> {
  /** Names within the folder; none: what compose finds by itself. */
  readonly files?: readonly string[];
}

/** What a folder's compose file becomes; for a wrong one what is said of it. Full paths are shortened. */
async function outcomeOf(directory: string): Promise<string> {
  const settings = join(directory, 'options.json');
  const { files = [], ...options }: Case = existsSync(settings)
    ? (JSON.parse(readFileSync(settings, 'utf8')) as Case)
    : {};
  const shorten = (text: string): string => text.replaceAll(directory, '.');
  try {
    const project = await readCompose(
      files.map((name) => join(directory, name)),
      { projectDirectory: directory, environment: {}, ...options },
    );
    const { application, report } = applicationOfCompose(project);
    const lines = report.map(({ outcome, key, source, what, todo }) =>
      [outcome, key, source, what, ...(todo ? [todo] : [])].join(' | '),
    );
    return shorten(`${JSON.stringify({ application, report: lines }, null, 2)}\n`);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return shorten(`${JSON.stringify({ error: error.message.split('\n') }, null, 2)}\n`);
  }
}

for (const name of readdirSync(folder).sort()) {
  test(`compose: ${name.replaceAll('-', ' ')}`, async () => {
    const directory = join(folder, name);
    const found = await outcomeOf(directory);
    const path = join(directory, 'expected.json');
    if (rewrite) writeFileSync(path, found);
    assert.equal(found, readFileSync(path, 'utf8'));
  });
}

test('there are at least sixty compose files with what they become', () => {
  assert.ok(readdirSync(folder).length >= 60);
});
