import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expand } from './expansion.ts';

// Cases of upstream's expansion_test.go.
const values: Readonly<Record<string, string>> = {
  VAR_A: 'A',
  VAR_B: 'B',
  VAR_C: 'C',
  VAR_REF: '$(VAR_A)',
  VAR_EMPTY: '',
};
const cases: [string, string][] = [
  ['$(VAR_A)', 'A'],
  ['___$(VAR_B)___', '___B___'],
  ['$(VAR_A)-$(VAR_B)', 'A-B'],
  ['$(VAR_REF)', '$(VAR_A)'],
  ['foo-$(VAR_EMPTY)-bar', 'foo--bar'],
  ['$(MISSING)', '$(MISSING)'],
  ['$$(VAR_A)', '$(VAR_A)'],
  ['$$$(VAR_A)', '$A'],
  ['$$$$(VAR_A)', '$$(VAR_A)'],
  ['$VAR_A', '$VAR_A'],
  ['$(VAR_A', '$(VAR_A'],
  ['$(VAR_A$(VAR_B)', '$(VAR_A$(VAR_B)'],
  ['f$(VAR_A)$$', 'fA$'],
  ['end$', 'end$'],
  ['', ''],
];

test('references are replaced, dollars kept, what is unknown left as it is', () => {
  for (const [text, wanted] of cases)
    assert.equal(
      expand(text, (name) => values[name]),
      wanted,
      text,
    );
});
