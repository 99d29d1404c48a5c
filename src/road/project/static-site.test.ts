import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { openFolder } from './folder.ts';
import { isGenerated, isStaticSite, readStaticSite } from './static-site.ts';

function within<T>(files: Record<string, string>, use: (folder: ReturnType<typeof openFolder>) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'site-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), text);
    }
    return use(openFolder(directory));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('the folder of the pages is found where it stands, also one that builds write', () => {
  const output = (files: Record<string, string>): string | undefined =>
    within(files, (folder) => readStaticSite(folder).output?.value);
  assert.equal(output({ 'index.html': '' }), '.');
  assert.equal(output({ 'www/index.html': '' }), 'www');
  assert.equal(output({ 'dist/index.html': '' }), 'dist');
});

test('a settings file alone is no generator', () => {
  assert.equal(within({ 'config.toml': 'baseURL = "x"' }, isGenerated), false);
  assert.equal(within({ '_config.yml': 'a: b' }, isGenerated), false);
  assert.equal(within({ 'config.toml': 'baseURL = "x"', 'content/a.md': '' }, isGenerated), true);
  assert.equal(within({ 'readme.md': '' }, isStaticSite), false);
});

test('a link to a file that is not there is told with its line', () => {
  const html =
    '<a href="/other">fine</a>\n<link href="a.css"><img src="/img/b.png"><script src="//cdn.example/c.js"></script>';
  assert.deepEqual(
    within({ 'index.html': html, 'a.css': '' }, (folder) => readStaticSite(folder).notes),
    ['index.html:2: /img/b.png is not in the folder'],
  );
});
