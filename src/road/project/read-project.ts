import { basename, join } from 'node:path';
import { UserError } from '../../base/index.ts';
import { type AppJson, readAppJson } from './app-json.ts';
import { appsBelow, type FoundApp, holdsOthers } from './apps.ts';
import { commandPort, developmentNote } from './commands.ts';
import type { Fact, Facts, LanguageFacts, ProcessFact, Settings, Variable } from './contract.ts';
import { readDockerfile } from './dockerfile.ts';
import { type Folder, openFolder } from './folder.ts';
import { languageOf, otherLanguages, readLanguage } from './language-of.ts';
import { LANGUAGES, type LanguageEntry } from './languages.ts';
import { findMigrations } from './migrations.ts';
import { type Processes, readProcfile } from './procfile.ts';
import { seedOf } from './seed.ts';
import { servicesOf } from './services.ts';
import { readSettings } from './settings.ts';
import { commandVariables, fileVariables, variablesOf } from './variables.ts';
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
  const migrate = migrateOf(settings, procfile, appJson, said);
  const processes = processesOf(procfile, appJson, said);
  const given = [web, migrate, ...processes.map(({ command }) => command)].flatMap((command) => command ?? []);
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
  const variables = variablesOf(readings, services);
  const portVariable = portVariableOf(variables, web);
  const port = settings.port ?? dockerfile?.ports[0] ?? (web && commandPort(web)) ?? portOf(portVariable) ?? said?.port;
  const notes = [
    ...(found ? languageNotes(folder, found) : []),
    ...(said?.notes ?? []),
    ...appJson.notes,
    ...serviceNotes,
    ...writtenAddresses(said?.sources ?? [], services, variables),
  ];
  let chosenPort = port ?? { value: PORT_WITHOUT_WORD, source: 'default' };
  if (chosenPort.value < 1024 && portVariable && !dockerfile && !settings.port) {
    notes.push(
      `${chosenPort.source}: port ${chosenPort.value} needs root; ${portVariable.name} is set to ${PORT_WITHOUT_WORD} instead`,
    );
    chosenPort = { value: PORT_WITHOUT_WORD, source: 'default' };
  }
  const ownStart = web ? undefined : said?.start(chosenPort.value);
  const start = web ?? ownStart;
  if (!start && !dockerfile) {
    const other = await appBelow(directory, folder);
    if (other) return other;
    throw noStart(directory, found);
  }

  if (migrations && !migrate && !said?.appliesMigrations && !SELF_APPLIED.has(migrations.tool.value)) {
    notes.push(
      `${migrations.tool.source}: nothing says what applies the ${migrations.tool.value} migrations; say migrate: in wherry.yaml`,
    );
  }
  if (web) notes.push(...[developmentNote(web, betterStart(said, chosenPort.value))].flatMap((note) => note ?? []));
  if (!port && !portVariable)
    notes.push(`no port found in the code: ${PORT_WITHOUT_WORD} is assumed; say port: in wherry.yaml`);
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

/** Applied by the app itself when it starts, as their frameworks have it. */
const SELF_APPLIED = new Set(['flyway', 'liquibase']);
const MIGRATING = /\b(?:migrat\w*|alembic|flyway|liquibase|db:(?:schema|setup|prepare)|schema:load)\b/;

function migrateOf(
  settings: Settings,
  procfile: Processes,
  appJson: AppJson,
  said: LanguageFacts | undefined,
): Fact<string> | undefined {
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

/** Ports of others: of mail servers, of what is measured, of a database that no driver showed. */
const PORT_OF_OTHERS =
  /^(?:\w+_)?(?:SMTP|MAIL|EMAIL|IMAP|FTP|SSH|PROXY|METRICS|PROMETHEUS|STATSD|SYSLOG|LOGSTASH|KAFKA|ELASTIC\w*|NATS|MQTT|LDAP|DEBUG|GRPC|DB|DATABASE|SQL|MYSQL|POSTGRES\w*|PG|REDIS|MONGO\w*|RABBIT\w*|MEMCACHE\w*)_?PORT$/;
const OWN_PORT =
  /^(?:APP|HTTP|SERVER|WEB|API|LISTEN|SERVICE|NODE|FLASK|FLASK_RUN|UVICORN|GUNICORN|NITRO|NUXT|BIND|ROCKET|ASPNETCORE_HTTP)_PORTS?$/;

function portVariableOf(variables: readonly Variable[], web: Fact<string> | undefined): Variable | undefined {
  const free = variables.filter(({ service }) => service === undefined);
  const inCommand = web && free.find(({ name, sources }) => name.endsWith('PORT') && sources.includes(web.source));
  return (
    inCommand ??
    free.find(({ name }) => name === 'PORT') ??
    free.find(({ name }) => OWN_PORT.test(name)) ??
    free.find(({ name }) => name.endsWith('_PORT') && !PORT_OF_OTHERS.test(name))
  );
}

function portOf(variable: Variable | undefined): Fact<number> | undefined {
  const port = Number(variable?.fallback);
  if (!variable || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  return { value: port, source: variable.sources[0] ?? 'default' };
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

/** Two languages in one folder: which was taken, so that nobody has to guess. */
function languageNotes(folder: Folder, found: LanguageEntry): string[] {
  const others = otherLanguages(folder, found);
  if (others.length === 0 || found.yields?.(folder)) return [];
  const sign = (entry: LanguageEntry): string => folder.paths.find((path) => entry.sign.test(path)) ?? entry.language;
  return [
    `read as ${found.language} by ${sign(found)}; ${others.map((entry) => `${sign(entry)} (${entry.language})`).join(', ')} is not looked at`,
  ];
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
