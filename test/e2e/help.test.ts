import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { call } from './harness.ts';

const root = process.cwd();

interface Help {
  /** As the user types it, without `wherry`. */
  readonly path: readonly string[];
  readonly text: string;
  readonly children: readonly Help[];
}

/** The help of a command and of everything below it. */
function helpOf(path: readonly string[]): Help {
  const said = call(process.execPath, [join(root, 'dist/wherry.mjs'), ...path, '--help']);
  assert.equal(said.exitCode, 0, said.stderr);
  const list = /^Commands:\n([\s\S]*?)(?:\n\n|$(?![\s\S]))/m.exec(said.stdout)?.[1] ?? '';
  const names = [...list.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map((match) => match[1] ?? '');
  const children = names.filter((name) => name !== 'help').map((name) => helpOf([...path, name]));
  return { path, text: said.stdout, children };
}

const withAll = (help: Help): Help[] => [help, ...help.children.flatMap(withAll)];
const top = helpOf([]);
const commands = withAll(top).filter(({ path }) => path.length > 0);

describe('the help of every command', () => {
  for (const { path, text } of commands) {
    test(`wherry ${path.join(' ')} has a description and an example`, () => {
      const [usage = '', description = ''] = text.split('\n\n');
      assert.match(usage, /^Usage: wherry/);
      assert.match(description, /^[a-z][^:]{10,}/);
      const examples = /^Examples?:\n([\s\S]+)$/m.exec(text)?.[1] ?? '';
      assert.ok(examples.includes(`wherry ${path.join(' ')}`), `no example in:\n${text}`);
    });
  }

  test('there is something to test', () => {
    assert.ok(commands.length >= 15, `${commands.length} commands found`);
  });
});
