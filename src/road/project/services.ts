import type { AddressPart, BackingService, Fact, ServiceKind, Settings } from './contract.ts';

interface Driver {
  readonly kind: ServiceKind;
  readonly scheme: string;
}
const mysql = (scheme: string): Driver => ({ kind: 'mysql', scheme });
const postgres = (scheme: string): Driver => ({ kind: 'postgres', scheme });
const redis: Driver = { kind: 'redis', scheme: 'redis' };

/** Packages that talk to a server, in the normalised spelling of their registry. */
const DRIVERS: Readonly<Record<string, Driver>> = {
  // npm
  mysql2: mysql('mysql'),
  mysql: mysql('mysql'),
  mariadb: mysql('mariadb'),
  pg: postgres('postgres'),
  postgres: postgres('postgres'),
  ioredis: redis,
  // both
  redis,
  // PyPI
  pymysql: mysql('mysql+pymysql'),
  mysqlclient: mysql('mysql'),
  'mysql-connector-python': mysql('mysql+mysqlconnector'),
  'flask-mysqldb': mysql('mysql'),
  'flask-mysql': mysql('mysql+pymysql'),
  aiomysql: mysql('mysql+aiomysql'),
  asyncmy: mysql('mysql+asyncmy'),
  psycopg2: postgres('postgresql'),
  'psycopg2-binary': postgres('postgresql'),
  psycopg: postgres('postgresql+psycopg'),
  asyncpg: postgres('postgresql+asyncpg'),
};

/** MariaDB speaks MySQL's protocol, starts in seconds and needs no TLS for its default passwords. */
const IMAGES: Readonly<Record<ServiceKind, string>> = {
  mysql: 'mariadb:11.4',
  postgres: 'postgres:17',
  redis: 'redis:7.4',
  mongodb: 'mongo:8',
  rabbitmq: 'rabbitmq:4',
  memcached: 'memcached:1.6',
  s3: 'minio/minio:latest',
};

/** The servers an app needs, told by the drivers among its packages; one a kind. */
export function servicesOf(packages: readonly Fact<string>[], settings: Settings): BackingService[] {
  const found = new Map<ServiceKind, BackingService>();
  for (const name of packages) {
    const driver = Object.hasOwn(DRIVERS, name.value) ? DRIVERS[name.value] : undefined;
    if (!driver || found.has(driver.kind)) continue;
    const chosen = driver.kind === 'redis' ? undefined : settings.database;
    found.set(driver.kind, {
      kind: driver.kind,
      source: name.source,
      driver: name.value,
      scheme: driver.scheme,
      image: chosen ?? { value: IMAGES[driver.kind], source: 'default' },
    });
  }
  return [...found.values()];
}

const PARTS: readonly (readonly [AddressPart, RegExp])[] = [
  ['url', /^(?:URL|URI|DSN|CONNECTION|CONNECTION_STRING|CONNECTION_URL|DATABASE_URL|DATABASE_URI)$/],
  ['host', /^(?:HOST|HOSTNAME|SERVER|ADDR|ADDRESS|ENDPOINT)$/],
  ['port', /^PORT$/],
  ['user', /^(?:USER|USERNAME|LOGIN)$/],
  ['password', /^(?:PASS|PASSWD|PASSWORD|PWD|ROOT_PASSWORD)$/],
  ['name', /^(?:NAME|DB|DATABASE|DBNAME|DB_NAME|DATABASE_NAME|SCHEMA)$/],
];
const PREFIXES: readonly (readonly [RegExp, readonly ServiceKind[]])[] = [
  [/^(?:\w+_)?(?:MYSQL|MARIADB)_?(\w+)$/, ['mysql']],
  [/^(?:\w+_)?(?:POSTGRES|POSTGRESQL|PG)_?(\w+)$/, ['postgres']],
  [/^(?:\w+_)?(?:REDIS|CACHE|CELERY_BROKER|BROKER)_(\w+)$/, ['redis']],
  [/^(?:\w+_)?(?:SQLALCHEMY_DATABASE|DATABASE|DB|SQL)_(\w+)$/, ['mysql', 'postgres']],
];

/** Which part of which backing service a variable carries, told by its name; undefined for any other variable. */
export function serviceOfVariable(
  name: string,
  services: readonly BackingService[],
): { kind: ServiceKind; part: AddressPart } | undefined {
  const upper = name.toUpperCase();
  if (/^(?:DATABASE|DB)$/.test(upper)) {
    const database = services.find(({ kind }) => kind !== 'redis');
    return database && { kind: database.kind, part: 'name' };
  }
  for (const [prefix, kinds] of PREFIXES) {
    const rest = prefix.exec(upper)?.[1];
    if (rest === undefined) continue;
    const service = services.find(({ kind }) => kinds.includes(kind));
    const part = PARTS.find(([, pattern]) => pattern.test(rest))?.[0];
    if (service && part) return { kind: service.kind, part };
  }
  return undefined;
}
