import { mkdir, open, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Document, isMap, isSeq, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import { codeOf, UserError } from '../../base/index.ts';

/** What a context needs to reach a cluster as its administrator. */
export interface KubeconfigEntry {
  /** Name of the context, the cluster and the user. */
  readonly name: string;
  readonly server: string;
  readonly caPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

function partsOf(entry: KubeconfigEntry): Record<'clusters' | 'users' | 'contexts', Record<string, unknown>> {
  return {
    clusters: {
      name: entry.name,
      cluster: { 'certificate-authority-data': base64(entry.caPem), server: entry.server },
    },
    users: {
      name: entry.name,
      user: { 'client-certificate-data': base64(entry.certificatePem), 'client-key-data': base64(entry.keyPem) },
    },
    contexts: { name: entry.name, context: { cluster: entry.name, user: entry.name } },
  };
}

/** A kubeconfig with this one context. */
export function kubeconfigText(entry: KubeconfigEntry): string {
  const { clusters, users, contexts } = partsOf(entry);
  return new Document({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [clusters],
    users: [users],
    contexts: [contexts],
    'current-context': entry.name,
    preferences: {},
  }).toString({ lineWidth: 0 });
}

/** The user's own file: the first of KUBECONFIG, or ~/.kube/config. */
export function userKubeconfigPath(environment: NodeJS.ProcessEnv = process.env): string {
  const first = (environment.KUBECONFIG ?? '').split(':').find((path) => path !== '');
  return first ?? join(homedir(), '.kube/config');
}

/** Adds or replaces the context in the user's file and makes it the current one; all else stays as it is, comments too. */
export function mergeContext(path: string, entry: KubeconfigEntry): Promise<void> {
  return change(path, (document) => {
    const parts = partsOf(entry);
    for (const list of ['clusters', 'users', 'contexts'] as const) {
      const items = listOf(document, list, path);
      const fresh = document.createNode(parts[list]);
      const index = items.items.findIndex((item) => isMap(item) && item.get('name') === entry.name);
      if (index >= 0) items.items[index] = fresh;
      else items.items.push(fresh);
    }
    document.set('current-context', entry.name);
    return true;
  });
}

/** Takes the context out again; when it was the current one, none is. A file that is not there stays so. */
export async function removeContext(path: string, name: string): Promise<void> {
  if (!(await stat(path).catch(() => undefined))) return;
  await change(path, (document) => {
    let changed = false;
    for (const list of ['clusters', 'users', 'contexts'] as const) {
      const items = listOf(document, list, path);
      const kept = items.items.filter((item) => !(isMap(item) && item.get('name') === name));
      changed ||= kept.length !== items.items.length;
      items.items = kept;
    }
    if (document.get('current-context') === name) {
      document.set('current-context', '');
      changed = true;
    }
    return changed;
  });
}

function listOf(document: Document, name: string, path: string): YAMLSeq {
  const value = document.get(name);
  if (isSeq(value)) return value as YAMLSeq;
  if (value !== undefined && value !== null) {
    throw new UserError(`${path}#${name}`, 'is not a list', 'Mend the file, or name another with KUBECONFIG=PATH.');
  }
  const made = document.createNode([]) as YAMLSeq;
  made.flow = false;
  document.set(name, made);
  return made;
}

/** Under the lock file that kubectl and client-go use; the file is replaced in one step and keeps its mode. */
async function change(path: string, edit: (document: Document) => boolean): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o750 });
  const target = await realpath(path).catch(() => path);
  const lock = `${target}.lock`;
  for (let attempt = 0; ; attempt++) {
    try {
      await (await open(lock, 'wx')).close();
      break;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      if (attempt >= 50)
        throw new UserError(lock, 'is held by another program', `If none is at work on it, remove it: rm ${lock}`, {
          cause: error,
        });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  try {
    const text = await readFile(target, 'utf8').catch((error) => {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    });
    const document = text?.trim()
      ? parseDocument(text)
      : new Document({ apiVersion: 'v1', kind: 'Config', clusters: [], users: [], contexts: [] });
    const fault = document.errors[0];
    if (fault || !isMap(document.contents as YAMLMap)) {
      throw new UserError(
        target,
        fault ? (fault.message.split('\n')[0] ?? 'is not YAML') : 'is not a kubeconfig',
        'Mend the file, or name another with KUBECONFIG=PATH. Nothing was written to it.',
      );
    }
    if (!edit(document)) return;
    const mode = (await stat(target).catch(() => undefined))?.mode ?? 0o600;
    await writeFile(`${target}.wherry`, document.toString({ lineWidth: 0 }), { mode: mode & 0o777 });
    await rename(`${target}.wherry`, target);
  } finally {
    await rm(lock, { force: true });
  }
}
