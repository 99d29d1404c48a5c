import { USER_ID } from '../image/index.ts';
import type { Fact, Facts, ServiceKind } from '../project/index.ts';
import { buildOf } from './build.ts';
import { commandOf } from './commands.ts';
import type { Application, External, Need, Part, ReleaseWishes, SecretSet, SettingSet } from './contract.ts';
import { environmentOf, type Reached } from './environment.ts';
import { exposedOf } from './exposed.ts';
import { probesOf, smokeRoute } from './probes.ts';
import { seedPart } from './seed.ts';
import { serverPart } from './server-part.ts';
import { hostsOf, serverOf } from './servers.ts';
import { whyWritable } from './written-files.ts';

const PART_NAME_LENGTH_MAX = 54;
/** Of which two at once do everything twice. */
const ONLY_ONE = /^(?:clock|scheduler|beat|cron|celery-?beat)$/;

/**
 * The application that a source folder holds: the part that serves, its processes, the backing services it talks to, what
 * prepares the database, and the hooks of a release. `notes` do not repeat those of the facts.
 * @param options.name names everything; a DNS label of at most 40 characters
 * @throws UserError when no image can be built, or the SQL file is too large to be carried in an object.
 */
export function applicationOf(facts: Facts, options: { readonly name: string }): Application {
  const { name } = options;
  const hosts = hostsOf(facts.services, name);
  const notes: string[] = [];
  const servers: Part[] = [];
  const settings: SettingSet[] = [];
  const secrets: SecretSet[] = [];
  const externals: External[] = [];
  const reached = new Map<ServiceKind, Reached>();

  for (const service of facts.services) {
    const host = hosts.get(service.kind) ?? name;
    const outside = facts.settings.external?.[service.kind];
    if (outside) {
      const external = externalOf(outside, service.kind, host);
      externals.push(external);
      const values = serverOf(service.kind).values({ service, host, name, user: name });
      if (Object.keys(values).length > 0)
        secrets.push({
          name: host,
          role: serverOf(service.kind).role,
          values: {},
          external: true,
          source: outside.source,
        });
      reached.set(service.kind, { host, port: external.port ?? serverOf(service.kind).port });
      notes.push(
        `${outside.source}: ${service.kind} stays at ${outside.value}; the app reaches it as ${host}, so a certificate made for another name will not fit`,
      );
      continue;
    }
    const wanted = { name: databaseName(facts, name), user: name.replaceAll('-', '_') };
    const made = serverPart(service, host, wanted);
    servers.push(made.part);
    if (made.secrets) secrets.push(made.secrets);
    reached.set(service.kind, { host, port: serverOf(service.kind).port });
  }

  const environment = environmentOf(facts, name, reached);
  notes.push(...environment.notes);
  if (Object.keys(environment.secrets).length > 0)
    secrets.push({ name, role: 'web', values: environment.secrets, source: 'environment' });

  const jobs: Part[] = [];
  const seed = seedOf(facts, name, hosts, notes);
  if (seed) {
    jobs.push(seed.part);
    if (seed.settings) settings.push(seed.settings);
    if (seed.secrets) secrets.push(seed.secrets);
  }

  const build = buildOf(facts, name);
  const user = userOf(facts);
  const own = {
    image: { build: name },
    environment: environment.variables,
    mounts: [],
    ...(user ? { user } : {}),
  };
  const ready = servers.map((part): Need => ({ part: part.name, condition: 'ready' }));
  let before: Need[] = [...ready, ...(seed ? [{ part: seed.part.name, condition: 'completed' as const }] : [])];
  const job = (
    ending: string,
    stage: NonNullable<Part['stage']>,
    line: Fact<string>,
    needs: readonly Need[],
  ): Part => ({
    ...own,
    name: `${name}-${ending}`,
    kind: 'job',
    role: stage === 'migrate' ? 'migrate' : 'hook',
    stage,
    command: commandOf(line.value),
    ports: [],
    needs,
    source: line.source,
  });
  const afterEachOther = (parts: readonly Part[]): void => {
    for (const part of parts) {
      jobs.push({ ...part, needs: before });
      before = [...ready, { part: part.name, condition: 'completed' }];
    }
  };
  const hooks = (stage: 'before' | 'between' | 'after', needs: readonly Need[]): Part[] =>
    (facts.settings.hooks?.[stage] ?? []).map((line, index) => job(`${stage}-${index + 1}`, stage, line, needs));
  afterEachOther(hooks('before', []));
  if (facts.migrate) afterEachOther([job('migrate', 'migrate', facts.migrate, [])]);

  const writable = whyWritable(facts);
  if (writable !== undefined) notes.push(`${writable}, so the root file system stays writable`);
  const kept = {
    ...own,
    ...(writable === undefined
      ? {
          mounts: [{ path: '/tmp', from: { is: 'scratch' as const, name: 'tmp' } }],
          container: { securityContext: { readOnlyRootFilesystem: true } },
        }
      : {}),
    needs: before,
  };
  const front = frontPart(facts, name, kept);
  const taken = new Set([...servers, ...jobs].map((part) => part.name));
  const processes = facts.processes.map((process): Part => {
    const wanted = partName(name, process.name);
    return {
      ...kept,
      name: taken.has(wanted) ? partName(name, `process-${process.name}`) : wanted,
      kind: 'deployment',
      role: 'worker',
      command: commandOf(process.command.value),
      ports: [],
      replicas: process.quantity?.value ?? 1,
      ...(ONLY_ONE.test(process.name) ? { single: true } : {}),
      source: process.command.source,
    };
  });
  const served: Need[] = [{ part: name, condition: 'ready' }];
  const exposed = exposedOf(facts.settings.exposed, name, [...servers, front, ...processes]);
  return {
    name,
    version: facts.version?.value,
    parts: [...servers, ...jobs, front, ...processes, ...hooks('between', served), ...hooks('after', served)],
    builds: [build],
    settings,
    secrets,
    volumes: [],
    externals,
    ...(exposed.length > 0 ? { exposed } : {}),
    front: name,
    release: releaseOf(facts),
    notes,
  };
}

/** A DNS label, and a label's value, with room for the endings of what is made for it. */
function partName(app: string, ending: string): string {
  return `${app}-${ending}`.slice(0, PART_NAME_LENGTH_MAX).replace(/-+$/, '');
}

function frontPart(facts: Facts, name: string, kept: Pick<Part, 'image' | 'environment' | 'mounts' | 'needs'>): Part {
  const metrics = facts.routes.find(({ role }) => role === 'metrics');
  const { replicas, host } = facts.settings;
  return {
    ...kept,
    name,
    kind: 'deployment',
    role: 'web',
    // An image that wherry writes starts by itself what was found; the author's own starts what its Dockerfile says.
    ...(facts.dockerfile && facts.settings.start ? { command: commandOf(facts.settings.start.value) } : {}),
    ports: [{ name: 'http', target: facts.port.value, port: 80, protocol: 'TCP' }],
    probes: probesOf(facts),
    ...(replicas ? { replicas: replicas.value } : {}),
    ...(metrics
      ? {
          annotations: {
            'prometheus.io/scrape': 'true',
            'prometheus.io/path': metrics.path,
            'prometheus.io/port': String(facts.port.value),
          },
        }
      : {}),
    way: { port: 'http', ...(host ? { host: host.value } : {}) },
    source: facts.start?.source ?? facts.dockerfile?.path ?? facts.name.source,
  };
}

function seedOf(facts: Facts, app: string, hosts: ReadonlyMap<ServiceKind, string>, notes: string[]) {
  const { seed } = facts;
  if (!seed) return undefined;
  const database = facts.services.find(({ kind }) => serverOf(kind).seed);
  if (!database) {
    notes.push(`${seed.source}: ${seed.value} is not run, since no database driver was found`);
    return undefined;
  }
  if (facts.settings.external?.[database.kind]) {
    notes.push(`${seed.source}: ${seed.value} is not run, since ${database.kind} stays outside; run it there yourself`);
    return undefined;
  }
  return seedPart(seed, facts.directory, database, app, hosts.get(database.kind) ?? app);
}

/** A foreign Dockerfile keeps its own user; it is known only where a number proves it. */
function userOf(facts: Facts): Part['user'] {
  if (!facts.dockerfile) return { userId: USER_ID, groupId: USER_ID };
  const match = /^([1-9]\d*)(?::([1-9]\d*))?$/.exec(facts.dockerfile.user?.value ?? '');
  if (!match) return undefined;
  return { userId: Number(match[1]), ...(match[2] === undefined ? {} : { groupId: Number(match[2]) }) };
}

/** The name the code falls back to, so that an SQL file that says USE finds it; else the app's own. */
function databaseName(facts: Facts, app: string): string {
  const variable = facts.variables.find(
    ({ service }) => service?.part === 'name' && serverOf(service.kind).role === 'database',
  );
  const fallback = variable?.fallback ?? '';
  return /^\w{1,63}$/.test(fallback) ? fallback : app.replaceAll('-', '_');
}

/** `host`, `host:port` or an address, `[2001:db8::1]:5432`. */
function externalOf({ value, source }: Fact<string>, kind: ServiceKind, name: string): External {
  const match = /^\[([^\]]+)\](?::(\d+))?$/.exec(value) ?? /^([^:]+)(?::(\d+))?$/.exec(value);
  const host = match?.[1] ?? value;
  return { name, kind, host, port: match?.[2] === undefined ? undefined : Number(match[2]), source };
}

function releaseOf(facts: Facts): ReleaseWishes {
  const { strategy, canary, gates } = facts.settings;
  return {
    ...(strategy ? { strategy: strategy.value } : {}),
    ...(canary ? { canary } : {}),
    ...(gates ? { gates } : {}),
    ...(facts.migrations ? { migrations: facts.migrations } : {}),
    smokePaths: smokePaths(facts),
  };
}

function smokePaths(facts: Facts): string[] {
  const plain = facts.routes.filter(({ method, path }) => method === 'GET' && !/[:<{*(]/.test(path));
  const marked = plain.filter(({ role }) => role === 'health' || role === 'ready' || role === 'version');
  return [...new Set([smokeRoute(facts), ...marked.map(({ path }) => path)])];
}
