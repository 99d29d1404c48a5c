import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canaryStepsOf, secondsOf } from './canary-steps.ts';
import { productionName } from './production.ts';

test('steps are read as weight and time; hold waits, nothing goes on at once', () => {
  assert.deepEqual(canaryStepsOf('--steps', '10:30s,25:hold,50:1m,100'), [
    { weightPercent: 10, holdSeconds: 30 },
    { weightPercent: 25, holdSeconds: undefined },
    { weightPercent: 50, holdSeconds: 60 },
    { weightPercent: 100, holdSeconds: 0 },
  ]);
});

test('what is no step is refused with the step that is wrong', () => {
  for (const [text, fault] of [
    ['', '"" is no step'],
    ['0', '"0" is no step'],
    ['101', '"101" is no step'],
    ['10:30s:x', '"10:30s:x" is no step'],
    ['50,10', '10 comes after 50; weights rise'],
    ['50,50', '50 comes after 50; weights rise'],
    ['10:soon', '"soon" is no time'],
  ] as const) {
    assert.throws(() => canaryStepsOf('--steps', text), { name: 'UserError', fault, exitStatus: 2 }, text);
  }
});

test('times are seconds, minutes or hours', () => {
  assert.deepEqual(
    ['90', '90s', '2m', '1h', '0'].map((text) => secondsOf('--hold', text)),
    [90, 90, 120, 3600, 0],
  );
});

test('a place is told to be production by a word of its name, not by letters within one', () => {
  assert.equal(productionName(['kind-dev', 'shop-prod']), 'shop-prod');
  assert.equal(productionName(['eu_prd_1']), 'eu_prd_1');
  assert.equal(productionName(['live']), 'live');
  assert.equal(productionName(['products', 'delivery', 'olive', undefined]), undefined);
});
