import { createWriteStream } from 'node:fs';
import { chmod, mkdir, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../../base/index.ts';
import { meter } from './blobs.ts';
import type { Step } from './build-types.ts';
import { LIMITS } from './settings.ts';
import { fault } from './step-scope.ts';

/**
 * ADD of a URL: fetches it into a directory of its own, readable by root only as the reference says.
 * @returns that directory
 */
export async function fetchFile(
  step: Step,
  source: string,
  scratch: string,
  checksum: string | undefined,
): Promise<string> {
  if (!/^https?:/.test(source))
    throw fault(
      step,
      `ADD ${source}: repositories are not fetched here`,
      'Clone it in a RUN step, or copy a checkout.',
    );
  const url = new URL(source);
  const name = basename(url.pathname);
  if (name === '') throw fault(step, `ADD ${source}: the address names no file`);
  const directory = join(scratch, 'fetched');
  await mkdir(directory);
  const path = join(directory, name);
  try {
    const response = await fetch(url, { ...(step.build.options.signal ? { signal: step.build.options.signal } : {}) });
    if (!response.ok || !response.body) throw new Error(`${response.status} ${response.statusText}`);
    const measured = meter(LIMITS.layerBytesMax);
    await pipeline(Readable.fromWeb(response.body), measured.stream, createWriteStream(path));
    if (checksum && checksum !== measured.digest())
      throw new Error(`its digest is ${measured.digest()}, not ${checksum}`);
    const modified = response.headers.get('last-modified');
    const time = modified ? new Date(modified) : new Date(0);
    await utimes(path, time, time);
    await chmod(path, 0o600);
  } catch (error) {
    throw fault(step, `ADD ${source}: ${messageOf(error)}`, undefined, error);
  }
  return directory;
}
