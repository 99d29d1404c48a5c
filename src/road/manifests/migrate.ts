import type { JobSpec } from '../../engine/kinds/index.ts';
import type { Fact, Facts } from '../project/index.ts';
import { containerRights, podUser } from './app.ts';
import type { Manifest, ManifestOptions, PodCarrier } from './contract.ts';
import type { Environment } from './environment.ts';
import { manifest, type Names, shortHash } from './names.ts';

/** One Job in the new image before it serves; named by image and command, so each version migrates once. */
export function migrateJob(
  migrate: Fact<string>,
  facts: Facts,
  options: ManifestOptions,
  names: Names,
  environment: Environment,
): Manifest {
  const name = `${names.app}-migrate-${shortHash(options.image, options.sourceHash ?? '', migrate.value)}`;
  return manifest('batch/v1', 'Job', names, name, 'migrate', {
    spec: {
      backoffLimit: 2,
      activeDeadlineSeconds: 1800,
      template: {
        metadata: { labels: names.labels('migrate') },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: { ...podUser(facts), seccompProfile: { type: 'RuntimeDefault' } },
          containers: [
            {
              name: 'migrate',
              image: options.image,
              command: ['sh', '-c', migrate.value],
              envFrom: [{ configMapRef: { name: names.app } }],
              ...(environment.references.length > 0 ? { env: environment.references } : {}),
              resources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '512Mi' } },
              securityContext: containerRights(facts),
            },
          ],
        },
      },
    } satisfies PodCarrier<JobSpec>,
  });
}
