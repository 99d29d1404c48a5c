import { relative, resolve } from 'node:path';
import { checkedMap } from './check.ts';
import type { ComposeFile, ComposeMap, ComposeValue, ReportLine } from './contract.ts';
import { readText } from './environment-files.ts';
import { extended } from './extends.ts';
import { included } from './include.ts';
import { COMPOSE } from './keys.ts';
import { merged } from './merge.ts';
import { parseCompose } from './parse.ts';
import { mapOf } from './value.ts';

/** Files within files; no honest project comes near. */
const DEPTH_MAX = 50;

export interface Loading {
  /** Full path; names in sources are relative to it. */
  readonly root: string;
  /** Relative paths in the files lead from here. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Full paths of the files being read, outermost first: one that includes itself has no end. */
  readonly open: readonly string[];
  /** Everything read so far, in order. */
  readonly files: string[];
  readonly report: ReportLine[];
}

/** The files as one document, later ones laid over earlier. @throws UserError */
export function loadFiles(paths: readonly string[], loading: Loading): ComposeMap | undefined {
  let whole: ComposeMap | undefined;
  for (const path of paths) {
    for (const document of loadFile(path, loading)) {
      const next = whole ? merged(whole, document, COMPOSE, []) : document;
      if (next.is === 'map') whole = next;
    }
  }
  return whole;
}

/** A file's documents, each with what it includes, its services extended. */
function loadFile(path: string, loading: Loading): ComposeMap[] {
  const inner: Loading = { ...loading, open: [...loading.open, path] };
  return readDocuments(path, loading.directory, inner).map((document) =>
    extended(included(document, inner), path, inner),
  );
}

/** A file's documents as they stand, each held against the shape of a compose file. */
export function readDocuments(path: string, directory: string, loading: Loading): ComposeMap[] {
  const name = relative(loading.root, path) || path;
  if (!loading.files.includes(name)) loading.files.push(name);
  const file: ComposeFile = { name, directory, environment: loading.environment };
  const text = readText(path, path, 'Name a compose file that exists.');
  return parseCompose(text, file).map((document) => checkedMap(document, COMPOSE, []));
}

export function isOpen(path: string, loading: Loading): boolean {
  return loading.open.includes(path) || loading.open.length > DEPTH_MAX;
}

/** The document without one of its top keys. */
export function without(document: ComposeMap, key: string): ComposeMap {
  return mapOf(
    [...document.entries].filter(([name]) => name !== key),
    document.at,
  );
}

export function withEntry(document: ComposeMap, key: string, value: ComposeValue): ComposeMap {
  const { directive } = document;
  return { ...mapOf(new Map(document.entries).set(key, value), document.at), ...(directive ? { directive } : {}) };
}

export function pathFrom(value: ComposeValue, text: string): string {
  return resolve(value.at.file.directory, text);
}
