import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { RunError, run } from './run.ts';
import { currentSpawner, startSpawner } from './spawner.ts';

for (const way of ['from this process', 'by the spawner'] as const) {
  describe(`running a program ${way}`, () => {
    before(() => {
      if (way === 'by the spawner') assert.ok(startSpawner());
    });
    after(() => currentSpawner()?.close());

    test('gives its output, its input, its environment and its directory', async () => {
      const result = await run('sh', ['-c', 'cat; echo $COLOUR; pwd; echo fault >&2'], {
        input: 'in\0put\n',
        cwd: '/',
        env: { PATH: process.env.PATH, COLOUR: 'grün' },
      });
      assert.deepEqual(result, { exitCode: 0, signal: undefined, stdout: 'in\0put\ngrün\n/\n', stderr: 'fault\n' });
    });

    test('an exit code that is not 0 is an error with its last words, unless it is allowed', async () => {
      await assert.rejects(
        run('sh', ['-c', 'echo why >&2; exit 3']),
        (error: unknown) =>
          error instanceof RunError && error.result.exitCode === 3 && /run sh .*: why/.test(error.message),
      );
      assert.equal((await run('sh', ['-c', 'exit 3'], { allowFailure: true })).exitCode, 3);
      const killed = await run('sh', ['-c', 'kill -9 $$'], { allowFailure: true });
      assert.equal(killed.signal, 'SIGKILL');
    });

    test('a program that is not there is named', async () => {
      await assert.rejects(run('no-such-program', []), /run no-such-program: no such program/);
    });

    test('one that takes too long is ended', async () => {
      await assert.rejects(run('sleep', ['60'], { timeoutMs: 100 }), /took more than 100 ms and was ended/);
    });

    test('an abort ends it', async () => {
      const stopping = new AbortController();
      const running = run('sleep', ['60'], { signal: stopping.signal });
      stopping.abort();
      await assert.rejects(running, { name: 'AbortError' });
    });

    test('many at once, each with its own answer, also long ones', async () => {
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          run('sh', ['-c', `head -c 200000 /dev/zero | tr '\\0' ${index % 10}; echo ${index}`]),
        ),
      );
      answers.forEach(({ stdout }, index) => {
        assert.ok(stdout.startsWith(String(index % 10).repeat(200000)));
        assert.ok(stdout.endsWith(`${index}\n`));
      });
    });
  });
}

test('after the spawner is gone programs are started from this process', async () => {
  const spawner = startSpawner();
  spawner?.close();
  assert.equal((await run('echo', ['on'])).stdout, 'on\n');
});
