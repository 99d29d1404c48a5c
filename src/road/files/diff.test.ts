import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { unifiedDiff } from './diff.ts';

test('equal texts have no difference', () => {
  assert.equal(unifiedDiff('a\n', 'a\n', 'x'), '');
});

test('a changed line is shown with three lines around it', () => {
  const before = 'a\nb\nc\nd\ne\nf\ng\nh\n';
  assert.equal(
    unifiedDiff(before, before.replace('e', 'E'), 'x.txt'),
    '--- a/x.txt\n+++ b/x.txt\n@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n',
  );
});

test('what the patch program makes of a difference is the other text', () => {
  const folder = mkdtempSync(join(tmpdir(), 'diff-'));
  try {
    const lines = Array.from({ length: 60 }, (_, index) => `line ${index % 7}`);
    const before = `${lines.join('\n')}\n`;
    const texts = [
      lines.filter((_, index) => index % 5 !== 0).join('\n'),
      `new\n${before}end\n`,
      `${lines.map((line, index) => (index % 13 === 0 ? 'other' : line)).join('\n')}\n`,
      '',
      [...lines].reverse().join('\n'),
    ];
    for (const after of texts) {
      writeFileSync(join(folder, 'x'), before);
      execFileSync('git', ['apply', '--unsafe-paths', '-'], {
        cwd: folder,
        input: unifiedDiff(before, after, 'x'),
        env: { ...process.env, GIT_DIR: '/nonexistent' },
      });
      assert.equal(readFileSync(join(folder, 'x'), 'utf8'), after);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('very long texts are told as one change, at once', () => {
  const before = Array.from({ length: 9_000 }, (_, index) => `a${index}\n`).join('');
  const after = Array.from({ length: 9_000 }, (_, index) => `b${index}\n`).join('');
  assert.match(unifiedDiff(before, after, 'x'), /^--- a\/x\n\+\+\+ b\/x\n@@ -1,9000 \+1,9000 @@\n-a0\n/);
});
