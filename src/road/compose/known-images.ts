import type { PartRole } from '../model/index.ts';

/** What is known of a public image by its name. */
export interface KnownImage {
  readonly port?: number;
  readonly role?: PartRole;
  /** Where it keeps its data. */
  readonly data?: string;
  /** Its port speaks HTTP to people. */
  readonly web?: boolean;
}

const postgres: KnownImage = { port: 5432, role: 'database', data: '/var/lib/postgresql/data' };
const mysql: KnownImage = { port: 3306, role: 'database', data: '/var/lib/mysql' };
const redis: KnownImage = { port: 6379, role: 'cache', data: '/data' };
const mongo: KnownImage = { port: 27_017, role: 'database', data: '/data/db' };
const site: KnownImage = { port: 80, web: true };

/** By the last word of the image's name. */
const KNOWN: Readonly<Record<string, KnownImage>> = {
  postgres,
  postgresql: { ...postgres, data: '/bitnami/postgresql' },
  postgis: postgres,
  pgvector: postgres,
  timescaledb: postgres,
  mysql,
  'mysql-server': mysql,
  mariadb: mysql,
  percona: mysql,
  redis,
  valkey: redis,
  keydb: redis,
  dragonfly: redis,
  'redis-stack-server': redis,
  memcached: { port: 11_211, role: 'cache' },
  mongo,
  mongodb: { ...mongo, data: '/bitnami/mongodb' },
  rabbitmq: { port: 5672, role: 'queue', data: '/var/lib/rabbitmq' },
  nats: { port: 4222, role: 'queue' },
  kafka: { port: 9092, role: 'queue', data: '/var/lib/kafka/data' },
  'cp-kafka': { port: 9092, role: 'queue', data: '/var/lib/kafka/data' },
  zookeeper: { port: 2181, role: 'queue', data: '/data' },
  'eclipse-mosquitto': { port: 1883, role: 'queue', data: '/mosquitto/data' },
  elasticsearch: { port: 9200, role: 'database', data: '/usr/share/elasticsearch/data' },
  opensearch: { port: 9200, role: 'database', data: '/usr/share/opensearch/data' },
  meilisearch: { port: 7700, role: 'database', data: '/meili_data' },
  influxdb: { port: 8086, role: 'database', data: '/var/lib/influxdb2' },
  'clickhouse-server': { port: 8123, role: 'database', data: '/var/lib/clickhouse' },
  cassandra: { port: 9042, role: 'database', data: '/var/lib/cassandra' },
  couchdb: { port: 5984, role: 'database', data: '/opt/couchdb/data' },
  neo4j: { port: 7687, role: 'database', data: '/data' },
  etcd: { port: 2379, role: 'database' },
  minio: { port: 9000, role: 'storage', data: '/data' },
  registry: { port: 5000, role: 'storage', data: '/var/lib/registry' },
  nginx: site,
  'nginx-unprivileged': { port: 8080, web: true },
  httpd: site,
  caddy: { ...site, data: '/data' },
  traefik: site,
  haproxy: site,
  adminer: { port: 8080, web: true },
  phpmyadmin: site,
  pgadmin4: site,
  mailhog: { port: 1025 },
  mailpit: { port: 1025 },
  kibana: { port: 5601, web: true },
  logstash: { port: 5044 },
  grafana: { port: 3000, web: true, data: '/var/lib/grafana' },
  prometheus: { port: 9090, web: true, data: '/prometheus' },
  keycloak: { port: 8080, web: true },
  wordpress: { ...site, data: '/var/www/html' },
  ghost: { port: 2368, web: true, data: '/var/lib/ghost/content' },
  nextcloud: { ...site, data: '/var/www/html' },
  gitea: { port: 3000, web: true, data: '/data' },
  vault: { port: 8200 },
  consul: { port: 8500 },
  loki: { port: 3100, data: '/loki' },
  zipkin: { port: 9411, web: true },
  whoami: site,
};

export function knownImage(reference: string | undefined): KnownImage | undefined {
  const name = imageWord(reference);
  return name !== undefined && Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
}

/** `registry.example.com/bitnami/postgresql:16@sha256:…` is `postgresql`. */
export function imageWord(reference: string | undefined): string | undefined {
  return reference
    ?.replace(/@.*$/, '')
    .replace(/:[^/:]*$/, '')
    .split('/')
    .at(-1)
    ?.toLowerCase();
}
