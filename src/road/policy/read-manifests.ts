import { readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { codeOf, messageOf, UserError } from '../../base/index.ts';
import type { PolicyFinding, Scope, Subject } from './contract.ts';
import { readDocuments } from './documents.ts';
import { isKustomization, kustomizationIn, referredFolders } from './kustomization.ts';
import { renderKustomization } from './render.ts';
import { scopeOf, subjectsOf } from './subjects.ts';

const FILES_MAX = 5_000;
const FILE_BYTES_MAX = 16 * 1024 * 1024;
const LEFT_OUT = new Set(['node_modules', 'vendor', '.venv', 'venv', 'target', 'dist', 'build']);

/** What was read: sets of objects that are applied together, and what could not be read. */
export interface ReadManifests {
  readonly scopes: readonly Scope[];
  readonly findings: readonly PolicyFinding[];
  /** How many objects in all. */
  readonly objects: number;
}

/**
 * Reads Kubernetes YAML and JSON. A folder is read with everything below it: each kustomization that no other one refers to is
 * built and makes a set of its own, all other files together make one. Charts are left out, since their files are no
 * YAML until Helm has filled them in. In a folder, documents without apiVersion and kind are passed over.
 * @throws UserError when a path is not there or more than 5 000 files are.
 */
export async function readManifests(paths: readonly string[]): Promise<ReadManifests> {
  const findings: PolicyFinding[] = [];
  const kustomizations = new Set<string>();
  const plain: { file: string; named: boolean }[] = [];
  for (const path of paths) {
    const stats = statOf(path);
    if (stats.isDirectory()) {
      const found = filesBelow(path);
      for (const folder of found.kustomizations) kustomizations.add(folder);
      for (const chart of found.charts) findings.push(chartNote(chart));
      plain.push(...found.files.map((file) => ({ file, named: false })));
    } else if (isKustomization(path)) kustomizations.add(dirname(path));
    else plain.push({ file: path, named: true });
  }

  const scopes: Scope[] = [];
  for (const root of await rootsOf([...kustomizations])) {
    const { subjects, findings: faults } = await renderKustomization(root);
    findings.push(...faults);
    if (subjects.length > 0) scopes.push(scopeOf(subjects, false));
  }
  const subjects: Subject[] = [];
  for (const { file, named } of plain) {
    if (!named && [...kustomizations].some((folder) => isBelow(file, folder))) continue;
    const read = await readDocuments(textOf(file), file);
    if (read.fault) {
      findings.push(notYaml(file, read.fault.line, read.fault.message));
      continue;
    }
    for (const document of read.documents) {
      const made = subjectsOf(document);
      subjects.push(...made);
      if (named && made.length === 0) findings.push(notAnObject(file, document.lineOf([])));
    }
  }
  const partial = plain.length > 0 && plain.every(({ named }) => named);
  if (subjects.length > 0) scopes.push(scopeOf(subjects, partial));
  return { scopes, findings, objects: scopes.reduce((sum, scope) => sum + scope.subjects.length, 0) };
}

/** Those that are applied by themselves: nothing among them refers to them. */
async function rootsOf(folders: readonly string[]): Promise<string[]> {
  const referred = new Set<string>();
  const roots: string[] = [];
  for (const folder of folders) {
    for (const below of await referredFolders(folder)) referred.add(resolve(below));
    if ((await kustomizationIn(folder))?.kind !== 'Component') roots.push(folder);
  }
  return roots.filter((folder) => !referred.has(resolve(folder))).sort();
}

function filesBelow(top: string): { files: string[]; kustomizations: string[]; charts: string[] } {
  const found: { files: string[]; kustomizations: string[]; charts: string[] } = {
    files: [],
    kustomizations: [],
    charts: [],
  };
  const walk = (folder: string): void => {
    const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    if (entries.some(({ name }) => name === 'Chart.yaml')) {
      found.charts.push(folder);
      return;
    }
    if (entries.some(({ name }) => isKustomization(name))) found.kustomizations.push(folder);
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!entry.name.startsWith('.') && !LEFT_OUT.has(entry.name)) walk(path);
      } else if (entry.isFile() && /\.(?:ya?ml|json)$/.test(entry.name) && !isKustomization(entry.name)) {
        if (mayHoldObjects(path) && found.files.push(path) > FILES_MAX)
          throw new UserError(top, `more than ${FILES_MAX} files to check`, 'Name the folders one by one.');
      }
    }
  };
  walk(top);
  return found;
}

/** A folder holds other YAML too: what has no apiVersion and kind at all is not even parsed. */
function mayHoldObjects(path: string): boolean {
  if (statOf(path).size > FILE_BYTES_MAX) return false;
  const text = readFileSync(path, 'utf8');
  return /(?:^|[\s{"',])apiVersion["']?\s*:/.test(text) && /(?:^|[\s{"',])kind["']?\s*:/.test(text);
}

/** Whether a folder or file holds Kubernetes objects or a kustomization: then `checkManifests` has something to read. */
export function holdsManifests(path: string): boolean {
  const stats = statOf(path);
  if (!stats.isDirectory()) return isKustomization(path) || (/\.(?:ya?ml|json)$/.test(path) && mayHoldObjects(path));
  const { files, kustomizations } = filesBelow(path);
  return kustomizations.length > 0 || files.length > 0;
}

function textOf(file: string): string {
  if (statOf(file).size > FILE_BYTES_MAX)
    throw new UserError(file, `has more than ${FILE_BYTES_MAX / 1024 / 1024} MiB`, 'Split it into several files.');
  return readFileSync(file, 'utf8');
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT')
      throw new UserError(path, 'there is no such file or folder', 'Give the folder that holds the YAML: k8s/', {
        exitStatus: 2,
      });
    throw new UserError(path, messageOf(error));
  }
}

function isBelow(file: string, folder: string): boolean {
  const way = relative(resolve(folder), resolve(file));
  return way !== '..' && !way.startsWith(`..${sep}`);
}

function notYaml(file: string, line: number, message: string): PolicyFinding {
  return {
    rule: 'not-yaml',
    severity: 'error',
    file,
    line,
    message,
    fix: 'Mend the line; mind the indentation, and quote texts that hold ": ", "#" or start with one of {[*&!%@`.',
  };
}

function notAnObject(file: string, line: number): PolicyFinding {
  return {
    rule: 'not-an-object',
    severity: 'error',
    file,
    line,
    message: 'the document has no apiVersion and kind, so no cluster can take it',
    fix: 'Begin it with both, for example "apiVersion: v1" and "kind: Service".',
  };
}

function chartNote(folder: string): PolicyFinding {
  return {
    rule: 'chart-left-out',
    severity: 'note',
    file: join(folder, 'Chart.yaml'),
    line: 1,
    message: "the chart's templates were not checked: they are YAML only once Helm has filled them in",
    fix: 'helm template NAME FOLDER > rendered.yaml, then wherry check rendered.yaml',
  };
}
