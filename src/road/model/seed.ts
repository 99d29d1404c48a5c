import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../base/index.ts';
import type { BackingService, Fact } from '../project/index.ts';
import type { Part, SecretSet, SettingSet } from './contract.ts';
import { serverEnvironment } from './server-part.ts';
import { serverOf } from './servers.ts';

/** A ConfigMap or Secret holds 1 MiB in all; some of it is names. */
const SQL_BYTES_MAX = 1_000_000;
const DIRECTORY = '/seed';
const FILE = 'seed.sql';

export interface Seed {
  readonly part: Part;
  /** The SQL; hidden when it sets passwords. */
  readonly settings: SettingSet | undefined;
  readonly secrets: SecretSet | undefined;
}

/**
 * The job that runs an SQL file once in a backing service that knows SQL.
 * @throws UserError when the file is larger than an object may be.
 */
export function seedPart(
  seed: Fact<string>,
  directory: string,
  service: BackingService,
  app: string,
  host: string,
): Seed | undefined {
  const server = serverOf(service.kind);
  if (!server.seed) return undefined;
  const sql = readFileSync(join(directory, seed.value), 'utf8');
  if (Buffer.byteLength(sql) > SQL_BYTES_MAX) {
    throw new UserError(
      seed.source,
      `${seed.value} has ${Buffer.byteLength(sql)} bytes; at most ${SQL_BYTES_MAX} fit into the cluster's objects`,
      'Load large data with the database client through a port-forward, and keep the schema in this file.',
    );
  }
  const asAdministrator = /\b(?:CREATE|DROP|ALTER)\s+(?:DATABASE|SCHEMA|USER|ROLE)\b|\bGRANT\b/i.test(sql);
  // SQL that sets passwords is as secret as they are.
  const hidden = /\bIDENTIFIED\s+(?:BY|WITH)\b|\bPASSWORD\s*(?:\(|')/i.test(sql);
  const name = `${app}-seed`;
  const set = { name, role: 'seed' as const, source: seed.source };
  return {
    part: {
      name,
      kind: 'job',
      role: 'seed',
      stage: 'seed',
      image: { reference: service.image.value },
      command: ['sh', '-c', server.seed(host, `${DIRECTORY}/${FILE}`, asAdministrator)],
      environment: serverEnvironment(server, host, service.source),
      ports: [],
      mounts: [{ path: DIRECTORY, readOnly: true, from: { is: hidden ? 'secrets' : 'settings', set: name } }],
      needs: [{ part: host, condition: 'ready' }],
      resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '256Mi' } },
      user: { userId: 65_532, groupId: 65_532 },
      source: seed.source,
    },
    settings: hidden ? undefined : { ...set, values: { [FILE]: sql } },
    secrets: hidden ? { ...set, values: { [FILE]: { is: 'text', text: sql } } } : undefined,
  };
}
