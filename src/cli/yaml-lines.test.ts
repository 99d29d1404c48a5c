import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseYaml } from '../engine/kinds/index.ts';
import { yamlLines } from './yaml-lines.ts';

const back = async (value: unknown): Promise<unknown> => (await parseYaml(yamlLines(value))).value;

test('what is written is read back as it was, by the reader that kubectl is alike', async () => {
  const texts = [
    'plain',
    'two words',
    '',
    ' ',
    'yes',
    'No',
    'on',
    'true',
    'null',
    '~',
    '1',
    '0644',
    '1e3',
    '0x1F',
    '12:30:45',
    '2026-01-01',
    'a: b',
    'a #b',
    '#a',
    '- a',
    '? a',
    ': a',
    '[a]',
    '{a}',
    '*a',
    '&a',
    '!a',
    '%a',
    '@a',
    '`a`',
    '"a"',
    "'a'",
    'a\tb',
    'a\\b',
    '$(A) $B',
    '=',
    '<<',
    'one\ntwo',
    'one\ntwo\n',
    'one\n\n\ntwo\n\n',
    '\nfirst',
    '  indented\nline',
    'trailing \nspace',
    'tab\t\n\tx',
    'a\r\nb',
    '\u0000',
    'ä ö',
    '\n',
    'x\n\n',
  ];
  const value = {
    texts,
    map: Object.fromEntries(texts.map((text, index) => [`key ${index}`, text])),
    keys: Object.fromEntries(texts.map((text) => [text, 1])),
    nested: [[1, [2, []]], [{ a: [{ b: {} }], c: -1.5 }], { d: [], e: {}, f: null, g: false }],
  };
  assert.deepEqual(JSON.parse(JSON.stringify(await back(value))), value);
});

test('a manifest is written as one would write it by hand', () => {
  assert.equal(
    yamlLines({
      kind: 'ConfigMap',
      metadata: { name: 'web', gone: undefined },
      data: { 'site.conf': 'listen 80\nroot /srv\n', on: 'yes' },
      list: [{ name: 'a', ports: [80] }, 'b'],
    }),
    [
      'kind: ConfigMap',
      'metadata:',
      '  name: web',
      'data:',
      '  site.conf: |',
      '    listen 80',
      '    root /srv',
      '  "on": "yes"',
      'list:',
      '  - name: a',
      '    ports:',
      '      - 80',
      '  - b',
    ].join('\n'),
  );
});
