// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of compose files
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InterpolationFault, interpolate } from './interpolate.ts';

const values: Readonly<Record<string, string>> = { SET: 'value', EMPTY: '', other_1: 'x' };
const fill = (template: string): string => interpolate(template, (name) => values[name]).text;

test('each operator does what the specification says for set, empty and unset', () => {
  const table: readonly (readonly [string, string, string, string])[] = [
    ['-', 'value', '', 'word'],
    [':-', 'value', 'word', 'word'],
    ['+', 'word', 'word', ''],
    [':+', 'word', '', ''],
  ];
  for (const [operator, set, empty, unset] of table) {
    assert.equal(fill(`\${SET${operator}word}`), set, operator);
    assert.equal(fill(`\${EMPTY${operator}word}`), empty, operator);
    assert.equal(fill(`\${UNSET${operator}word}`), unset, operator);
  }
});

test('a needed variable that lacks is told with its own message, filled in too', () => {
  const says = (template: string, message: RegExp, offset: number): void => {
    assert.throws(
      () => fill(template),
      (error) => error instanceof InterpolationFault && message.test(error.message) && error.offset === offset,
    );
  };
  says('ab${UNSET:?set it, as $SET}', /^variable UNSET is needed and not set: set it, as value$/, 2);
  says('${EMPTY:?}', /^variable EMPTY is needed and empty$/, 0);
  assert.equal(fill('[${EMPTY?}]'), '[]');
});

test('dollars that begin no variable stay, two are one', () => {
  assert.equal(fill('$$SET $ 5$ $5 $(SET) $$$SET'), '$SET $ 5$ $5 $(SET) $value');
});

test('defaults may hold variables, braces and more defaults', () => {
  assert.equal(fill('${UNSET:-${ALSO:-a${SET}b}c}d'), 'avaluebcd');
  assert.equal(fill('${UNSET:-{"a":{"b":1}}}'), '{"a":{"b":1}}');
  assert.equal(fill('${SET:-${NEVER:?asked}}'), 'value');
});

test('what is no variable is refused, and the way out says how one is written', () => {
  for (const wrong of ['${', '${}', '${1A}', '${SET', '${SET!x}', '${ SET }']) {
    assert.throws(() => fill(wrong), InterpolationFault, wrong);
  }
});

test('variables without value and default are told once each', () => {
  assert.deepEqual(interpolate('$A ${B} $A ${C:-x}', () => undefined).unset, ['A', 'B']);
});
