import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What is kept of a container on disk, so that the next engine finds it. */
export interface ContainerRecord {
  readonly id: string;
  readonly sandboxId: string;
  /** The bundle of namespaces it was made in; in another one it cannot be alive. */
  readonly bundleId: string;
  readonly createdAt: number;
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly cgroupPath: string | undefined;
}

export interface SandboxRecord {
  readonly id: string;
  readonly bundleId: string;
  readonly hostNetwork: boolean;
  readonly hostPid: boolean;
  readonly hostIpc: boolean;
  /** Of the process that holds a shared process namespace. */
  readonly holderPid: number | undefined;
}

/** Directory names are short: overlay options and socket paths have narrow limits. */
export function shortName(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 16);
}

export async function readRecords<T>(directory: string, file: string): Promise<T[]> {
  const names = await readdir(directory).catch(() => []);
  const records: T[] = [];
  for (const name of names) {
    const text = await readFile(join(directory, name, file), 'utf8').catch(() => undefined);
    if (text) records.push(JSON.parse(text) as T);
  }
  return records;
}

export function writeRecord(directory: string, file: string, record: unknown): Promise<void> {
  return writeFile(join(directory, file), JSON.stringify(record));
}

/** Names the bundle of namespaces this process is in; two bundles never share a name, also across reboots. */
export function currentBundleId(): string {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const startTime = readFileSync('/proc/1/stat', 'utf8').split(') ')[1]?.split(' ')[19];
  return `${boot}/${startTime}`;
}

/** Whether the process is there and has not ended; one that only waits to be reaped has. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/^\S+ \(.*\) [ZX]/s.test(stat);
  } catch {
    return false;
  }
}
