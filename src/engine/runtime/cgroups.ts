import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerStats, ResourceLimits } from './contract.ts';

const ROOT = '/sys/fs/cgroup';

/** `unified`: one v2 tree; `controllers`: v1, one tree a controller; `none`: not usable here. */
export type CgroupLayout = 'unified' | 'controllers' | 'none';

/** How this mount namespace sees cgroups. A hybrid host counts as v1 once its extra v2 mount is out of the way. */
export function cgroupLayout(): CgroupLayout {
  if (existsSync(join(ROOT, 'cgroup.controllers'))) return 'unified';
  return existsSync(join(ROOT, 'memory/cgroup.procs')) ? 'controllers' : 'none';
}

/** The roots of all trees. */
function trees(layout: CgroupLayout): string[] {
  if (layout === 'unified') return [ROOT];
  if (layout === 'none') return [];
  return readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(ROOT, entry.name));
}

/** Makes a pod's cgroup and sets its limits; best effort where the host allows less. */
export async function limitCgroup(layout: CgroupLayout, path: string, limits: ResourceLimits): Promise<void> {
  const settings: [tree: string, file: string, value: string][] = [];
  const quota = limits.cpuQuotaUs;
  if (layout === 'unified') {
    if (quota !== undefined) settings.push(['', 'cpu.max', `${quota} 100000`]);
    if (limits.memoryBytesMax !== undefined) settings.push(['', 'memory.max', String(limits.memoryBytesMax)]);
  } else {
    if (limits.cpuShares !== undefined) settings.push(['cpu', 'cpu.shares', String(limits.cpuShares)]);
    if (quota !== undefined) settings.push(['cpu', 'cpu.cfs_quota_us', String(quota)]);
    if (limits.memoryBytesMax !== undefined)
      settings.push(['memory', 'memory.limit_in_bytes', String(limits.memoryBytesMax)]);
  }
  for (const [tree, file, value] of settings) {
    const directory = join(ROOT, tree, path);
    await mkdir(directory, { recursive: true }).catch(() => undefined);
    await writeFile(join(directory, file), value).catch(() => undefined);
  }
}

/** Removes a cgroup and what is below it in every tree; those with processes stay. */
export async function removeCgroup(layout: CgroupLayout, path: string): Promise<void> {
  for (const tree of trees(layout)) await removeBelow(join(tree, path));
}

/** Removes a cgroup in every tree where nothing is in it. */
export async function removeEmptyCgroup(layout: CgroupLayout, path: string): Promise<void> {
  await Promise.all(trees(layout).map((tree) => rmdir(join(tree, path)).catch(() => undefined)));
}

async function removeBelow(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeBelow(join(directory, entry.name));
  }
  await rmdir(directory).catch(() => undefined);
}

export async function cgroupStats(layout: CgroupLayout, path: string): Promise<ContainerStats | undefined> {
  const read = (tree: string, file: string) =>
    readFile(join(ROOT, layout === 'unified' ? '' : tree, path, file), 'utf8');
  const field = (text: string, name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  try {
    if (layout === 'unified') {
      const [cpu, memory, detail] = await Promise.all([
        read('', 'cpu.stat'),
        read('', 'memory.current'),
        read('', 'memory.stat'),
      ]);
      const memoryBytes = Number(memory);
      return {
        cpuUsageNs: field(cpu, 'usage_usec') * 1000,
        memoryBytes,
        memoryWorkingSetBytes: Math.max(0, memoryBytes - field(detail, 'inactive_file')),
      };
    }
    const [cpu, memory, detail] = await Promise.all([
      read('cpuacct', 'cpuacct.usage'),
      read('memory', 'memory.usage_in_bytes'),
      read('memory', 'memory.stat'),
    ]);
    const memoryBytes = Number(memory);
    return {
      cpuUsageNs: Number(cpu),
      memoryBytes,
      memoryWorkingSetBytes: Math.max(0, memoryBytes - field(detail, 'total_inactive_file')),
    };
  } catch {
    return undefined;
  }
}
