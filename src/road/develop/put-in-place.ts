import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { codeOf, messageOf } from '../../base/index.ts';
import { execInPod } from '../../engine/client/index.ts';
import type { DevelopedPart, DevelopmentPlace, DevelopmentWay, SyncResult } from './contract.ts';
import { EXIT_BUILD, EXIT_ENDED, EXIT_NO_TAR, EXIT_NOT_STARTED, PUT_IN_PLACE } from './supervisor.ts';

const OUTPUT_BYTES_MAX = 64 * 1024;
const OUTPUT_LINES = 30;
const BYTES_MAX = 256 * 1024 * 1024;

/** A file that was saved or taken away, and where it goes in the container. */
export interface Placed {
  /** Relative to the context. */
  readonly path: string;
  /** Absolute, in the container. */
  readonly to: string;
}

/**
 * Puts files of the context into the running container of a part, runs its build, starts its app again and waits until that
 * listens. Files that are not there any more are taken away.
 * @throws StatusError when the API or the container refuses.
 */
export async function putInPlace(
  place: DevelopmentPlace,
  pod: string,
  container: string,
  part: DevelopedPart,
  way: DevelopmentWay & { is: 'sync' },
  directory: string,
  files: readonly Placed[],
): Promise<SyncResult> {
  const { archive, gone } = await packed(directory, files);
  const port = part.port === undefined ? '' : part.port.toString(16).toUpperCase().padStart(4, '0');
  const words = [way.build ?? '', way.restart ? 'restart' : '', port, ...gone];
  const output = new LastOutput();
  const exitCode = await execInPod(place.connection, {
    namespace: place.namespace,
    pod,
    container,
    command: ['sh', '-c', PUT_IN_PLACE, 'wherry-dev', ...words],
    tty: false,
    stdin: Readable.from([archive]).pipe(new PassThrough()),
    stdout: output,
    stderr: output,
  });
  if (exitCode === 0) return { is: 'running' };
  const what = WHAT[exitCode] ?? `putting files in place (exit status ${exitCode})`;
  // The build speaks to us, the app to its log.
  if (exitCode !== EXIT_ENDED && exitCode !== EXIT_NOT_STARTED) return { is: 'failed', what, output: output.lines() };
  return { is: 'failed', what, output: await lastLines(place, pod, container), logged: true };
}

const WHAT: Readonly<Record<number, string>> = {
  [EXIT_NO_TAR]: 'unpacking in the container (is there a tar in the image?)',
  [EXIT_BUILD]: 'the build',
  [EXIT_NOT_STARTED]: 'the app: it does not listen',
  [EXIT_ENDED]: 'the app: it ended at once',
};

async function lastLines({ client, namespace }: DevelopmentPlace, pod: string, container: string): Promise<string[]> {
  const query = new URLSearchParams({ container, tailLines: String(OUTPUT_LINES) });
  try {
    const answer = await client.request('GET', `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}`);
    return (await answer.text()).split('\n').filter((line) => line !== '');
  } catch (error) {
    return [`(log cannot be read: ${messageOf(error)})`];
  }
}

/** A tar of the files there are, with times and modes, and the places of those that are gone. */
async function packed(
  directory: string,
  files: readonly Placed[],
): Promise<{ archive: Buffer; gone: readonly string[] }> {
  const { pack } = await import('tar-stream');
  const archive = pack();
  const gone: string[] = [];
  let bytes = 0;
  for (const { path, to } of files) {
    try {
      const { mode, mtime } = await stat(join(directory, path));
      const content = await readFile(join(directory, path));
      bytes += content.length;
      if (bytes > BYTES_MAX) throw new Error(`more than ${BYTES_MAX} bytes were changed at once`);
      archive.entry({ name: to.replace(/^\//, ''), mode: mode & 0o777, mtime }, content);
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') gone.push(to);
      else if (codeOf(error) !== 'EISDIR') throw error;
    }
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return { archive: Buffer.concat(chunks), gone };
}

/** Keeps the end of what a program said. */
class LastOutput extends Writable {
  #text = '';

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#text = (this.#text + chunk.toString()).slice(-OUTPUT_BYTES_MAX);
    done();
  }

  lines(): string[] {
    const lines = this.#text.trimEnd().split('\n');
    return lines.filter((line) => line !== '').slice(-OUTPUT_LINES);
  }
}
