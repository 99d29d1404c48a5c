import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Attempt } from './pod-state.ts';
import { podDirectory, type Scope } from './scope.ts';

/** The runtime's id of an attempt: `UID_NAME_NUMBER`; neither uids nor container names hold an underscore. */
export function attemptId(uid: string, container: string, number: number): string {
  return `${uid}_${container}_${number}`;
}

export function parseAttemptId(id: string): { uid: string; container: string; number: number } | undefined {
  const match = /^([^_]+)_([^_]+)_(\d+)$/.exec(id);
  return match ? { uid: match[1] ?? '', container: match[2] ?? '', number: Number(match[3]) } : undefined;
}

export function containerDirectory(scope: Scope, uid: string, container: string): string {
  return join(podDirectory(scope, uid), 'containers', container);
}

/** The file behind a container's terminationMessagePath. */
export function terminationPath(scope: Scope, uid: string, container: string, number: number): string {
  return join(containerDirectory(scope, uid, container), `${number}.termination`);
}

/** Keeps an attempt on disk for the next engine; replaces what is kept of it. */
export async function writeAttempt(scope: Scope, uid: string, container: string, attempt: Attempt): Promise<void> {
  const directory = containerDirectory(scope, uid, container);
  await mkdir(directory, { recursive: true });
  const path = join(directory, `${attempt.number}.json`);
  await writeFile(`${path}.new`, JSON.stringify(attempt));
  await rename(`${path}.new`, path);
}

/** The two newest attempts kept of a container, newest first. */
export async function readAttempts(scope: Scope, uid: string, container: string): Promise<Attempt[]> {
  const directory = containerDirectory(scope, uid, container);
  const names = await readdir(directory).catch(() => []);
  const numbers = names.flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? []).map(Number);
  const newest = numbers.sort((one, other) => other - one).slice(0, 2);
  return Promise.all(
    newest.map(async (number) => JSON.parse(await readFile(join(directory, `${number}.json`), 'utf8')) as Attempt),
  );
}

/** Drops what is kept of attempts before `number`. */
export async function forgetAttemptsBefore(
  scope: Scope,
  uid: string,
  container: string,
  number: number,
): Promise<void> {
  if (number < 1) return;
  const directory = containerDirectory(scope, uid, container);
  const old = number - 1;
  await Promise.all([`${old}.json`, `${old}.termination`].map((name) => rm(join(directory, name), { force: true })));
}
