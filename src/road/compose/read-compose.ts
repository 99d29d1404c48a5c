import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { labelOf } from '../project/index.ts';
import { checkConsistency } from './consistency.ts';
import type { ComposeMap, ComposeOptions, ComposeProject, ReportLine } from './contract.ts';
import { environmentOf, ownOf } from './environment-files.ts';
import { findFiles } from './find-files.ts';
import { InterpolationFault, interpolate } from './interpolate.ts';
import { COMPOSE } from './keys.ts';
import { loadFiles } from './load.ts';
import { settled } from './merge.ts';
import { entriesOf, mapOf, textOf, textsOf } from './value.ts';

/**
 * Reads a compose project as compose does: files laid over each other, `include` and `extends` carried out, variables
 * filled in, profiles chosen. The files are held against the specification; what it does not know is an error.
 * @param files paths, from the working folder; none: those that COMPOSE_FILE names, else the folder's own and its override
 * @throws UserError `file:line:column: fault` with the way out
 */
export async function readCompose(files: readonly string[], options: ComposeOptions): Promise<ComposeProject> {
  const [first] = files;
  const directory = resolve(options.projectDirectory ?? (first === undefined ? '.' : dirname(first)));
  const envFiles = options.envFiles ?? ownOf(options.environment, 'COMPOSE_ENV_FILES')?.split(',');
  const environment = environmentOf(options.environment, envFiles?.length ? envFiles : undefined, directory);
  const { paths, notes } = findFiles(files, directory, environment);
  const name = nameOf(options, environment, paths, directory);
  const report: ReportLine[] = [];
  const read: string[] = [];
  const loading = {
    root: directory,
    directory,
    environment: { ...environment, COMPOSE_PROJECT_NAME: name },
    open: [],
    files: read,
    report,
  };
  const whole = loadFiles(paths, loading);
  const top = whole ?? mapOf([], { file: { name: paths[0] ?? directory, directory, environment }, line: 1, column: 1 });
  const tidy = settled(top, COMPOSE);
  const root = tidy.is === 'map' ? tidy : top;
  const { services, disabled } = chosen(root, activeProfiles(options, environment));
  const given = options.name ?? ownOf(environment, 'COMPOSE_PROJECT_NAME') ?? textOf(root.entries.get('name'));
  const project: ComposeProject = {
    name: labelOf(given ?? basename(directory)),
    directory,
    files: read,
    root,
    services,
    disabled,
    environment: loading.environment,
    report: [...report, ...notes.map((note) => noteLine(note, read))],
  };
  checkConsistency(project);
  return project;
}

function noteLine(note: string, files: readonly string[]): ReportLine {
  return { key: '(files)', source: `${files[0] ?? ''}:1`, outcome: 'changed', what: note };
}

/** Known before the files are read as a whole, since they may use it: ${COMPOSE_PROJECT_NAME}. */
function nameOf(
  options: ComposeOptions,
  environment: Readonly<Record<string, string>>,
  paths: readonly string[],
  directory: string,
): string {
  const said = options.name ?? ownOf(environment, 'COMPOSE_PROJECT_NAME');
  if (said !== undefined) return said;
  let written: string | undefined;
  for (const path of paths) {
    const line = /^name:[ \t]*(["']?)([^"'\s#]+)\1/m.exec(textIfThere(path));
    written = line?.[2] ?? written;
  }
  if (written === undefined) return basename(directory);
  try {
    return interpolate(written, (variable) => ownOf(environment, variable)).text || basename(directory);
  } catch (error) {
    // Told with its place when the file is read as a whole.
    if (error instanceof InterpolationFault) return basename(directory);
    throw error;
  }
}

function textIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Told with its place when the file is read as a whole.
    return '';
  }
}

function activeProfiles(options: ComposeOptions, environment: Readonly<Record<string, string>>): readonly string[] {
  if (options.profiles !== undefined && options.profiles.length > 0) return options.profiles;
  return (ownOf(environment, 'COMPOSE_PROFILES') ?? '').split(',').filter((profile) => profile !== '');
}

function chosen(root: ComposeMap, profiles: readonly string[]): Pick<ComposeProject, 'services' | 'disabled'> {
  const services = new Map<string, ComposeMap>();
  const disabled = new Map<string, ComposeMap>();
  for (const [name, service] of entriesOf(root.entries.get('services'))) {
    if (service.is !== 'map' || name.startsWith('x-')) continue;
    const own = textsOf(service.entries.get('profiles'));
    const on = own.length === 0 || profiles.includes('*') || own.some((profile) => profiles.includes(profile));
    (on ? services : disabled).set(name, service);
  }
  return { services, disabled };
}
