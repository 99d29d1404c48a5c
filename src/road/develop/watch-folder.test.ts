import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../base/index.ts';
import { watchFolder } from './watch-folder.ts';

test('changes are told together, by relative path; what is ignored, installed or passing is not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wherry-watch-'));
  const seen = new Set<string>();
  let heard: () => void = () => {};
  for (const name of ['src', 'node_modules/x', '.git']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'src/old.js'), '1');
  const watcher = await watchFolder(folder, {
    clock: systemClock,
    ignores: (path) => path.endsWith('.log'),
    onChange(paths) {
      for (const path of paths) seen.add(path);
      heard();
    },
    onError: (error) => assert.fail(String(error)),
  });
  const until = async (path: string): Promise<void> => {
    while (!seen.has(path)) {
      await new Promise<void>((resolve) => {
        heard = resolve;
      });
    }
  };
  try {
    for (const path of ['node_modules/x/index.js', '.git/HEAD', 'debug.log', 'src/.app.js.swp', 'src/app.js~']) {
      writeFileSync(join(folder, path), 'x');
    }
    writeFileSync(join(folder, 'src/app.js'), '2');
    await until('src/app.js');
    // As many editors save: another file, renamed over the old one.
    writeFileSync(join(folder, 'src/4913'), '3');
    renameSync(join(folder, 'src/4913'), join(folder, 'src/old.js'));
    await until('src/old.js');
    mkdirSync(join(folder, 'src/below'));
    writeFileSync(join(folder, 'src/below/new.js'), '4');
    await until('src/below/new.js');
    rmSync(join(folder, 'src/app.js'));
    seen.delete('src/app.js');
    await until('src/app.js');
    assert.deepEqual([...seen].sort(), ['src/app.js', 'src/below/new.js', 'src/old.js']);
  } finally {
    await watcher.close();
    rmSync(folder, { recursive: true });
  }
});
