import { chmod, chown, lchown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Gives a volume to a pod's fsGroup: its group, read and write for it, and the set-group-id bit on directories, so that new
 * files keep the group (upstream's SetVolumeOwnership). `onlyIfNeeded`: fsGroupChangePolicy OnRootMismatch.
 */
export async function giveToGroup(root: string, groupId: number, onlyIfNeeded: boolean): Promise<void> {
  if (onlyIfNeeded) {
    const found = await lstat(root);
    if (found.gid === groupId && (found.mode & 0o2770) === 0o2770) return;
  }
  await giveOne(root, groupId);
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    await giveOne(join(entry.parentPath, entry.name), groupId);
  }
}

async function giveOne(path: string, groupId: number): Promise<void> {
  const found = await lstat(path);
  if (found.isSymbolicLink()) {
    await lchown(path, found.uid, groupId);
    return;
  }
  await chown(path, found.uid, groupId);
  await chmod(path, (found.mode & 0o7777) | (found.isDirectory() ? 0o2770 : 0o660));
}
