import { basename } from 'node:path';
import {
  type Fact,
  type Facts,
  type FoundVariable,
  kindOfAddress,
  type Language,
  labelOf,
  type Route,
  type ServiceKind,
  servicesOf,
  type Variable,
  variablesOf,
} from '../project/index.ts';
import type { AppFolder } from './app-folder.ts';
import type { CommandLine } from './command-line.ts';
import type { CheckFact, ConnectionFact, EnvironmentFact, ProcessFacts, UnitFacts } from './contract.ts';

const PORT_WITHOUT_WORD = 8080;
const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;
/** Debuggers of languages: not what an app serves. */
const DEBUG_PORTS = new Set([9229, 9230, 5005, 5678, 2345]);
const NEEDED_UNITS: readonly (readonly [RegExp, ServiceKind])[] = [
  [/^(?:mysql|mariadb|mysqld)(?:@.*)?\.service$/, 'mysql'],
  [/^postgresql(?:[@-].*)?\.service$/, 'postgres'],
  [/^redis(?:-server)?(?:@.*)?\.service$/, 'redis'],
  [/^mongod(?:b)?\.service$/, 'mongodb'],
  [/^rabbitmq-server\.service$/, 'rabbitmq'],
  [/^memcached\.service$/, 'memcached'],
];

export interface Seen {
  readonly process: ProcessFacts | undefined;
  readonly unit: UnitFacts | undefined;
  readonly folder: AppFolder | undefined;
  readonly start: (Fact<string> & { readonly line: CommandLine }) | undefined;
  readonly language: Fact<Language> | undefined;
  readonly languageVersion: Fact<string> | undefined;
  readonly checks: readonly CheckFact[];
  /** The port that was asked for. */
  readonly askedPort: number | undefined;
}

/** What was seen of a running process, told as the facts of an app's folder; the folder's own where it has some. */
export function factsOf(seen: Seen): Facts {
  const { process, unit, folder, start } = seen;
  const base = folder?.facts;
  const notes: string[] = [
    ...(base?.notes ?? []),
    ...(folder?.note === undefined ? [] : [folder.note]),
    ...(start?.line.notes ?? []),
  ];
  const environment = ofTheApp(process?.environment ?? unit?.environment ?? [], base, notes);
  const port = portOf(seen, environment, notes);
  const language = base?.language ?? seen.language;
  const found = [
    ...environment.map(readingOf),
    ...(start?.line.hidden ?? []).map(
      (name): FoundVariable => ({ name, fallback: undefined, source: start?.source ?? 'default' }),
    ),
    ...(base?.variables ?? []).flatMap(readingsOf),
  ];
  const settings = { ...base?.settings, ...externals(process?.connections ?? [], base?.settings, notes) };
  const { services, notes: serviceNotes } = servicesOf({
    language: language?.value,
    packages: base?.packages ?? [],
    variables: found,
    settings,
    named: namedServices(seen, environment),
  });
  const hidden = new Map(
    environment.flatMap(({ name, secret }) => (secret === undefined ? [] : [[name, secret] as const])),
  );
  const variables = variablesOf(found, services).map((variable): Variable => {
    const secret =
      variable.secret ??
      hidden.get(variable.name) ??
      (start?.line.hidden.includes(variable.name) ? 'it stood among the arguments' : undefined);
    return { ...variable, secret, fallback: secret === undefined ? variable.fallback : undefined };
  });
  const portVariable = variables.find(
    ({ fallback, name }) => fallback === String(port.value) && /(?:^|_)PORT$/.test(name),
  );
  if (
    seen.languageVersion &&
    base?.languageVersion &&
    base.languageVersion.source !== 'default' &&
    base.languageVersion.value !== seen.languageVersion.value
  )
    notes.push(
      `${base.languageVersion.source} says ${base.languageVersion.value}, and ${seen.languageVersion.value} runs (${seen.languageVersion.source}); what runs is taken`,
    );
  return {
    directory: folder?.directory ?? process?.workingDirectory.value ?? '/',
    name: nameOf(seen),
    version: base?.version,
    language,
    languageVersion: seen.languageVersion ?? base?.languageVersion,
    framework: base?.framework,
    packageManager: base?.packageManager,
    manifestFiles: base?.manifestFiles ?? [],
    packages: base?.packages ?? [],
    build: base?.build,
    start: start && { value: start.value, source: start.source },
    migrate: base?.migrate,
    migrations: base?.migrations,
    processes: base?.processes ?? [],
    output: base?.output,
    ...(base?.runTimeFiles ? { runTimeFiles: base.runTimeFiles } : {}),
    workspace: base?.workspace,
    settings,
    ...(base?.preparing ? { preparing: base.preparing } : {}),
    startNeedsDevelopment: undefined,
    port,
    portVariable: portVariable
      ? { value: portVariable.name, source: portVariable.sources[0] ?? 'default' }
      : base?.portVariable,
    variables,
    services,
    seed: base?.seed,
    routes: routesOf(base?.routes ?? [], seen.checks, port.value),
    native: base?.native ?? [],
    dockerfile: base?.dockerfile,
    notes: [...notes, ...serviceNotes],
  };
}

/** Without what the machine gives to every process, unless the code reads it. */
function ofTheApp(
  environment: readonly EnvironmentFact[],
  base: Facts | undefined,
  notes: string[],
): EnvironmentFact[] {
  const read = new Set(base?.variables.map(({ name }) => name));
  const machines = environment.filter(({ machines, name }) => machines && !read.has(name));
  if (machines.length > 0)
    notes.push(
      `${machines[0]?.source}: left out, since every process of this machine has them: ${machines.map(({ name }) => name).join(', ')}`,
    );
  return environment.filter((fact) => !machines.includes(fact));
}

function nameOf({ unit, folder, process }: Seen): Fact<string> {
  const own = folder?.facts?.name;
  if (own) return own;
  if (unit) return { value: labelOf(unit.name.replace(/(?:@.*)?\.service$/, '')), source: unit.paths[0] ?? unit.name };
  if (folder) return { value: labelOf(basename(folder.directory)), source: folder.source };
  return { value: labelOf(process?.name ?? 'app'), source: process ? `/proc/${process.id}/status` : 'default' };
}

const readingOf = ({ name, value, source }: EnvironmentFact): FoundVariable => ({
  name,
  fallback: value === '' ? undefined : value,
  source,
});

/** What the code says of a variable, behind what the process has. */
const readingsOf = ({ name, fallback, sources, random, optional }: Variable): FoundVariable[] =>
  (sources.length > 0 ? sources : ['default']).map((source, index) => ({
    name,
    fallback: index === 0 ? fallback : undefined,
    source,
    ...(random ? { random } : {}),
    ...(optional ? { optional } : {}),
  }));

function portOf(
  { process, unit, start, askedPort, folder }: Seen,
  environment: readonly EnvironmentFact[],
  notes: string[],
): Fact<number> {
  const listening = (process?.listening ?? []).filter(({ port }) => !DEBUG_PORTS.has(port));
  const chosen =
    listening.find(({ port }) => port === askedPort) ??
    listening.find(({ address }) => !LOOPBACK.test(address)) ??
    listening[0];
  const others = [...new Set(listening.map(({ port }) => port))].filter((port) => port !== chosen?.port);
  if (others.length > 0)
    notes.push(`it listens on ${others.join(', ')} as well; ${chosen?.port} is taken as the port that serves`);
  if (chosen) {
    const everywhere = listening.some(({ port, address }) => port === chosen.port && !LOOPBACK.test(address));
    if (!everywhere)
      notes.push(`${chosen.source}: it listens on ${chosen.address} only; in a pod it must listen on 0.0.0.0`);
    return { value: chosen.port, source: chosen.source };
  }
  const inEnvironment = environment.find(
    ({ name, value }) => /^(?:\w+_)?PORT$/.test(name) && /^\d+$/.test(value ?? ''),
  );
  if (inEnvironment) return { value: Number(inEnvironment.value), source: inEnvironment.source };
  const inLine = /(?:--port[= ]|-p ?|--bind[= ]\S*:|-b ?\S*:|--listen[= ]\S*:|:)(\d{2,5})\b/.exec(
    start?.value ?? '',
  )?.[1];
  if (inLine !== undefined) return { value: Number(inLine), source: start?.source ?? 'default' };
  if (folder?.facts) return folder.facts.port;
  if (process ?? unit) notes.push(`it listens on no port that was found: ${PORT_WITHOUT_WORD} is assumed`);
  return { value: PORT_WITHOUT_WORD, source: 'default' };
}

/** Servers elsewhere stay where they are. */
function externals(
  connections: readonly ConnectionFact[],
  own: Facts['settings'] | undefined,
  notes: string[],
): Pick<Facts['settings'], 'external'> {
  const external: Partial<Record<ServiceKind, Fact<string>>> = {};
  for (const { kind, address, port, source } of connections) {
    if (!kind || kind === 's3' || LOOPBACK.test(address) || external[kind]) continue;
    const host = address.includes(':') ? `[${address}]` : address;
    external[kind] = { value: `${host}:${port}`, source };
    notes.push(`${source}: ${kind} answers at ${host}:${port}, on another machine; it stays there`);
  }
  return Object.keys(external).length === 0 && !own?.external ? {} : { external: { ...external, ...own?.external } };
}

function namedServices({ process, unit, checks }: Seen, environment: readonly EnvironmentFact[]): Fact<ServiceKind>[] {
  return [
    ...environment.flatMap(({ scheme, source }) => {
      const kind = scheme === undefined ? undefined : kindOfAddress(`${scheme}://`);
      return kind ? [{ value: kind, source }] : [];
    }),
    ...(process?.connections ?? []).flatMap(({ kind, source }) =>
      kind && kind !== 's3' ? [{ value: kind, source }] : [],
    ),
    ...(unit?.needs ?? []).flatMap(({ value, source }) => {
      const kind = NEEDED_UNITS.find(([pattern]) => pattern.test(value))?.[1];
      return kind ? [{ value: kind, source }] : [];
    }),
    ...checks.flatMap(({ service, source }) => (service ? [{ value: service, source }] : [])),
  ];
}

/** A page that a check asks for is what a probe may ask for, where the code has no route for that. */
function routesOf(own: readonly Route[], checks: readonly CheckFact[], port: number): Route[] {
  const routes = [...own];
  for (const { kind, path, port: checked, source, tls } of checks) {
    if (kind !== 'http' || path === undefined || tls || (checked !== port && checked !== 80)) continue;
    const plain = path.replace(/\?.*$/, '');
    const known = routes.findIndex((route) => route.method === 'GET' && route.path === plain);
    const role = routes.some((route) => route.role === 'health') ? undefined : ('health' as const);
    const before = routes[known];
    if (before) routes[known] = { ...before, role: before.role ?? role };
    else routes.push({ method: 'GET', path, source, role });
  }
  return routes;
}
