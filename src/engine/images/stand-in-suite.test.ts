import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BASE_TAG } from './stand-in-debian.ts';
import { type Carried, suiteFor } from './stand-in-suite.ts';

const GO: Carried = [
  ['bookworm', '1.19'],
  ['trixie', '1.24'],
  ['forky', '1.27'],
];

test('the oldest release that carries the version or a newer one serves; none newer, the newest', () => {
  const on = (host: string) => (tag: string) => suiteFor(GO, tag, false, host);
  assert.deepEqual(['1.18', '1.19-bookworm', '1.20-bookworm', '1.24.2', '1.25', '1.30'].map(on('bookworm')), [
    BASE_TAG,
    BASE_TAG,
    'trixie',
    'trixie',
    'forky',
    'forky',
  ]);
  assert.deepEqual(['1.19', '1.24', '1.26'].map(on('trixie')), [BASE_TAG, BASE_TAG, 'forky']);
});

test('without a minor version the newest release that is stable serves', () => {
  for (const tag of ['latest', '1', 'bookworm']) assert.equal(suiteFor(GO, tag, false, 'bookworm'), 'trixie', tag);
});

test('a strict one keeps the release that its tag spells', () => {
  assert.equal(suiteFor(GO, '1.24-bookworm', true, 'bookworm'), BASE_TAG);
  assert.equal(suiteFor(GO, '1-slim-trixie', true, 'bookworm'), 'trixie');
});

test('a host of another distribution has its own packages', () => {
  assert.equal(suiteFor(GO, '1.24', false, 'noble'), BASE_TAG);
});
