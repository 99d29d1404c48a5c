import { basename, join } from 'node:path';
import { UserError } from '../../base/index.ts';
import { type AppJson, readAppJson } from './app-json.ts';
import { appsBelow, type FoundApp, holdsOthers } from './apps.ts';
import { developmentNote } from './commands.ts';
import type { Fact, Facts, LanguageFacts, ProcessFact, Settings, StartFact } from './contract.ts';
import { readDockerfile } from './dockerfile.ts';
import { type Folder, openFolder } from './folder.ts';
import { languageOf, readLanguage } from './language-of.ts';
import { LANGUAGES, type LanguageEntry } from './languages.ts';
import { findMigrations } from './migrations.ts';
import { portOf } from './port.ts';
import { type Processes, readProcfile } from './procfile.ts';
import { fileDatabase, fileDatabaseNote, languageNotes } from './project-notes.ts';
import { seedOf } from './seed.ts';
import { servicesOf } from './services.ts';
import { readSettings } from './settings.ts';
import { commandVariables, fileVariables, variablesOf } from './variables.ts';
import { writtenAddresses } from './written-addresses.ts';

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
  const procfile = readProcfile(folder);
  const appJson = readAppJson(folder);
  const web = settings.start ?? procfile.get('web');
  const marked = languageOf(folder);
  if (holdsOthers(folder) || (!marked && !dockerfile)) {
    const other = await appBelow(directory, folder);
    if (other) return other;
  }
  if (!marked && !dockerfile) throw nothingRecognised(directory, folder);

  const reading = await readLanguage(folder, web !== undefined || dockerfile !== undefined);
  const found = reading?.entry;
  const said = reading?.said;
  const migrations = said?.migrations ?? findMigrations(folder, said?.packages ?? []);
  const wanted = migrateOf(settings, procfile, appJson, said);
  const unfit =
    dockerfile !== undefined && wanted !== undefined && wanted === said?.migrate ? wanted.needsDevelopment : undefined;
  const processes = processesOf(procfile, appJson, said);
  const given = [web, unfit ? undefined : wanted, ...processes.map(({ command }) => command)].flatMap(
    (command) => command ?? [],
  );
  const readings = [
    ...(said?.variables ?? []),
    ...appJson.variables,
    ...given.flatMap(commandVariables),
    ...fileVariables(folder),
  ];
  const { services, notes: serviceNotes } = servicesOf({
    language: found?.language,
    packages: said?.packages ?? [],
    variables: readings,
    settings,
    named: [...(said?.services ?? []), ...appJson.services],
  });
  const inFile = fileDatabase(readings, said?.packages ?? [], services, said);
  // A Job has files of its own: what it migrates there no pod ever sees. What the author says is run all the same.
  const migrate = unfit || (inFile && wanted === said?.migrate) ? undefined : wanted;
  const variables = variablesOf(readings, services);
  const {
    port,
    variable: portVariable,
    notes: portNotes,
  } = portOf({ settings, dockerfile, web, variables, said: said?.port });
  const notes = [
    ...(found ? languageNotes(folder, found) : []),
    ...(said?.notes ?? []),
    ...appJson.notes,
    ...serviceNotes,
    ...(inFile ? [fileDatabaseNote(inFile, wanted !== undefined && migrate === undefined)] : []),
    ...portNotes,
    ...writtenAddresses(said?.sources ?? [], services, variables),
  ];
  const ownStart = web || dockerfile ? undefined : said?.start(port.value);
  const start = web ?? ownStart;
  if (!start && !dockerfile) {
    const other = await appBelow(directory, folder);
    if (other) return other;
    throw noStart(directory, found);
  }

  if (unfit) {
    notes.push(
      `${unfit.source}: the migrations need ${unfit.value}, a package of development, which the image of ${dockerfile?.path} may not hold; say migrate: in wherry.yaml`,
    );
  } else if (migrations && !wanted && !said?.appliesMigrations && !SELF_APPLIED.has(migrations.tool.value)) {
    notes.push(
      `${migrations.tool.source}: nothing says what applies the ${migrations.tool.value} migrations; say migrate: in wherry.yaml`,
    );
  }
  if (dockerfile && web && web !== settings.start) {
    notes.push(
      `${web.source}: the image starts as ${dockerfile.path} says, not by this line; to start it so: start: ${web.value} in wherry.yaml`,
    );
  } else if (web) notes.push(...[developmentNote(web, betterStart(said, port.value))].flatMap((note) => note ?? []));
  const name = settings.name ??
    said?.name ??
    appJson.name ?? { value: basename(folder.directory), source: 'the folder' };
  return {
    directory: folder.directory,
    name: { value: labelOf(name.value), source: name.source },
    version: said?.version,
    language: found && {
      value: found.language,
      source: folder.paths.find((path) => found.sign.test(path)) ?? said?.sources[0]?.path ?? 'the folder',
    },
    languageVersion: said?.languageVersion,
    framework: said?.framework,
    packageManager: said?.packageManager,
    manifestFiles: said?.manifestFiles ?? [],
    packages: said?.packages ?? [],
    build: settings.build ?? said?.build,
    start,
    migrate: migrate && { value: migrate.value, source: migrate.source },
    migrations,
    processes,
    output: said?.output,
    runTimeFiles: said?.runTimeFiles ?? [],
    workspace: said?.workspace,
    settings: withAppJson(settings, appJson, migrate, notes),
    ...(said?.preparing ? { preparing: said.preparing } : {}),
    startNeedsDevelopment:
      ownStart?.needsDevelopment ?? (migrate === said?.migrate ? said?.migrate?.needsDevelopment : undefined),
    port,
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

/** Applied by the app itself when it starts, as their frameworks have it. */
const SELF_APPLIED = new Set(['flyway', 'liquibase']);
const MIGRATING = /\b(?:migrat\w*|alembic|flyway|liquibase|db:(?:schema|setup|prepare)|schema:load)\b/;

function migrateOf(
  settings: Settings,
  procfile: Processes,
  appJson: AppJson,
  said: LanguageFacts | undefined,
): StartFact | undefined {
  const named = settings.migrate ?? procfile.get('release');
  if (named) return named;
  const { postdeploy } = appJson;
  return postdeploy && MIGRATING.test(postdeploy.value) ? postdeploy : said?.migrate;
}

function processesOf(procfile: Processes, appJson: AppJson, said: LanguageFacts | undefined): ProcessFact[] {
  const named = [...procfile].flatMap(([type, command]) =>
    type === 'web' || type === 'release'
      ? []
      : [{ name: labelOf(type), command, quantity: appJson.quantities.get(type) }],
  );
  const names = new Set(named.map(({ name }) => name));
  return [...named, ...(said?.processes ?? []).filter(({ name }) => !names.has(name))];
}

/** app.json's formation and postdeploy, where wherry.yaml says nothing of its own. */
function withAppJson(
  settings: Settings,
  appJson: AppJson,
  migrate: Fact<string> | undefined,
  notes: string[],
): Settings {
  const { postdeploy } = appJson;
  const replicas = settings.replicas ?? appJson.quantities.get('web');
  const runsAfter = postdeploy !== undefined && postdeploy !== migrate && settings.hooks?.after === undefined;
  if (runsAfter) notes.push(`${postdeploy.source}: postdeploy runs after every release here, not only after the first`);
  return {
    ...settings,
    ...(replicas && replicas.value > 0 ? { replicas } : {}),
    ...(runsAfter ? { hooks: { ...settings.hooks, after: [postdeploy] } } : {}),
  };
}

/** What wherry would have started, for a note; a choice between two is no better command. */
function betterStart(said: LanguageFacts | undefined, port: number): string | undefined {
  try {
    return said?.start(port)?.value;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
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

/**
 * The one app below a folder that is none itself; undefined when there is none.
 * @throws UserError when there are several, naming each.
 */
async function appBelow(directory: string, folder: Folder): Promise<Facts | undefined> {
  const apps = (await appsBelow(folder)) ?? [];
  const [only, another] = apps;
  if (!only) return undefined;
  if (another) throw severalApps(directory, apps);
  const facts = await readProject(only.directory);
  return { ...facts, notes: [`${only.source}: the only app of this folder`, ...facts.notes] };
}

function severalApps(directory: string, apps: readonly FoundApp[]): UserError {
  const named = apps.map(({ path, source }) => `${path} (${source})`).join(', ');
  const ways = apps.map(({ path }) => `wherry up ${join(directory, path)}`).join(', or ');
  return new UserError(directory, `${apps.length} apps in this folder: ${named}`, `Name the one to carry: ${ways}`);
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
