import type { BackingService, ServiceKind, Variable } from './contract.ts';
import { placeOf } from './folder.ts';

/** A source file with its comments blanked out. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

const URL_OF: Readonly<Partial<Record<ServiceKind, RegExp>>> = {
  mysql: /(['"`])(?:mysql|mariadb)(?:\+\w+)?:\/\/[^'"`$\s]*@?(?:localhost|127\.0\.0\.1)[^'"`$]*\1/,
  postgres: /(['"`])postgres(?:ql)?(?:\+\w+)?:\/\/[^'"`$\s]*@?(?:localhost|127\.0\.0\.1)[^'"`$]*\1/,
  redis: /(['"`])rediss?:\/\/[^'"`$\s]*(?:localhost|127\.0\.0\.1)[^'"`$]*\1/,
  mongodb: /(['"`])mongodb(?:\+srv)?:\/\/[^'"`$\s]*(?:localhost|127\.0\.0\.1)[^'"`$]*\1/,
  rabbitmq: /(['"`])(?:py)?amqps?:\/\/[^'"`$\s]*(?:localhost|127\.0\.0\.1)[^'"`$]*\1/,
  memcached: /(['"`])(?:localhost|127\.0\.0\.1):11211\1/,
  s3: /(['"`])https?:\/\/(?:localhost|127\.0\.0\.1):9000[^'"`$]*\1/,
};
/** A variable's name that tells the kind. */
const VARIABLE: Readonly<Record<ServiceKind, string>> = {
  mysql: 'DATABASE_HOST',
  postgres: 'DATABASE_HOST',
  redis: 'REDIS_URL',
  mongodb: 'MONGODB_URI',
  rabbitmq: 'AMQP_URL',
  memcached: 'MEMCACHED_SERVERS',
  s3: 'S3_ENDPOINT',
};
const WITH_HOST: readonly ServiceKind[] = ['mysql', 'postgres', 'redis'];
const HOST =
  /(?:\bhost\s*[:=]|\b(?:MYSQL|DB|DATABASE|POSTGRES|REDIS)_HOST['"]?\]?\s*[:=])\s*(['"])(?:localhost|127\.0\.0\.1)\1/i;

/**
 * Notes for servers whose address stands in the code instead of coming from the environment: such an app cannot find
 * them in a cluster. A server that some variable leads to is left alone.
 */
export function writtenAddresses(
  sources: readonly Source[],
  services: readonly BackingService[],
  variables: readonly Variable[],
): string[] {
  return services.flatMap(({ kind }) => {
    const led = variables.some(
      ({ service }) => service?.kind === kind && ['host', 'url', 'endpoint'].includes(service.part),
    );
    if (led) return [];
    for (const { path, text } of sources) {
      const match = URL_OF[kind]?.exec(text) ?? (WITH_HOST.includes(kind) ? HOST.exec(text) : null);
      if (!match) continue;
      return [
        `${placeOf(path, text, match.index)}: the address of ${kind} is written in the code, so the app will not find it in a cluster; read it from the environment (${VARIABLE[kind]})`,
      ];
    }
    return [`nothing says where the app finds ${kind}: no variable for its address was found in the code`];
  });
}
