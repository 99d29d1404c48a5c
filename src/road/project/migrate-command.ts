import type { Fact, StartFact } from './contract.ts';
import type { Folder } from './folder.ts';
import type { NodeManifest } from './node-manifest.ts';
import { withNeed, withoutEnvironmentFile } from './node-start.ts';

/** Scripts that apply migrations in production, the plainest first. */
const SCRIPTS = [
  'db:migrate:deploy',
  'migrate:deploy',
  'migrate:prod',
  'db:migrate:prod',
  'migration:run:prod',
  'db:migrate',
  'migrate',
  'migrate:up',
  'migrate:latest',
  'migration:run',
  'migrations:run',
  'typeorm:run',
];

/** The command that applies a Node.js app's migrations; undefined where nothing says how. */
export function nodeMigrate(
  folder: Folder,
  manifest: NodeManifest,
  manager: string,
  tool: string | undefined,
): StartFact | undefined {
  for (const name of SCRIPTS) {
    const script = manifest.text('scripts', name);
    // What asks questions or resets is for the author's desk.
    if (!script || /\b(?:migrate\s+dev|migrate\s+reset|make|generate|create)\b/.test(script.value)) continue;
    const command = withoutEnvironmentFile(script.value);
    const run = command === script.value ? /^(?:npm|npx|pnpm|yarn|bun|node)\b/ : /^(?:npm|npx|pnpm|yarn|bun)\b/;
    const plain = /^[\w@.-]+(?:\s+[\w@./=:-]+)*$/.test(command) && !run.test(command);
    const fact = { value: plain ? command : `${manager} run ${name}`, source: script.source };
    return withNeed(manifest, fact, command.replace(/^(?:npx|dotenv\s+(?:-e\s+\S+\s+)?--)\s+/, ''));
  }
  const command = tool === undefined ? undefined : COMMANDS[tool]?.(folder);
  const owner = command && PACKAGES[tool ?? ''];
  const named = owner === undefined ? undefined : manifest.package(owner);
  if (!command || !named) return undefined;
  const needed = Object.hasOwn(manifest.dependencies, named.value) ? undefined : named;
  return { value: command, source: named.source, ...(needed ? { needsDevelopment: needed } : {}) };
}

const PACKAGES: Readonly<Record<string, string>> = {
  prisma: 'prisma',
  knex: 'knex',
  sequelize: 'sequelize-cli',
  drizzle: 'drizzle-kit',
  'node-pg-migrate': 'node-pg-migrate',
};

const COMMANDS: Readonly<Record<string, (folder: Folder) => string | undefined>> = {
  prisma: () => 'prisma migrate deploy',
  knex: (folder) => (folder.paths.some((path) => /^knexfile\.[cm]?js$/.test(path)) ? 'knex migrate:latest' : undefined),
  sequelize: () => 'sequelize-cli db:migrate',
  drizzle: () => 'drizzle-kit migrate',
  'node-pg-migrate': () => 'node-pg-migrate up',
};

/** Alembic by itself, or below Flask-Migrate. */
export function alembicMigrate(
  folder: Folder,
  packages: readonly Fact<string>[],
  start: string | undefined,
): Fact<string> | undefined {
  const flask = packages.find(({ value }) => value === 'flask-migrate');
  if (flask) {
    const target = /\s([\w.]+(?::\w+(?:\(\))?)?)$/.exec(start ?? '')?.[1];
    const app = target === undefined ? '' : ` --app ${target.includes('(') ? `'${target}'` : target}`;
    return { value: `flask${app} db upgrade`, source: flask.source };
  }
  const configuration = folder.paths.find((path) => /(?:^|\/)alembic\.ini$/.test(path));
  if (configuration === undefined) return undefined;
  const named = configuration === 'alembic.ini' ? '' : ` -c ${configuration}`;
  return { value: `alembic${named} upgrade head`, source: `${configuration}:1` };
}
