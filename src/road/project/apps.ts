import { basename, join } from 'node:path';
import { UserError } from '../../base/index.ts';
import { readDockerfile } from './dockerfile.ts';
import { type Folder, openFolder } from './folder.ts';
import { languageOf, readLanguage } from './language-of.ts';
import { readNodeManifest } from './node-manifest.ts';
import { readProcfile } from './procfile.ts';
import { readSettings, SETTINGS_FILE } from './settings.ts';
import { workspaceOf } from './workspace.ts';

/** An app among several in one folder. */
export interface FoundApp {
  /** Full path. */
  readonly directory: string;
  /** Relative to the folder that was searched; empty for that folder itself. */
  readonly path: string;
  readonly name: string;
  /** What shows that it is an app: `apps/web/package.json:6`. */
  readonly source: string;
}

const DEPTH_MAX = 3;
const APPS_MAX = 100;
/** Apps by these names show how another one is used or tested. */
const BESIDE =
  /(?:^|\/)(?:[\w-]+-e2e|tests?|__tests__|e2e|cypress|fixtures|examples?|samples?|demos?|docs?|scripts|tools|templates?|infra|deploy|k8s)$/;
/** A start script that starts others. */
const STARTS_OTHERS =
  /\b(?:turbo|nx|lerna|concurrently|npm-run-all|run-[ps])\b|\bpnpm\s+(?:-r|--recursive|--filter|--parallel|-C)\b|\byarn\s+workspaces?\b|\bnpm\s+.*(?:-w\b|--workspaces?\b|--prefix\b)/;

/**
 * The apps of a folder: itself, or those of its workspace or its sub-folders.
 * @throws UserError when the folder is none, or a file that decides is broken.
 */
export async function findApps(directory: string): Promise<readonly FoundApp[]> {
  const folder = openFolder(directory);
  const below = await appsBelow(folder);
  if (below) return below;
  const own = await appOf(folder, '');
  return own ? [own] : [];
}

/** The apps below a folder that is no app itself; undefined when it is one. */
export async function appsBelow(folder: Folder): Promise<readonly FoundApp[] | undefined> {
  if (!holdsOthers(folder) && (await appOf(folder, ''))) return undefined;
  const workspace = workspaceOf(folder);
  // Beside a workspace's members there may be apps of other languages.
  const members = workspace?.members.map(({ path }) => path) ?? [];
  const candidates = [...new Set([...members, ...subFolders(folder)])];
  const found: FoundApp[] = [];
  for (const path of candidates) {
    if (BESIDE.test(path) || found.some((app) => path.startsWith(`${app.path}/`)) || found.length === APPS_MAX)
      continue;
    const app = await appOf(openFolder(join(folder.directory, path)), path);
    if (app) found.push(app);
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Whether a folder is there for the apps below it: a workspace without a start of its own, or with one that starts others. */
export function holdsOthers(folder: Folder): boolean {
  if (!folder.has('package.json') || namedOutright(folder)) return false;
  const { start } = readNodeManifest(folder).scripts;
  if (start !== undefined) return STARTS_OTHERS.test(start);
  // An Nx repository has one package.json for all its apps.
  return (
    workspaceOf(folder) !== undefined ||
    (folder.has('nx.json') && folder.paths.some((path) => path.endsWith('/project.json')))
  );
}

/** Folders that hold files of any kind that tells, the nearest first. */
function subFolders(folder: Folder): string[] {
  const found = new Set<string>();
  for (const path of folder.paths) {
    const parts = path.split('/');
    if (parts.length > 1 && parts.length <= DEPTH_MAX + 1) found.add(parts.slice(0, -1).join('/'));
  }
  return [...found].sort((a, b) => a.split('/').length - b.split('/').length || (a < b ? -1 : 1));
}

/** Somebody said what starts here. */
function namedOutright(folder: Folder): string | undefined {
  if (readSettings(folder).start) return SETTINGS_FILE;
  if (readProcfile(folder).has('web')) return 'Procfile';
  return readDockerfile(folder)?.path;
}

async function appOf(folder: Folder, path: string): Promise<FoundApp | undefined> {
  const at = (source: string): string => (path ? `${path}/${source}` : source);
  const found = (name: string, source: string): FoundApp => ({
    directory: folder.directory,
    path,
    name,
    source: at(source),
  });
  const named = namedOutright(folder);
  const folderName = basename(folder.directory);
  const sign = languageOf(folder)?.sign;
  if (!sign) return named === undefined ? undefined : found(folderName, named);
  try {
    const reading = await readLanguage(folder, named !== undefined);
    if (!reading) return undefined;
    const { said } = reading;
    const name = said.name?.value ?? folderName;
    if (named !== undefined) return found(name, named);
    const start = said.start(8080);
    // A package that names a main file only may be there to be used by others.
    if (!start || (path !== '' && folder.has('package.json') && !servesByItself(folder, start.value))) return undefined;
    return found(name, start.source === 'default' ? signOf(folder, sign) : start.source);
  } catch (error) {
    // Two possible starts, a broken file: an app all the same, and asked for by itself it says what is wrong.
    if (error instanceof UserError && path !== '') return found(folderName, signOf(folder, sign));
    throw error;
  }
}

function servesByItself(folder: Folder, start: string): boolean {
  const { scripts, fields } = readNodeManifest(folder);
  const main = typeof fields.main === 'string' && start === `node ${fields.main.replace(/^\.\//, '')}`;
  return !main || Object.keys(scripts).some((name) => /^start(?::prod\w*)?$/.test(name));
}

function signOf(folder: Folder, sign: RegExp): string {
  return folder.paths.find((path) => sign.test(path)) ?? 'the folder';
}
