// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are filled when the address is known.
import type { Language, ServiceKind } from './contract.ts';

/** A package that talks to a server. */
export interface Driver {
  readonly kind: ServiceKind;
  /** Scheme of a connection URL as this driver reads it. */
  readonly scheme: string;
  /** Set where the driver's address is no URL of the form `scheme://user:password@host:port/name`. */
  readonly addressTemplate?: string;
  /** The package does other things too: it counts only where a variable or an address shows the use. */
  readonly needsEvidence?: true;
}

type Drivers = Readonly<Record<string, Driver>>;
const driver =
  (kind: ServiceKind) =>
  (scheme: string, addressTemplate?: string): Driver => ({
    kind,
    scheme,
    ...(addressTemplate === undefined ? {} : { addressTemplate }),
  });
const mysql = driver('mysql');
const postgres = driver('postgres');
const redis = driver('redis')('redis');
const mongodb = driver('mongodb')('mongodb');
const rabbitmq = driver('rabbitmq')('amqp');
const memcached = driver('memcached')('memcached');
const s3: Driver = { kind: 's3', scheme: 'http', needsEvidence: true };
const maybe = (of: Driver): Driver => ({ ...of, needsEvidence: true });

// github.com/go-sql-driver/mysql: DSN, not a URL.
const goMysql = mysql('mysql', '${username}:${password}@tcp(${host}:${port})/${database}?parseTime=true');
// JDBC drivers other than MySQL's do not take the user before the host.
const jdbc = (of: typeof mysql, name: string): Driver =>
  of(`jdbc:${name}`, `jdbc:${name}://\${host}:\${port}/\${database}?user=\${username}&password=\${password}`);
const NPGSQL = 'Host=${host};Port=${port};Database=${database};Username=${username};Password=${password}';
const MYSQL_NET = 'Server=${host};Port=${port};Database=${database};User ID=${username};Password=${password}';
const STACK_EXCHANGE = driver('redis')('redis', '${host}:${port},password=${password}');

const npm: Drivers = {
  mysql2: mysql('mysql'),
  mysql: mysql('mysql'),
  mariadb: mysql('mariadb'),
  pg: postgres('postgres'),
  postgres: postgres('postgres'),
  'pg-promise': postgres('postgres'),
  '@prisma/adapter-pg': postgres('postgres'),
  slonik: postgres('postgres'),
  redis,
  ioredis: redis,
  bull: redis,
  bullmq: redis,
  'connect-redis': redis,
  '@keyv/redis': redis,
  mongodb,
  mongoose: mongodb,
  '@typegoose/typegoose': mongodb,
  amqplib: rabbitmq,
  'amqp-connection-manager': rabbitmq,
  '@golevelup/nestjs-rabbitmq': rabbitmq,
  'rabbitmq-client': rabbitmq,
  memcached,
  memjs: memcached,
  '@aws-sdk/client-s3': s3,
  'aws-sdk': s3,
  minio: s3,
};

const pypi: Drivers = {
  pymysql: mysql('mysql+pymysql'),
  mysqlclient: mysql('mysql'),
  'mysql-connector-python': mysql('mysql+mysqlconnector'),
  'mysql-connector': mysql('mysql+mysqlconnector'),
  mariadb: mysql('mariadb+mariadbconnector'),
  'flask-mysqldb': mysql('mysql'),
  'flask-mysql': mysql('mysql+pymysql'),
  aiomysql: mysql('mysql+aiomysql'),
  asyncmy: mysql('mysql+asyncmy'),
  psycopg2: postgres('postgresql'),
  'psycopg2-binary': postgres('postgresql'),
  psycopg: postgres('postgresql+psycopg'),
  'psycopg-binary': postgres('postgresql+psycopg'),
  asyncpg: postgres('postgresql+asyncpg'),
  pg8000: postgres('postgresql+pg8000'),
  aiopg: postgres('postgresql'),
  redis,
  aioredis: redis,
  rq: redis,
  'django-redis': redis,
  'flask-redis': redis,
  'channels-redis': redis,
  pymongo: mongodb,
  motor: mongodb,
  mongoengine: mongodb,
  beanie: mongodb,
  'flask-pymongo': mongodb,
  pika: rabbitmq,
  'aio-pika': rabbitmq,
  // Celery's own default broker is amqp://; where Redis is among the packages the address decides.
  amqp: maybe(rabbitmq),
  celery: maybe(rabbitmq),
  kombu: maybe(rabbitmq),
  pymemcache: memcached,
  'python-memcached': memcached,
  pylibmc: memcached,
  boto3: s3,
  aioboto3: s3,
  'django-storages': s3,
  minio: s3,
};

const go: Drivers = {
  'github.com/go-sql-driver/mysql': goMysql,
  'gorm.io/driver/mysql': goMysql,
  'github.com/lib/pq': postgres('postgres'),
  'github.com/jackc/pgx': postgres('postgres'),
  'gorm.io/driver/postgres': postgres('postgres'),
  'github.com/redis/go-redis': redis,
  'github.com/go-redis/redis': redis,
  'github.com/gomodule/redigo': redis,
  'github.com/hibiken/asynq': redis,
  'go.mongodb.org/mongo-driver': mongodb,
  'github.com/rabbitmq/amqp091-go': rabbitmq,
  'github.com/streadway/amqp': rabbitmq,
  'github.com/bradfitz/gomemcache': memcached,
  'github.com/aws/aws-sdk-go-v2/service/s3': s3,
  'github.com/aws/aws-sdk-go': s3,
  'github.com/minio/minio-go': s3,
};

const maven: Drivers = {
  'mysql:mysql-connector-java': jdbc(mysql, 'mysql'),
  'com.mysql:mysql-connector-j': jdbc(mysql, 'mysql'),
  'org.mariadb.jdbc:mariadb-java-client': jdbc(mysql, 'mariadb'),
  'io.quarkus:quarkus-jdbc-mysql': jdbc(mysql, 'mysql'),
  'io.quarkus:quarkus-jdbc-mariadb': jdbc(mysql, 'mariadb'),
  'org.postgresql:postgresql': jdbc(postgres, 'postgresql'),
  'org.postgresql:r2dbc-postgresql': postgres('r2dbc:postgresql'),
  'io.quarkus:quarkus-jdbc-postgresql': jdbc(postgres, 'postgresql'),
  'org.springframework.boot:spring-boot-starter-data-redis': redis,
  'org.springframework.boot:spring-boot-starter-data-redis-reactive': redis,
  'redis.clients:jedis': redis,
  'io.lettuce:lettuce-core': redis,
  'org.redisson:redisson': redis,
  'io.quarkus:quarkus-redis-client': redis,
  'org.springframework.boot:spring-boot-starter-data-mongodb': mongodb,
  'org.springframework.boot:spring-boot-starter-data-mongodb-reactive': mongodb,
  'org.mongodb:mongodb-driver-sync': mongodb,
  'io.quarkus:quarkus-mongodb-client': mongodb,
  'org.springframework.boot:spring-boot-starter-amqp': rabbitmq,
  'com.rabbitmq:amqp-client': rabbitmq,
  'net.spy:spymemcached': memcached,
  'com.googlecode.xmemcached:xmemcached': memcached,
  'software.amazon.awssdk:s3': s3,
  'com.amazonaws:aws-java-sdk-s3': s3,
  'io.minio:minio': s3,
};

const gems: Drivers = {
  mysql2: mysql('mysql2'),
  trilogy: mysql('trilogy'),
  pg: postgres('postgres'),
  redis,
  'redis-client': redis,
  sidekiq: redis,
  resque: redis,
  mongoid: mongodb,
  mongo: mongodb,
  bunny: rabbitmq,
  sneakers: rabbitmq,
  dalli: memcached,
  'aws-sdk-s3': s3,
};

const composer: Drivers = {
  'ext-mysqli': mysql('mysql'),
  'ext-pdo_mysql': mysql('mysql'),
  'ext-pdo_pgsql': postgres('pgsql'),
  'ext-pgsql': postgres('pgsql'),
  'ext-redis': redis,
  'predis/predis': redis,
  'ext-mongodb': mongodb,
  'mongodb/mongodb': mongodb,
  'jenssegers/mongodb': mongodb,
  'mongodb/laravel-mongodb': mongodb,
  'php-amqplib/php-amqplib': rabbitmq,
  'ext-amqp': rabbitmq,
  'symfony/amqp-messenger': rabbitmq,
  'ext-memcached': memcached,
  'aws/aws-sdk-php': s3,
  'league/flysystem-aws-s3-v3': s3,
};

const crates: Drivers = {
  'sqlx/postgres': postgres('postgres'),
  'sqlx/mysql': mysql('mysql'),
  'diesel/postgres': postgres('postgres'),
  'diesel/mysql': mysql('mysql'),
  'diesel-async/postgres': postgres('postgres'),
  'diesel-async/mysql': mysql('mysql'),
  'sea-orm/postgres': postgres('postgres'),
  'sea-orm/mysql': mysql('mysql'),
  mysql: mysql('mysql'),
  mysql_async: mysql('mysql'),
  'tokio-postgres': postgres('postgres'),
  postgres: postgres('postgres'),
  'deadpool-postgres': postgres('postgres'),
  redis,
  fred: redis,
  mongodb,
  lapin: rabbitmq,
  memcache: memcached,
  'aws-sdk-s3': s3,
  'rust-s3': s3,
};

const nuget: Drivers = {
  'MySql.Data': mysql('mysql', MYSQL_NET),
  MySqlConnector: mysql('mysql', MYSQL_NET),
  'Pomelo.EntityFrameworkCore.MySql': mysql('mysql', MYSQL_NET),
  'MySql.EntityFrameworkCore': mysql('mysql', MYSQL_NET),
  Npgsql: postgres('postgres', NPGSQL),
  'Npgsql.EntityFrameworkCore.PostgreSQL': postgres('postgres', NPGSQL),
  'StackExchange.Redis': STACK_EXCHANGE,
  'Microsoft.Extensions.Caching.StackExchangeRedis': STACK_EXCHANGE,
  'MongoDB.Driver': mongodb,
  'RabbitMQ.Client': rabbitmq,
  'MassTransit.RabbitMQ': rabbitmq,
  EnyimMemcachedCore: memcached,
  'AWSSDK.S3': s3,
};

/** Packages that talk to a server, in the spelling in which the language's reader names them. */
const DRIVERS: Readonly<Partial<Record<Language, Drivers>>> = {
  node: npm,
  python: pypi,
  go,
  java: maven,
  ruby: gems,
  php: composer,
  rust: crates,
  dotnet: nuget,
};

/** The driver behind a package; Go's module paths may end with a major version (`/v9`). */
export function driverOf(language: Language | undefined, name: string): Driver | undefined {
  const drivers = language && DRIVERS[language];
  if (!drivers) return undefined;
  if (Object.hasOwn(drivers, name)) return drivers[name];
  const bare = language === 'go' ? name.replace(/\/v\d+(?:\/.*)?$/, '') : name;
  return Object.hasOwn(drivers, bare) ? drivers[bare] : undefined;
}

/** The kind of server that an address leads to, told by its scheme; undefined for others (`sqlite:`, `https:`). */
export function kindOfAddress(address: string): ServiceKind | undefined {
  const scheme = /^(?:jdbc:|r2dbc:)?([a-z][a-z0-9]*)(?:\+[\w.]+)?:\/\//i.exec(address)?.[1]?.toLowerCase();
  return scheme === undefined ? undefined : KIND_OF_SCHEME[scheme];
}

const KIND_OF_SCHEME: Readonly<Record<string, ServiceKind>> = {
  mysql: 'mysql',
  mysql2: 'mysql',
  mysqli: 'mysql',
  mariadb: 'mysql',
  trilogy: 'mysql',
  postgres: 'postgres',
  postgresql: 'postgres',
  pgsql: 'postgres',
  psql: 'postgres',
  postgis: 'postgres',
  redis: 'redis',
  rediss: 'redis',
  mongodb: 'mongodb',
  amqp: 'rabbitmq',
  amqps: 'rabbitmq',
  pyamqp: 'rabbitmq',
  memcached: 'memcached',
  memcache: 'memcached',
  s3: 's3',
};
