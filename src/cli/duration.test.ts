import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationOf } from './duration.ts';

test('a duration is read with its unit; a bare number counts seconds', () => {
  assert.deepEqual(
    ['10s', '500ms', '2m', '1h', '0.5s', '7'].map((text) => durationOf('--for', text)),
    [10_000, 500, 120_000, 3_600_000, 500, 7000],
  );
});

test('anything else is a wrong call that names the flag', () => {
  for (const text of ['', '0s', '-1s', '5 s', 'ten', '5d', '1e3s']) {
    assert.throws(() => durationOf('--for', text), {
      message: `--for: "${text}" is not a duration\nWrite it as 30s, 500ms, 5m or 2h.`,
      exitStatus: 2,
    });
  }
});
