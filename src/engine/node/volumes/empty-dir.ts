import { chmod, mkdir } from 'node:fs/promises';
import { run } from '../../../base/index.ts';
import type { EmptyDirVolumeSource, Pod } from '../../kinds/index.ts';
import { podLimits } from '../limits.ts';
import { quantityValue } from '../quantity.ts';
import { isMountPoint } from './mount-table.ts';

/** A directory of the pod's own; with the medium Memory a tmpfs, no larger than its limit, the pod's, the node's memory. */
export async function setUpEmptyDir(
  path: string,
  source: EmptyDirVolumeSource,
  pod: Pod,
  memoryBytes: number,
): Promise<void> {
  await mkdir(path, { recursive: true });
  if (source.medium === 'Memory' && !(await isMountPoint(path))) {
    const limits = [quantityValue(source.sizeLimit), podLimits(pod).memoryBytesMax ?? 0, memoryBytes].filter(
      (bytes) => bytes > 0,
    );
    await run('mount', ['-t', 'tmpfs', '-o', `size=${Math.floor(Math.min(...limits))},mode=0777`, 'tmpfs', path]);
  }
  await chmod(path, 0o777);
}
