import type { Part, PartKind, PartRole } from '../model/index.ts';
import type { ComposeMap } from './contract.ts';
import type { KnownImage } from './known-images.ts';
import { textOf, textsOf } from './value.ts';

const MIGRATE = /\b(?:migrat\w*|alembic|flyway|liquibase|db:migrate|prisma\s+migrate|upgrade\s+head)\b/i;
const SEED = /\b(?:seed\w*|fixtures?|loaddata|import|init(?:ialize|db)?|bootstrap|create-?buckets?)\b/i;
const WORKER = /(?:^|[-_])(?:worker|celery|sidekiq|queue|consumer|scheduler|beat|cron)s?(?:$|[-_0-9])/i;

/** What a service is to the application, by its image, its name and what it runs. */
export function roleOf(name: string, service: ComposeMap, known: KnownImage | undefined, kind: PartKind): PartRole {
  if (kind === 'job') {
    const command = service.entries.get('command');
    const entrypoint = service.entries.get('entrypoint');
    const words = [name, ...[command, entrypoint].flatMap((each) => textOf(each) ?? textsOf(each))]
      .join(' ')
      .replaceAll('_', ' ');
    if (MIGRATE.test(words)) return 'migrate';
    return SEED.test(words) ? 'seed' : 'part';
  }
  if (known?.role) return known.role;
  return WORKER.test(name) ? 'worker' : 'part';
}

/**
 * Changes of the database's shape are a step of a release, with a verdict of its own. A seed is not: its own words need
 * not wait for the server, so it is ordered by what it needs.
 */
export function stageOf(role: PartRole, kind: PartKind): Part['stage'] {
  if (kind !== 'job') return undefined;
  return role === 'migrate' ? role : undefined;
}
