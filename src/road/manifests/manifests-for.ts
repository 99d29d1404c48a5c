import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Facts } from '../project/index.ts';
import { deployment, frontDoor } from './app.ts';
import { backingService } from './backing-service.ts';
import type { Manifest, ManifestOptions } from './contract.ts';
import { environmentOf } from './environment.ts';
import { migrateJob } from './migrate.ts';
import { encoded, manifest, namesOf, shortHash } from './names.ts';
import { appSecret, serviceSecret } from './secrets.ts';
import { seedObjects } from './seed.ts';

/** Objects in the order they are to be applied, and what the reader should know. */
export interface Manifests {
  readonly objects: readonly Manifest[];
  readonly notes: readonly string[];
}

/**
 * The objects that run an app: configuration, its backing services with their data, the seed of the database, migrations,
 * the app itself and the way in. Credentials that `options.secrets` knows are kept.
 * @throws UserError when the SQL file is too large to be carried in an object.
 */
export function manifestsFor(facts: Facts, options: ManifestOptions): Manifests {
  const names = namesOf(facts, options.name, options.namespace);
  const environment = environmentOf(facts, names);
  const notes = [...environment.notes];
  const configuration: Manifest[] = [];
  const services: Manifest[] = [];
  const jobs: Manifest[] = [];

  if (options.namespace !== 'default') {
    configuration.push({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: options.namespace },
    });
  }
  configuration.push(manifest('v1', 'ConfigMap', names, names.app, 'web', { data: environment.plain }));
  const own = appSecret(facts, names, options);
  if (Object.keys(own).length > 0) {
    configuration.push(manifest('v1', 'Secret', names, names.app, 'web', { type: 'Opaque', data: encoded(own) }));
  }

  const secretValues = [JSON.stringify(own)];
  for (const service of facts.services) {
    const secret = serviceSecret(service, databaseName(facts, names.app), names, options);
    secretValues.push(JSON.stringify(secret));
    const made = backingService(service, names, secret);
    configuration.push(made.secret);
    services.push(...made.objects);
    if (facts.seed && service.kind !== 'redis') {
      const sql = readFileSync(join(facts.directory, facts.seed.value), 'utf8');
      const seed = seedObjects(facts.seed, sql, service, names);
      if (seed) {
        configuration.push(seed.text);
        jobs.push(seed.job);
      }
    }
  }
  if (facts.seed && !facts.services.some(({ kind }) => kind !== 'redis')) {
    notes.push(`${facts.seed.source}: ${facts.seed.value} is not run, since no database driver was found`);
  }
  if (facts.migrate) jobs.push(migrateJob(facts.migrate, facts, options, names, environment));

  const configurationHash = shortHash(JSON.stringify(environment.plain), ...secretValues);
  const app = deployment(facts, options, names, environment, configurationHash);
  return { objects: [...configuration, ...services, ...jobs, app, ...frontDoor(options, names)], notes };
}

/** The name the code falls back to, so that an SQL file that says USE finds it; else the app's own. */
function databaseName(facts: Facts, app: string): string {
  const variable = facts.variables.find(({ service }) => service?.part === 'name' && service.kind !== 'redis');
  const fallback = variable?.fallback ?? '';
  return /^\w{1,63}$/.test(fallback) ? fallback : app.replaceAll('-', '_');
}
