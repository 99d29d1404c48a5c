import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, UserError } from '../../base/index.ts';
import { type ClusterSettings, clustersDirectory, pathsOf } from './settings.ts';

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessMark {
  readonly pid: number;
  /** Clock ticks since boot at which it started (field 22 of /proc/PID/stat); where there is no /proc, what ps says. */
  readonly startTicks: string;
}

/** What cluster.json keeps. The processes are those of the last start; they may be gone. */
export interface ClusterState {
  readonly settings: ClusterSettings;
  readonly createdAt: string;
  /** The first process of the cluster's namespaces, as the host counts. */
  readonly bundle: ProcessMark | undefined;
  readonly engine: ProcessMark | undefined;
}

export async function readState(name: string): Promise<ClusterState | undefined> {
  const { state } = pathsOf(name);
  const text = await readFile(state, 'utf8').catch((error) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as ClusterState;
  } catch (error) {
    throw new UserError(
      state,
      'is not readable as JSON',
      `Remove the cluster with: wherry cluster delete --name ${name}`,
      { cause: error },
    );
  }
}

/** Atomic: a reader sees the old or the new one. */
export async function writeState(name: string, state: ClusterState): Promise<void> {
  const { state: path } = pathsOf(name);
  await mkdir(dirname(path), { recursive: true, mode: 0o711 });
  await writeFile(`${path}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

export async function clusterNames(): Promise<string[]> {
  const entries = await readdir(clustersDirectory(), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

export function markOf(pid: number): ProcessMark | undefined {
  if (process.platform !== 'linux') {
    const startTicks = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout?.trim();
    return startTicks ? { pid, startTicks } : undefined;
  }
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ');
    const startTicks = fields?.[19];
    return startTicks === undefined || fields?.[0] === 'Z' || fields?.[0] === 'X' ? undefined : { pid, startTicks };
  } catch {
    return undefined;
  }
}

export function isRunning(mark: ProcessMark | undefined): mark is ProcessMark {
  return mark !== undefined && markOf(mark.pid)?.startTicks === mark.startTicks;
}

/** The only child of a process that forks once (unshare, nsenter). */
export function childOf(pid: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return children ? Number(children.split(' ')[0]) : undefined;
  } catch {
    return undefined;
  }
}

/** One command at a time works on a cluster; a lock whose owner is gone is taken over. */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const { lock } = pathsOf(name);
  await mkdir(dirname(lock), { recursive: true, mode: 0o711 });
  const own = markOf(process.pid);
  for (let attempt = 0; ; attempt++) {
    try {
      const file = await open(lock, 'wx', 0o600);
      await file.writeFile(JSON.stringify(own));
      await file.close();
      break;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      const owner = JSON.parse((await readFile(lock, 'utf8').catch(() => '')) || 'null') as ProcessMark | null;
      if (owner !== null && !isRunning(owner)) await rm(lock, { force: true });
      else if (attempt > 300) {
        throw new UserError(
          `cluster ${name}`,
          `another command (process ${owner?.pid ?? 'unknown'}) is working on it`,
          'Wait for it to end, then try again.',
        );
      } else await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}
