import type { BackingService, ServiceKind } from '../project/index.ts';
import type { Server } from './server.ts';
import { memcached } from './server-memcached.ts';
import { mongodb } from './server-mongodb.ts';
import { mysql } from './server-mysql.ts';
import { postgres } from './server-postgres.ts';
import { rabbitmq } from './server-rabbitmq.ts';
import { redis } from './server-redis.ts';
import { s3 } from './server-s3.ts';

const SERVERS: Readonly<Record<ServiceKind, Server>> = { mysql, postgres, redis, mongodb, rabbitmq, memcached, s3 };

export function serverOf(kind: ServiceKind): Server {
  return SERVERS[kind];
}

/** What each backing service is reached by: the first database is the app's `database`, the rest have their kind's name. */
export function hostsOf(services: readonly BackingService[], app: string): ReadonlyMap<ServiceKind, string> {
  const first = services.find(({ kind }) => serverOf(kind).role === 'database');
  return new Map(
    services.map((service) => [
      service.kind,
      `${app}-${service === first ? 'database' : serverOf(service.kind).ending}`,
    ]),
  );
}

/** The port a server of this kind is usually reached at. */
export function usualPort(kind: ServiceKind): number {
  return SERVERS[kind].port;
}
