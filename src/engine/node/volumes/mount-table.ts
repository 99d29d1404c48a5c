import { readFile } from 'node:fs/promises';
import { run } from '../../../base/index.ts';

/** Mount points at or below a path, deepest first. */
export async function mountsBelow(path: string): Promise<string[]> {
  const table = await readFile('/proc/self/mountinfo', 'utf8');
  const points = table.split('\n').flatMap((line) => {
    const point = line
      .split(' ')[4]
      ?.replace(/\\([0-7]{3})/g, (_match, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    return point && (point === path || point.startsWith(`${path}/`)) ? [point] : [];
  });
  return points.sort((one, other) => other.length - one.length);
}

export async function isMountPoint(path: string): Promise<boolean> {
  return (await mountsBelow(path)).includes(path);
}

/** Takes away everything mounted at or below a path; no error when there is nothing. */
export async function unmountBelow(path: string): Promise<void> {
  const points = await mountsBelow(path);
  if (points.length > 0) await run('umount', ['-l', ...points], { allowFailure: true });
}
