import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isMap } from './subjects.ts';

const NAMES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/** The fields of a kustomization that say which files belong to it. */
export interface Kustomization {
  readonly file: string;
  readonly kind: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function isKustomization(path: string): boolean {
  return NAMES.includes(basename(path));
}

/** The kustomization of a folder; one that cannot be read has no fields. */
export async function kustomizationIn(folder: string): Promise<Kustomization | undefined> {
  const file = NAMES.map((name) => join(folder, name)).find((path) => existsSync(path));
  if (!file) return undefined;
  const { parse } = await import('yaml');
  let fields: unknown;
  try {
    fields = parse(readFileSync(file, 'utf8'));
  } catch {
    fields = {};
  }
  return {
    file,
    kind: isMap(fields) && typeof fields.kind === 'string' ? fields.kind : 'Kustomization',
    fields: isMap(fields) ? fields : {},
  };
}

/** What a kustomization takes up: folders with one of their own, and plain files. Addresses elsewhere are left out. */
export function takenUp(kustomization: Kustomization, folder: string): { folders: string[]; files: string[] } {
  const folders: string[] = [];
  const files: string[] = [];
  for (const field of ['resources', 'bases', 'components']) {
    const list = kustomization.fields[field];
    if (!Array.isArray(list)) continue;
    for (const item of list) {
      if (typeof item !== 'string' || item.includes('://')) continue;
      const path = join(folder, item);
      if (!existsSync(path)) continue;
      (statSync(path).isDirectory() ? folders : files).push(path);
    }
  }
  return { folders, files };
}

export async function referredFolders(folder: string): Promise<string[]> {
  const kustomization = await kustomizationIn(folder);
  return kustomization ? takenUp(kustomization, folder).folders : [];
}
