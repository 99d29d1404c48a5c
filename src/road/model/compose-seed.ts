import type { Application, Mount, Need, Part } from './contract.ts';

/** Where the images of MySQL, MariaDB and PostgreSQL look for SQL when their data is made, and never again. */
const FIRST_START = '/docker-entrypoint-initdb.d';
const READS_SQL = /(?:^|\/)(?:mysql|mariadb|postgres|postgis|percona)(?:[:@]|$)/;

/**
 * The application with its seeds run by the database's own image. A job of compose would run at every `up` and load the SQL
 * once more; in a cluster its name keeps it from that.
 */
export function withSeedsAtFirstStart(application: Application): Application {
  const moved = new Map<string, { readonly database: string; readonly mounts: readonly Mount[] }>();
  for (const part of application.parts) {
    const database = part.stage === 'seed' ? databaseOf(application, part) : undefined;
    if (database) moved.set(part.name, { database: database.name, mounts: filesOf(application, part) });
  }
  if (moved.size === 0) return application;
  const mountsOf = (part: Part): Mount[] =>
    [...moved.values()].flatMap(({ database, mounts }) => (database === part.name ? mounts : []));
  const parts = application.parts
    .filter(({ name }) => !moved.has(name))
    .map((part) => ({
      ...part,
      mounts: [...part.mounts, ...mountsOf(part)],
      needs: oncePerPart(
        part.needs.map((need): Need => {
          const seed = moved.get(need.part);
          return seed ? { part: seed.database, condition: 'ready' } : need;
        }),
      ),
    }));
  return { ...application, parts };
}

function databaseOf({ parts }: Application, seed: Part): Part | undefined {
  return parts.find(
    ({ name, image }) =>
      seed.needs.some(({ part }) => part === name) && 'reference' in image && READS_SQL.test(image.reference),
  );
}

function filesOf(application: Application, seed: Part): Mount[] {
  return seed.mounts.flatMap(({ from }): Mount[] => {
    if (from.is !== 'settings' && from.is !== 'secrets') return [];
    const sets = from.is === 'settings' ? application.settings : application.secrets;
    const keys = Object.keys(sets.find(({ name }) => name === from.set)?.values ?? {});
    return keys.map((key) => ({ path: `${FIRST_START}/${key}`, readOnly: true, from: { ...from, key } }));
  });
}

function oncePerPart(needs: readonly Need[]): Need[] {
  return needs.filter((need, index) => needs.findIndex(({ part }) => part === need.part) === index);
}
