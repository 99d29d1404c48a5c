import { UserError } from '../../base/index.ts';
import type { Fact, Settings } from './contract.ts';
import type { Folder } from './folder.ts';

const NAMES = [
  'dbsetup.sql',
  'init.sql',
  'schema.sql',
  'seed.sql',
  'setup.sql',
  'database.sql',
  'db.sql',
  'db/init.sql',
  'db/schema.sql',
  'db/seed.sql',
  'db/setup.sql',
  'sql/init.sql',
  'sql/schema.sql',
  'database/init.sql',
  'database/schema.sql',
];

/**
 * The SQL file that prepares the database, if there is one.
 * @throws UserError when wherry.yaml names a file that is not there, or several could be meant.
 */
export function seedOf(folder: Folder, settings: Settings): Fact<string> | undefined {
  if (settings.seed) {
    if (!folder.has(settings.seed.value)) {
      const others = folder.paths.filter((path) => path.endsWith('.sql'));
      throw new UserError(
        settings.seed.source,
        `seed names ${settings.seed.value}, which is not there`,
        others.length > 0 ? `SQL files here: ${others.slice(0, 5).join(', ')}.` : 'There is no SQL file in the folder.',
      );
    }
    return settings.seed;
  }
  const candidates = NAMES.filter((path) => folder.has(path));
  const inFolder = folder.paths.filter((path) => /^(?:db|sql|database)\/[^/]+\.sql$/.test(path));
  const [first, second] = candidates.length > 0 ? candidates : inFolder;
  if (first && second) {
    throw new UserError(
      first,
      `two SQL files could prepare the database: ${first} and ${second}`,
      `Choose in wherry.yaml (seed: ${first}).`,
    );
  }
  return first ? { value: first, source: `${first}:1` } : undefined;
}
