import { readFileSync } from 'node:fs';
import type { RootView } from './root-view.ts';

export interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  readonly home: string;
}

/** Fields of /etc/passwd or /etc/group of an image, one array a line. */
function table(view: RootView, path: string): string[][] {
  const entry = view.resolve(path);
  if (entry?.kind !== 'other' || !entry.stats.isFile()) return [];
  return readFileSync(entry.path, 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
}

/**
 * Finds `user`, `uid`, `user:group` or `uid:gid` in the image's own tables.
 * @throws Error when a name is not there
 */
export function findAccount(view: RootView, text: string): Account {
  const [user = '', group] = text.split(':');
  const wanted = user === '' ? '0' : user;
  const users = table(view, '/etc/passwd');
  const row = users.find((fields) => fields[0] === wanted) ?? users.find((fields) => fields[2] === wanted);
  if (!row && !/^\d+$/.test(wanted)) throw new Error(`no user ${wanted} in the image's /etc/passwd`);
  const uid = Number(row?.[2] ?? wanted);
  const groups = table(view, '/etc/group');
  let gid = Number(row?.[3] ?? 0);
  if (group !== undefined && group !== '') {
    const named = groups.find((fields) => fields[0] === group)?.[2];
    if (named === undefined && !/^\d+$/.test(group)) throw new Error(`no group ${group} in the image's /etc/group`);
    gid = Number(named ?? group);
  }
  const login = row?.[0];
  const additionalGids = login
    ? groups.filter((fields) => fields[3]?.split(',').includes(login)).map((fields) => Number(fields[2]))
    : [];
  return { uid, gid, additionalGids: additionalGids.filter((id) => id !== gid), home: row?.[5] || '/' };
}

/** `user:group` of --chown, where a missing group means the number of the user. */
export function findOwner(view: RootView, text: string): { uid: number; gid: number } {
  const account = findAccount(view, text);
  if (text.includes(':')) return account;
  return { uid: account.uid, gid: /^\d+$/.test(text) ? account.uid : account.gid };
}
