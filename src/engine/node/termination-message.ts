import { open } from 'node:fs/promises';
import type { AnyContainer } from './pod-spec.ts';

const MESSAGE_BYTES_MAX = 4096;
const LOG_BYTES_MAX = 2048;
const LOG_LINES_MAX = 80;

/** What a container left to say: its termination file, or with FallbackToLogsOnError the end of its log after a failure. */
export async function terminationMessage(
  container: AnyContainer,
  exitCode: number,
  file: string,
  logPath: string,
): Promise<string> {
  const written = (await readTail(file, MESSAGE_BYTES_MAX, 'start')) ?? '';
  if (written !== '' || exitCode === 0 || container.terminationMessagePolicy !== 'FallbackToLogsOnError')
    return written;
  const log = (await readTail(logPath, LOG_BYTES_MAX * 4, 'end')) ?? '';
  const lines = log
    .split('\n')
    .flatMap((line) => /^\S+ (?:stdout|stderr) ([FP]) (.*)$/.exec(line)?.slice(1) ?? [undefined]);
  let text = '';
  for (let at = 0; at < lines.length; at++) {
    const tag = lines[at];
    if (tag !== 'F' && tag !== 'P') continue;
    text += (lines[at + 1] ?? '') + (tag === 'F' ? '\n' : '');
    at++;
  }
  const kept = text
    .split('\n')
    .slice(-(LOG_LINES_MAX + 1))
    .join('\n');
  return Buffer.from(kept).subarray(-LOG_BYTES_MAX).toString('utf8');
}

async function readTail(path: string, bytesMax: number, from: 'start' | 'end'): Promise<string | undefined> {
  const file = await open(path, 'r').catch(() => undefined);
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    const length = Math.min(size, bytesMax);
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(length),
      0,
      length,
      from === 'start' ? 0 : size - length,
    );
    return buffer.subarray(0, bytesRead).toString('utf8');
  } finally {
    await file.close();
  }
}
