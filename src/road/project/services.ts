import type { AddressPart, BackingService, Fact, FoundVariable, Language, ServiceKind, Settings } from './contract.ts';
import { driverOf, kindOfAddress } from './drivers.ts';

/** MariaDB speaks MySQL's protocol, starts in seconds and needs no TLS for its default passwords. */
const IMAGES: Readonly<Record<ServiceKind, string>> = {
  mysql: 'mariadb:11.4',
  postgres: 'postgres:17',
  redis: 'redis:7.4',
  mongodb: 'mongo:8',
  rabbitmq: 'rabbitmq:4',
  memcached: 'memcached:1.6',
  s3: 'minio/minio:RELEASE.2025-04-22T22-12-26Z',
};
const SCHEMES: Readonly<Record<ServiceKind, string>> = {
  mysql: 'mysql',
  postgres: 'postgres',
  redis: 'redis',
  mongodb: 'mongodb',
  rabbitmq: 'amqp',
  memcached: 'memcached',
  s3: 'http',
};
const DATABASES: readonly ServiceKind[] = ['mysql', 'postgres', 'mongodb'];

export interface ServiceClues {
  readonly language: Language | undefined;
  readonly packages: readonly Fact<string>[];
  readonly variables: readonly FoundVariable[];
  readonly settings: Settings;
  /** Services that something else names: an addon of app.json, the provider of a schema. */
  readonly named?: readonly Fact<ServiceKind>[];
}

/**
 * The servers an app needs, one a kind: told by the drivers among its packages, by addresses in the defaults of its
 * variables, by what names them outright. Notes tell what was seen and not taken.
 */
export function servicesOf(clues: ServiceClues): { services: BackingService[]; notes: string[] } {
  const { language, packages, variables, settings } = clues;
  const found = new Map<ServiceKind, Omit<BackingService, 'image'>>();
  const notes: string[] = [];
  const addressed = addressedKinds(variables);
  for (const { value, source } of packages) {
    const driver = driverOf(language, value);
    if (!driver || found.has(driver.kind)) continue;
    if (driver.needsEvidence && !addressed.has(driver.kind) && !hasEndpoint(driver.kind, variables)) {
      if (driver.kind === 's3' && readsBucket(variables) && notes.length === 0) notes.push(s3Note(source, value));
      continue;
    }
    const { kind, scheme, addressTemplate } = driver;
    found.set(kind, {
      kind,
      source,
      driver: value,
      scheme,
      ...(addressTemplate === undefined ? {} : { addressTemplate }),
    });
  }
  for (const { value: kind, source } of clues.named ?? []) {
    if (!found.has(kind)) found.set(kind, { kind, source, driver: kind, scheme: SCHEMES[kind] });
  }
  for (const [kind, source] of addressed) {
    if (!found.has(kind)) found.set(kind, { kind, source, driver: kind, scheme: SCHEMES[kind] });
  }
  for (const kind of ['mysql', 'postgres'] as const) {
    const other = found.get(kind === 'mysql' ? 'postgres' : 'mysql');
    const own = found.get(kind);
    // Two SQL drivers and an address for one of them: the other is a choice that was not made.
    if (own && other && addressed.has(other.kind) && !addressed.has(kind)) {
      found.delete(kind);
      notes.push(
        `${own.source}: ${own.driver} is installed, but ${addressed.get(other.kind)} leads to ${other.kind}, so no ${kind} is brought along`,
      );
    }
  }
  const services = [...found.values()].map((service) => {
    const chosen = DATABASES.includes(service.kind) ? settings.database : undefined;
    return { ...service, image: chosen ?? { value: IMAGES[service.kind], source: 'default' } };
  });
  return { services, notes };
}

/** Kinds that the defaults of variables lead to by their scheme, with the place of the first. */
function addressedKinds(variables: readonly FoundVariable[]): Map<ServiceKind, string> {
  const kinds = new Map<ServiceKind, string>();
  for (const { fallback, source } of variables) {
    const kind = fallback === undefined ? undefined : kindOfAddress(fallback);
    if (kind && !kinds.has(kind)) kinds.set(kind, source);
  }
  return kinds;
}

function hasEndpoint(kind: ServiceKind, variables: readonly FoundVariable[]): boolean {
  return variables.some(({ name }) => {
    const named = namedPart(name.toUpperCase());
    return (
      named?.kinds.includes(kind) === true &&
      !named.shared &&
      (named.part === 'url' || named.part === 'host' || named.part === 'endpoint')
    );
  });
}

function readsBucket(variables: readonly FoundVariable[]): boolean {
  return variables.some(({ name }) => /(?:^|_)(?:S3|BUCKET|AWS_STORAGE_BUCKET_NAME)(?:_|$)/.test(name.toUpperCase()));
}

function s3Note(source: string, driver: string): string {
  return `${source}: ${driver} stores at the provider's own S3, since no variable gives another address; read one (S3_ENDPOINT) to have a store brought along`;
}

const PARTS: readonly (readonly [AddressPart, RegExp])[] = [
  [
    'url',
    /^(?:URL|URI|DSN|LOCATION|CONNECTION|CONNECTION_STRING|CONNECTIONSTRING|CONNECTION_URL|DATABASE_URL|DATABASE_URI)$/,
  ],
  ['host', /^(?:HOST|HOSTNAME|SERVER|ADDR|ADDRESS|ENDPOINT)$/],
  ['port', /^PORT$/],
  ['user', /^(?:USER|USERNAME|USR|LOGIN|DEFAULT_USER|INITDB_ROOT_USERNAME)$/],
  ['password', /^(?:PASS|PASSWD|PASSWORD|PWD|ROOT_PASSWORD|DEFAULT_PASS|INITDB_ROOT_PASSWORD)$/],
  ['name', /^(?:NAME|DB|DATABASE|DBNAME|DB_NAME|DATABASE_NAME|SCHEMA|VHOST|VIRTUAL_HOST|DEFAULT_VHOST)$/],
];
const S3_PARTS: readonly (readonly [AddressPart, RegExp])[] = [
  ['endpoint', /^(?:ENDPOINT|ENDPOINT_URL|URL|ENDPOINT_URL_S3|S3_ENDPOINT|S3_ENDPOINT_URL|SERVER_URL)$/],
  ['host', /^(?:HOST|HOSTNAME|SERVER)$/],
  ['port', /^PORT$/],
  ['user', /^(?:ACCESS_KEY|ACCESS_KEY_ID|ACCESSKEY|KEY|KEY_ID|USER|ROOT_USER|S3_ACCESS_KEY_ID)$/],
  ['password', /^(?:SECRET|SECRET_KEY|SECRETKEY|SECRET_ACCESS_KEY|PASSWORD|ROOT_PASSWORD|S3_SECRET_ACCESS_KEY)$/],
  ['name', /^(?:BUCKET|BUCKET_NAME|STORAGE_BUCKET_NAME|S3_BUCKET|S3_BUCKET_NAME)$/],
];
const MEMCACHED_PARTS: readonly (readonly [AddressPart, RegExp])[] = [
  ['endpoint', /^(?:SERVERS?|URLS?|URI|HOSTS|ADDR|ADDRESS|ENDPOINT|LOCATION)$/],
  ['host', /^(?:HOST|HOSTNAME)$/],
  ['port', /^PORT$/],
];

interface Prefix {
  readonly pattern: RegExp;
  readonly kinds: readonly ServiceKind[];
  readonly parts?: typeof PARTS;
  /** The name fits several kinds: it shows none by itself. */
  readonly shared?: true;
}
const PREFIXES: readonly Prefix[] = [
  { pattern: /^(?:\w+_)?(?:MYSQL|MARIADB)_?(\w+)$/, kinds: ['mysql'] },
  { pattern: /^(?:\w+_)?(?:POSTGRESQL|POSTGRES|PG)_?(\w+)$/, kinds: ['postgres'] },
  { pattern: /^(?:\w+_)?(?:MONGODB|MONGOLAB|MONGOHQ|MONGO)_?(\w+)$/, kinds: ['mongodb'] },
  { pattern: /^(?:\w+_)?(?:CLOUDAMQP|RABBITMQ|RABBIT|AMQP)_?(\w+)$/, kinds: ['rabbitmq'] },
  { pattern: /^(?:\w+_)?(?:MEMCACHIER|MEMCACHED|MEMCACHE)_?(\w+)$/, kinds: ['memcached'], parts: MEMCACHED_PARTS },
  { pattern: /^(?:\w+_)?(?:S3|MINIO|AWS)_(\w+)$/, kinds: ['s3'], parts: S3_PARTS },
  { pattern: /^(?:\w+_)?(?:REDISCLOUD|REDIS_TLS|REDIS)_?(\w+)$/, kinds: ['redis'] },
  { pattern: /^(?:\w+_)?(?:CELERY_BROKER|BROKER)_(\w+)$/, kinds: ['rabbitmq', 'redis'], shared: true },
  { pattern: /^(?:\w+_)?CACHE_(URL|URI|LOCATION|HOST|PORT|PASSWORD)$/, kinds: ['redis', 'memcached'], shared: true },
  { pattern: /^(?:CELERY_)?RESULT_BACKEND()$/, kinds: ['redis'], shared: true },
  {
    pattern:
      /^(?:\w+_)?(?:SQLALCHEMY_DATABASE|DATABASE|DB|SQL|JDBC|JDBC_DATABASE|SPRING_DATASOURCE|QUARKUS_DATASOURCE)_(\w+)$/,
    kinds: ['mysql', 'postgres', 'mongodb'],
    shared: true,
  },
  // .NET: ConnectionStrings__Default.
  { pattern: /^CONNECTIONSTRINGS__\w+()$/, kinds: ['mysql', 'postgres', 'mongodb'], shared: true },
];

function namedPart(upper: string): { kinds: readonly ServiceKind[]; part: AddressPart; shared: boolean } | undefined {
  for (const { pattern, kinds, parts, shared } of PREFIXES) {
    const rest = pattern.exec(upper)?.[1];
    if (rest === undefined) continue;
    const part = rest === '' ? 'url' : (parts ?? PARTS).find(([, fits]) => fits.test(rest))?.[0];
    if (part) return { kinds, part, shared: shared === true };
  }
  return undefined;
}

/**
 * Which part of which backing service a variable carries, told by its name and, where that leaves a choice, by the
 * scheme of its default; undefined for any other variable.
 */
export function serviceOfVariable(
  name: string,
  services: readonly BackingService[],
  fallback?: string,
): { kind: ServiceKind; part: AddressPart } | undefined {
  const upper = name.toUpperCase();
  // The path of a file, also where the app can speak to a server instead.
  if (/(?:^|_)SQLITE\d?(?:_|$)/.test(upper)) return undefined;
  const has = (kind: ServiceKind | undefined): boolean => services.some((service) => service.kind === kind);
  const addressed = fallback === undefined ? undefined : kindOfAddress(fallback);
  if (/^(?:DATABASE|DB)$/.test(upper)) {
    const database = services.find(({ kind }) => DATABASES.includes(kind));
    return database && { kind: database.kind, part: addressed ? 'url' : 'name' };
  }
  // Laravel's DB_CONNECTION is the name of a driver.
  const named = upper === 'DB_CONNECTION' && !addressed ? undefined : namedPart(upper);
  if (addressed && has(addressed) && addressed !== 's3') return { kind: addressed, part: 'url' };
  if (!named) return undefined;
  const kind = named.kinds.find(has);
  // `REDIS_ADDR` with the default `localhost:6379` takes both in one.
  const both = named.part === 'host' && /^[\w.-]*:\d{2,5}$/.test(fallback ?? '');
  return kind && { kind, part: both ? 'endpoint' : named.part };
}
