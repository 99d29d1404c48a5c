import { basename } from 'node:path';
import { UserError } from '../../base/index.ts';
import type { Fact, Facts, Variable } from './contract.ts';
import { readDockerfile } from './dockerfile.ts';
import { type Folder, openFolder } from './folder.ts';
import { LANGUAGES, type LanguageEntry } from './languages.ts';
import { procfileEntry } from './procfile.ts';
import { seedOf } from './seed.ts';
import { servicesOf } from './services.ts';
import { readSettings } from './settings.ts';
import { exampleVariables, variablesOf } from './variables.ts';
import { writtenAddresses } from './written-addresses.ts';

const PORT_WITHOUT_WORD = 8080;

/**
 * Reads an app's folder: what it is, how it is built and started, what it listens on, what it needs. Nothing of the app
 * is run and nothing is written.
 * @throws UserError `place: fault` with the way out: no such folder, nothing recognised, a broken manifest, two
 * possible starts, a named file that is missing.
 */
export async function readProject(directory: string): Promise<Facts> {
  const folder = openFolder(directory);
  const settings = readSettings(folder);
  const dockerfile = readDockerfile(folder);
  const web = settings.start ?? procfileEntry(folder, 'web');
  const found = languageOf(folder);
  if (!found && !dockerfile) throw nothingRecognised(directory, folder);

  const said = found?.read(folder);
  const services = servicesOf(said?.packages ?? [], settings);
  const variables = variablesOf([...(said?.variables ?? []), ...exampleVariables(folder)], services);
  const portVariable = variables.find(
    ({ name }) => name === 'PORT' || (name.endsWith('_PORT') && !isOfService(variables, name)),
  );
  const port = settings.port ?? dockerfile?.ports[0] ?? portOf(portVariable) ?? said?.port;
  const notes = [...(said?.notes ?? []), ...writtenAddresses(said?.sources ?? [], services, variables)];
  let chosenPort = port ?? { value: PORT_WITHOUT_WORD, source: 'default' };
  if (chosenPort.value < 1024 && portVariable && !dockerfile && !settings.port) {
    notes.push(
      `${chosenPort.source}: port ${chosenPort.value} needs root; ${portVariable.name} is set to ${PORT_WITHOUT_WORD} instead`,
    );
    chosenPort = { value: PORT_WITHOUT_WORD, source: 'default' };
  }
  const ownStart = web ? undefined : said?.start(chosenPort.value);
  const start = web ?? ownStart;
  if (!start && !dockerfile) throw noStart(directory, found);

  if (!port && !portVariable)
    notes.push(`no port found in the code: ${PORT_WITHOUT_WORD} is assumed; say port: in wherry.yaml`);
  const name = settings.name ?? said?.name ?? { value: basename(folder.directory), source: 'the folder' };
  return {
    directory: folder.directory,
    name: { value: labelOf(name.value), source: name.source },
    version: said?.version,
    language: found && {
      value: found.language,
      source: folder.paths.find((path) => found.sign.test(path)) ?? 'the folder',
    },
    languageVersion: said?.languageVersion,
    framework: said?.framework,
    packageManager: said?.packageManager,
    manifestFiles: said?.manifestFiles ?? [],
    packages: said?.packages ?? [],
    build: settings.build ?? said?.build,
    start,
    migrate: settings.migrate ?? procfileEntry(folder, 'release') ?? said?.migrate,
    migrations: said?.migrations,
    processes: said?.processes ?? [],
    output: said?.output,
    workspace: said?.workspace,
    settings,
    startNeedsDevelopment: ownStart?.needsDevelopment,
    port: chosenPort,
    portVariable: portVariable && { value: portVariable.name, source: portVariable.sources[0] ?? 'default' },
    variables,
    services,
    seed: seedOf(folder, settings),
    routes: said?.routes ?? [],
    native: said?.native ?? [],
    dockerfile,
    notes,
  };
}

function isOfService(variables: readonly Variable[], name: string): boolean {
  return variables.find((variable) => variable.name === name)?.service !== undefined;
}

function portOf(variable: Variable | undefined): Fact<number> | undefined {
  const port = Number(variable?.fallback);
  if (!variable || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  return { value: port, source: variable.sources[0] ?? 'default' };
}

function languageOf(folder: Folder): LanguageEntry | undefined {
  const marking = LANGUAGES.filter(({ marks }) => marks(folder));
  return marking.find(({ yields }) => !yields?.(folder)) ?? marking[0];
}

/** RFC 1123 label: what names of Kubernetes objects, hosts and labels all accept; room is left for endings. */
export function labelOf(name: string): string {
  const label = name
    .replace(/^@[^/]*\//, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return label || 'app';
}

function nothingRecognised(directory: string, folder: Folder): UserError {
  const fault = folder.paths.length === 0 ? 'the folder is empty' : 'no app recognised in this folder';
  const signs = LANGUAGES.map(({ lookedFor }) => lookedFor);
  return new UserError(directory, fault, `Looked for a Dockerfile; ${signs.join('; ')}.`);
}

function noStart(directory: string, language: LanguageEntry | undefined): UserError {
  return new UserError(
    directory,
    'found no command that starts the app',
    language?.startAdvice ?? 'Say it in a Procfile (web: …) or wherry.yaml (start: …).',
  );
}
