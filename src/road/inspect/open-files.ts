import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { OpenFile } from './contract.ts';

const FILES_MAX = 2_000;
const ACCESS = 3;
const MODES: readonly OpenFile['mode'][] = ['read', 'write', 'read and write', 'read and write'];
const NOT_FILES = /^\/(?:dev|proc|sys)\/|^\/memfd:/;

/** The files that processes hold open, each once, those that are written first. */
export function openFilesOf(processes: readonly number[]): OpenFile[] {
  const files = new Map<string, OpenFile>();
  for (const id of processes) {
    for (const name of namesIn(`/proc/${id}/fd`)) {
      if (files.size === FILES_MAX) break;
      // Standard input and output are the terminal's or the journal's, whatever file they were sent to.
      if (/^[012]$/.test(name)) continue;
      const file = fileOf(id, name);
      if (file && (files.get(file.path)?.mode ?? 'read') === 'read') files.set(file.path, file);
    }
  }
  return [...files.values()].sort(
    (a, b) => Number(a.mode === 'read') - Number(b.mode === 'read') || (a.path < b.path ? -1 : 1),
  );
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function fileOf(id: number, name: string): OpenFile | undefined {
  try {
    const target = readlinkSync(`/proc/${id}/fd/${name}`);
    if (!target.startsWith('/') || NOT_FILES.test(target)) return undefined;
    // proc_pid_fdinfo(5): the flags of open(2), in octal.
    const flags = Number.parseInt(
      /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/${id}/fdinfo/${name}`, 'utf8'))?.[1] ?? '0',
      8,
    );
    const deleted = target.endsWith(' (deleted)');
    return {
      path: deleted ? target.slice(0, -' (deleted)'.length) : target,
      mode: MODES[flags & ACCESS] ?? 'read',
      deleted,
    };
  } catch {
    return undefined;
  }
}
