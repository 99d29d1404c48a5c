import { Writable } from 'node:stream';
import { messageOf } from '../../../base/index.ts';
import type { Runtime } from '../../runtime/index.ts';
import { OUTPUT_BYTES_MAX, type Outcome } from './outcome.ts';

/** Runs a command in a container, its output kept to `OUTPUT_BYTES_MAX`; killed past `timeoutMs`. */
export async function execCaptured(
  runtime: Runtime,
  containerId: string,
  argv: readonly string[],
  timeoutMs: number | undefined,
): Promise<{ exitCode: number; output: string }> {
  const chunks: Buffer[] = [];
  let size = 0;
  const sink = () =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        if (size < OUTPUT_BYTES_MAX) chunks.push(chunk);
        size += chunk.length;
        done();
      },
    });
  const { exitCode } = await runtime.exec(containerId, {
    argv,
    tty: false,
    stdin: undefined,
    stdout: sink(),
    stderr: sink(),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  return { exitCode, output: Buffer.concat(chunks).subarray(0, OUTPUT_BYTES_MAX).toString('utf8') };
}

export async function probeExec(
  runtime: Runtime,
  containerId: string,
  argv: readonly string[],
  timeoutMs: number,
  nowMs: () => number,
): Promise<Outcome> {
  const beganAtMs = nowMs();
  const timedOut = () => nowMs() - beganAtMs >= timeoutMs;
  const lateMessage = `command timed out: "${argv.join(' ')}" timed out after ${timeoutMs / 1000}s`;
  try {
    const { exitCode, output } = await execCaptured(runtime, containerId, argv, timeoutMs);
    if (exitCode === 0) return { result: 'success', output };
    return { result: 'failure', output: timedOut() ? lateMessage : output };
  } catch (error) {
    if (timedOut()) return { result: 'failure', output: lateMessage };
    return { result: 'error', output: messageOf(error) };
  }
}
