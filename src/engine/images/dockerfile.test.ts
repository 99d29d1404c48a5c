import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../base/index.ts';
import { parseDockerfile } from './dockerfile.ts';

test('continued lines, comments, flags, the exec form and heredocs are read', async () => {
  const file = await parseDockerfile(
    `# syntax=docker/dockerfile:1
ARG V=22
FROM --platform=linux/amd64 node:$V AS Base
RUN --mount=type=cache,target=/x,id="a b" --network=none echo one \\
  # a comment

  && echo two
RUN ["a", "b c"]
COPY --chown=1:2 <<-"ONE" <<TWO /dest/
\tfirst
ONE
second $x
TWO
cmd ["x"]
`,
    'Dockerfile',
  );
  const [stage] = file.stages;
  assert.equal(file.globals[0]?.text, 'V=22');
  assert.deepEqual([stage?.base, stage?.name, stage?.platform], ['node:$V', 'base', 'linux/amd64']);
  const [run, exec, copy, command] = stage?.instructions ?? [];
  assert.equal(run?.text.replace(/\s+/g, ' '), 'echo one && echo two');
  assert.deepEqual(run?.flags, [
    { name: 'mount', value: 'type=cache,target=/x,id=a b' },
    { name: 'network', value: 'none' },
  ]);
  assert.deepEqual(exec?.json, ['a', 'b c']);
  assert.deepEqual(copy?.heredocs, [
    { name: 'ONE', content: 'first\n', expand: false },
    { name: 'TWO', content: 'second $x\n', expand: true },
  ]);
  assert.deepEqual([command?.keyword, command?.line, command?.json], ['CMD', 14, ['x']]);
});

test('a mistake names its line and the way out', async () => {
  const cases: [string, RegExp][] = [
    ['FROM a\nRUM x\n', /^Dockerfile:2: unknown instruction: RUM\nDid you mean RUN\?$/],
    ['FROM a\nCOPPY x y\n', /^Dockerfile:2: unknown instruction: COPPY\nDid you mean COPY\?$/],
    ['RUN x\n', /^Dockerfile:1: RUN before the first FROM\n/],
    ['# nothing\n', /^Dockerfile:1: no FROM: there is no stage to build\n/],
    ['FROM a b\n', /^Dockerfile:1: FROM a b: not understood\n/],
    ['FROM a AS 1x\n', /^Dockerfile:1: invalid name for a stage: "1x"\n/],
    ['FROM a\n\nRUN <<EOF\nls\n', /^Dockerfile:3: unterminated heredoc EOF\n/],
    ['FROM a\nENV\n', /^Dockerfile:2: ENV needs an argument$/],
  ];
  for (const [text, wanted] of cases) {
    await assert.rejects(parseDockerfile(text, 'Dockerfile'), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, wanted);
      return true;
    });
  }
});
