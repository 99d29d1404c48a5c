import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { rotateIfFull } from './log-rotation.ts';
import { readLogs } from './logs.ts';

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'wherry-log-'));
});
after(() => rmSync(directory, { recursive: true, force: true }));

test('a full log is set aside, four are kept, and reading goes through all of them', async () => {
  const path = join(directory, '0.log');
  for (let round = 0; round < 6; round++) {
    appendFileSync(path, `2026-01-01T00:00:0${round}.000000000Z stdout F line ${round}\n`);
    assert.equal(await rotateIfFull(path, 1000, 0), false);
    assert.equal(await rotateIfFull(path, 10, round * 1000), true);
    assert.equal(statSync(path).size, 0);
  }
  appendFileSync(
    path,
    '2026-01-01T00:00:06.000000000Z stdout P half \n2026-01-01T00:00:06.000000000Z stdout F whole\n',
  );
  assert.equal(readdirSync(directory).length, 5);
  assert.match(readFileSync(`${path}.19700101-000005`, 'utf8'), /line 5/);

  const read = (query: object) =>
    text(
      readLogs(
        { path, isOpen: () => false, onEnd() {}, nowMs: 0 },
        { follow: false, previous: false, timestamps: false, ...query },
        new AbortController().signal,
      ),
    );
  assert.equal(await read({}), 'line 2\nline 3\nline 4\nline 5\nhalf whole\n');
  assert.equal(await read({ tailLines: 3 }), 'line 4\nline 5\nhalf whole\n');
  assert.equal(await read({ tailLines: 1 }), 'half whole\n');
  assert.equal(
    await read({ sinceTime: '2026-01-01T00:00:05Z', timestamps: true, tailLines: 100 }),
    '2026-01-01T00:00:05.000000000Z line 5\n2026-01-01T00:00:06.000000000Z half whole\n',
  );
});
