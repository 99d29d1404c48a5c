import { UserError } from '../../base/index.ts';
import type { JobSpec } from '../../engine/kinds/index.ts';
import type { BackingService, Fact } from '../project/index.ts';
import { serviceEnvironment } from './backing-service.ts';
import type { Manifest, PodCarrier } from './contract.ts';
import { engineOf } from './engines.ts';
import { encoded, manifest, type Names, shortHash } from './names.ts';

/** A ConfigMap or Secret holds 1 MiB in all; some of it is names. */
const SQL_BYTES_MAX = 1_000_000;

/**
 * The Job that runs an SQL file once. Its name carries a hash of the SQL and of how it is run, so another text is another
 * Job and the same text is never run twice.
 * @throws UserError when the file is larger than an object may be.
 */
export function seedObjects(
  seed: Fact<string>,
  sql: string,
  service: BackingService,
  names: Names,
): { text: Manifest; job: Manifest } | undefined {
  const engine = engineOf(service.kind);
  if (!engine.seed) return undefined;
  if (Buffer.byteLength(sql) > SQL_BYTES_MAX) {
    throw new UserError(
      seed.source,
      `${seed.value} has ${Buffer.byteLength(sql)} bytes; at most ${SQL_BYTES_MAX} fit into the cluster's objects`,
      'Load large data with the database client through a port-forward, and keep the schema in this file.',
    );
  }
  const asAdministrator = /\b(?:CREATE|DROP|ALTER)\s+(?:DATABASE|SCHEMA|USER|ROLE)\b|\bGRANT\b/i.test(sql);
  const script = engine.seed(names.service(service.kind), '/seed/seed.sql', asAdministrator);
  const name = `${names.app}-seed-${shortHash(sql, script, service.image.value)}`;
  // SQL that sets passwords is as secret as they are.
  const hidden = /\bIDENTIFIED\s+(?:BY|WITH)\b|\bPASSWORD\s*(?:\(|')/i.test(sql);
  const text = hidden
    ? manifest('v1', 'Secret', names, name, 'seed', { type: 'Opaque', data: encoded({ 'seed.sql': sql }) })
    : manifest('v1', 'ConfigMap', names, name, 'seed', { data: { 'seed.sql': sql } });
  const job = manifest('batch/v1', 'Job', names, name, 'seed', {
    spec: {
      backoffLimit: 3,
      activeDeadlineSeconds: 900,
      template: {
        metadata: { labels: names.labels('seed') },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65_532,
            runAsGroup: 65_532,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              name: 'seed',
              image: service.image.value,
              command: ['sh', '-c', script],
              env: serviceEnvironment(service, names),
              resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '256Mi' } },
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
              volumeMounts: [{ name: 'seed', mountPath: '/seed', readOnly: true }],
            },
          ],
          volumes: [hidden ? { name: 'seed', secret: { secretName: name } } : { name: 'seed', configMap: { name } }],
        },
      },
    } satisfies PodCarrier<JobSpec>,
  });
  return { text, job };
}
