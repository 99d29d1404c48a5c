import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { codeOf, RunError, run } from '../../base/index.ts';
import type { Path, PolicyFinding, SourceDocument, Subject } from './contract.ts';
import { readDocuments } from './documents.ts';
import { type Kustomization, kustomizationIn, takenUp } from './kustomization.ts';
import { completedCopy } from './stand-in-files.ts';
import { isMap, resourceOf, subjectsOf, valueAt } from './subjects.ts';

const ORIGIN = 'config.kubernetes.io/origin';
const TIMEOUT_MS = 60_000;
const OUTPUT_BYTES_MAX = 32 * 1024 * 1024;
const DEPTH_MAX = 20;
const PROGRAMS: readonly (readonly [program: string, ...args: string[]])[] = [
  ['kubectl', 'kustomize'],
  ['kustomize', 'build'],
];

interface Rendered {
  readonly subjects: readonly Subject[];
  readonly findings: readonly PolicyFinding[];
}

/**
 * Builds a kustomization as it is applied, by `kubectl` or `kustomize`; each object keeps the place in the file that it came
 * from. Where neither program is, its files are read as they stand, and a note says so.
 */
export async function renderKustomization(folder: string): Promise<Rendered> {
  const kustomization = await kustomizationIn(folder);
  if (!kustomization) return { subjects: [], findings: [] };
  const working = mkdtempSync(join(tmpdir(), 'wherry-kustomize-'));
  try {
    const completed = await completedCopy(folder, working);
    const built = completed?.folder ?? folder;
    const around = join(working, 'around');
    mkdirSync(around);
    // One around it, so that it is built with the origins of its objects and no file of the user's changes.
    const way = relative(realpathSync(around), realpathSync(built));
    writeFileSync(
      join(around, 'kustomization.yaml'),
      `resources:\n- ${JSON.stringify(way)}\nbuildMetadata: [originAnnotations]\n`,
    );
    for (const [program, ...args] of PROGRAMS) {
      try {
        const { stdout } = await run(program, [...args, around], {
          timeoutMs: TIMEOUT_MS,
          outputBytesMax: OUTPUT_BYTES_MAX,
        });
        const original = (path: string): string =>
          completed ? join(completed.original, relative(realpathSync(completed.copy), path)) : path;
        const subjects = await subjectsWithOrigin(stdout, around, folder, kustomization, original);
        return { subjects, findings: completed ? [withoutFiles(kustomization, completed.missing)] : [] };
      } catch (error) {
        if (codeOf(error) === 'ENOENT' || (error instanceof RunError && codeOf(error.cause) === 'ENOENT')) continue;
        if (!(error instanceof RunError)) throw error;
        const plain = await plainSubjects(folder, 0);
        return { subjects: plain, findings: [doesNotBuild(kustomization, error, around, folder)] };
      }
    }
    return { subjects: await plainSubjects(folder, 0), findings: [notBuilt(kustomization)] };
  } finally {
    rmSync(working, { recursive: true, force: true });
  }
}

async function subjectsWithOrigin(
  rendered: string,
  working: string,
  folder: string,
  kustomization: Kustomization,
  original: (path: string) => string,
): Promise<Subject[]> {
  const sources = new Map<string, readonly Subject[]>();
  const sourceOf = async (file: string): Promise<readonly Subject[]> => {
    const known = sources.get(file);
    if (known) return known;
    const read = await readDocuments(readFileSync(file, 'utf8'), file);
    const made = read.documents.flatMap((document) => subjectsOf(document));
    sources.set(file, made);
    return made;
  };
  const { documents } = await readDocuments(rendered, kustomization.file);
  const subjects: Subject[] = [];
  for (const document of documents) {
    const origin = await originOf(document);
    const from = origin.path ?? origin.configuredIn;
    const file =
      from === undefined ? kustomization.file : shownPath(original(realpathSync(join(working, from))), folder);
    const [first] = subjectsOf(withoutOrigin(document));
    if (!first) continue;
    const written = origin.path === undefined ? undefined : bestMatch(await sourceOf(file), first);
    const place: SourceDocument = {
      ...first.document,
      file,
      lineOf: (path: Path) => (written ? written.document.lineOf([...written.at, ...path]) : 1),
    };
    subjects.push({ ...first, document: place, generated: origin.path === undefined });
  }
  return subjects;
}

/** The path as the user would write it: below the folder that was given, or relative to it. */
function shownPath(path: string, folder: string): string {
  return join(folder, relative(realpathSync(resolve(folder)), realpathSync(path)));
}

async function originOf(document: SourceDocument): Promise<{ path?: string; configuredIn?: string }> {
  const text = valueAt(document.value, ['metadata', 'annotations', ORIGIN]);
  if (typeof text !== 'string') return {};
  const { parse } = await import('yaml');
  const origin: unknown = parse(text);
  if (!isMap(origin)) return {};
  return {
    ...(typeof origin.path === 'string' ? { path: origin.path } : {}),
    ...(typeof origin.configuredIn === 'string' ? { configuredIn: origin.configuredIn } : {}),
  };
}

function withoutOrigin(document: SourceDocument): SourceDocument {
  const { value } = document;
  if (!isMap(value) || !isMap(value.metadata) || !isMap(value.metadata.annotations)) return document;
  const { [ORIGIN]: _, ...annotations } = value.metadata.annotations;
  const { annotations: __, ...metadata } = value.metadata;
  const kept = Object.keys(annotations).length > 0 ? { ...metadata, annotations } : metadata;
  return { ...document, value: { ...value, metadata: kept } };
}

/** A kustomization may put something before and behind a name. */
function bestMatch(candidates: readonly Subject[], wanted: Subject): Subject | undefined {
  const same = candidates.filter(({ kind }) => kind === wanted.kind);
  return (
    same.find(({ name }) => name === wanted.name) ?? same.find(({ name }) => wanted.name.includes(name)) ?? same[0]
  );
}

/** The files as they stand: patches, prefixes and generators' values are not in it. */
async function plainSubjects(folder: string, depth: number): Promise<Subject[]> {
  const kustomization = await kustomizationIn(folder);
  if (!kustomization || depth > DEPTH_MAX) return [];
  const { folders, files } = takenUp(kustomization, folder);
  const subjects: Subject[] = [];
  for (const below of folders) subjects.push(...(await plainSubjects(below, depth + 1)));
  for (const file of files) {
    const { documents } = await readDocuments(readFileSync(file, 'utf8'), file);
    subjects.push(...documents.flatMap((document) => subjectsOf(document)));
  }
  for (const [field, kind] of [
    ['configMapGenerator', 'ConfigMap'],
    ['secretGenerator', 'Secret'],
  ] as const) {
    const list = kustomization.fields[field];
    for (const generator of Array.isArray(list) ? list : []) {
      if (!isMap(generator) || typeof generator.name !== 'string') continue;
      // It changes one that is there already.
      if (generator.behavior === 'merge' || generator.behavior === 'replace') continue;
      const value = { apiVersion: 'v1', kind, metadata: { name: generator.name } };
      subjects.push(...subjectsOf({ value, file: kustomization.file, duplicates: [], lineOf: () => 1 }, true));
    }
  }
  const { namespace } = kustomization.fields;
  if (typeof namespace !== 'string') return subjects;
  return subjects.map((subject) =>
    resourceOf(subject.apiVersion, subject.kind)?.namespaced === false ? subject : { ...subject, namespace },
  );
}

function withoutFiles(kustomization: Kustomization, missing: readonly string[]): PolicyFinding {
  return {
    rule: 'generator-file-missing',
    severity: 'note',
    file: kustomization.file,
    line: 1,
    message: `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not there, so examples were taken instead`,
    fix: 'Make the files before it is applied; what belongs into them stands in the .example beside each.',
  };
}

function doesNotBuild(kustomization: Kustomization, error: RunError, working: string, folder: string): PolicyFinding {
  const said = (error.result.stderr.trim() || error.message)
    .replaceAll(realpathSync(resolve(folder)), folder)
    .replaceAll(working, '.')
    .replace(/^(?:error: |[EW]\d{4} .*?"command failed" err=)/, '');
  return {
    rule: 'kustomization-does-not-build',
    severity: 'error',
    file: kustomization.file,
    line: 1,
    message: firstWords(said).slice(0, 500),
    fix: 'What could be read without building it was checked. See all of it: kubectl kustomize FOLDER',
  };
}

function notBuilt(kustomization: Kustomization): PolicyFinding {
  return {
    rule: 'kustomization-not-built',
    severity: 'note',
    file: kustomization.file,
    line: 1,
    message: 'neither kubectl nor kustomize is on this machine, so its files were checked without their patches',
    fix: 'Install kubectl and check again.',
  };
}

/** kubectl puts longer words between `<` and `>` on lines of their own, and each level of kustomize its own before them. */
function firstWords(said: string): string {
  const text = said.replace(/\s+/g, ' ').trim();
  const own = text.replace(/^<\s*|\s*>$/g, '').replace(/^"(.*)"$/, '$1');
  return own.replace(/^.*recursed accumulation of path '[^']*': /, '');
}
