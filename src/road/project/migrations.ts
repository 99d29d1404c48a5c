import type { Fact, MigrationFacts, MigrationRisk } from './contract.ts';
import type { Folder } from './folder.ts';
import { codeRisks, MIGRATION_LANGUAGES } from './migration-code.ts';
import { djangoRisks } from './migration-django.ts';
import { sqlRisks } from './migration-sql.ts';

/** A program that applies migrations, told by where and how they lie. */
interface Tool {
  readonly name: string;
  readonly files: RegExp;
  /** Some file must say so too, where the path leaves it open. */
  readonly says?: RegExp;
  /** The app names one of these packages. */
  readonly packages?: readonly string[];
  readonly risks?: (path: string, text: string) => MigrationRisk[];
}

const code =
  (language: keyof typeof MIGRATION_LANGUAGES) =>
  (path: string, text: string): MigrationRisk[] =>
    codeRisks(path, text, MIGRATION_LANGUAGES[language]);
/** What undoes a migration (`001.undo.users.sql`, `2_users.down.sql`, `down.sql`) runs only where somebody goes back by hand. */
const UNDOES = /(?:^|[/._-])(?:undo|down|rollback)[._-](?:[^/]*\.)?sql$/i;
const sql = (path: string, text: string): MigrationRisk[] => (UNDOES.test(path) ? [] : sqlRisks(path, text));
const gooseUp = (path: string, text: string): MigrationRisk[] => {
  const from = text.search(/--\s*\+goose\s+Up/i);
  const back = text.search(/--\s*\+goose\s+Down/i);
  return sqlRisks(path, text, text.slice(Math.max(0, from), back > from ? back : undefined), Math.max(0, from));
};

/** The first that fits; those that a file of their own gives away stand before those that only a path does. */
const TOOLS: readonly Tool[] = [
  { name: 'django', files: /(?:^|\/)migrations\/\d{4}_\w+\.py$/, says: /\bmigrations\.Migration\b/ },
  { name: 'alembic', files: /(?:^|\/)versions\/[^/]+\.py$/, says: /\bdef\s+upgrade\b/, risks: code('alembic') },
  { name: 'prisma', files: /(?:^|\/)migrations\/[^/]+\/migration\.sql$/, risks: sql },
  { name: 'diesel', files: /(?:^|\/)migrations\/[^/]+\/up\.sql$/, risks: sql },
  { name: 'goose', files: /(?:^|\/)[^/]*\.sql$/, says: /--\s*\+goose\s+Up/i, risks: gooseUp },
  { name: 'golang-migrate', files: /(?:^|\/)\d+_[^/]+\.up\.sql$/, risks: sql },
  { name: 'flyway', files: /(?:^|\/)V\d[\d._]*__[^/]+\.sql$/, risks: sql },
  {
    name: 'liquibase',
    files: /(?:^|\/)(?:db\/changelog|changelogs?|liquibase)\/.*\.xml$/,
    says: /<databaseChangeLog/,
    risks: code('liquibase'),
  },
  {
    name: 'liquibase',
    files: /(?:^|\/)(?:db\/changelog|changelogs?|liquibase)\/.*\.ya?ml$/,
    says: /databaseChangeLog:/,
    risks: code('liquibase'),
  },
  {
    name: 'liquibase',
    files: /(?:^|\/)(?:db\/changelog|changelogs?|liquibase)\/.*\.sql$/,
    says: /--\s*liquibase formatted sql/i,
    risks: sql,
  },
  { name: 'rails', files: /(?:^|\/)db\/migrate\/\d+_\w+\.rb$/, risks: code('rails') },
  { name: 'laravel', files: /(?:^|\/)database\/migrations\/\d[\w]+\.php$/, risks: code('laravel') },
  {
    name: 'ef-core',
    files: /(?:^|\/)Migrations\/\d{14}_\w+(?<!\.Designer)\.cs$/,
    says: /\bMigrationBuilder\b/,
    risks: code('ef-core'),
  },
  { name: 'drizzle', files: /(?:^|\/)\d{4}_\w+\.sql$/, packages: ['drizzle-orm', 'drizzle-kit'], risks: sql },
  {
    name: 'typeorm',
    files: /(?:^|\/)migrations?\/[^/]+\.[jt]s$/,
    says: /\bMigrationInterface\b/,
    risks: code('typeorm'),
  },
  {
    name: 'sequelize',
    files: /(?:^|\/)migrations\/[^/]+\.[cm]?[jt]s$/,
    says: /\bqueryInterface\b/,
    risks: code('sequelize'),
  },
  {
    name: 'node-pg-migrate',
    files: /(?:^|\/)migrations\/[^/]+\.[cm]?[jt]s$/,
    says: /\bpgm\b/,
    risks: code('node-pg-migrate'),
  },
  { name: 'knex', files: /(?:^|\/)migrations\/[^/]+\.[cm]?[jt]s$/, says: /\bknex\b/, risks: code('knex') },
  { name: 'sqlx', files: /(?:^|\/)migrations\/\d+_\w+\.sql$/, packages: ['sqlx'], risks: sql },
  {
    name: 'sql',
    files: /(?:^|\/)(?:migrations?|sql\/migrations|db\/migrations?)\/(?:V|v)?\d+[^/]*(?<!\.down)\.sql$/,
    risks: sql,
  },
];

const FILES_MAX = 2000;

/** The migrations in a folder: which tool, the files oldest first, and what in them an old version may not survive. */
export function findMigrations(folder: Folder, packages: readonly Fact<string>[]): MigrationFacts | undefined {
  const names = new Set(packages.map(({ value }) => value));
  for (const tool of TOOLS) {
    if (tool.packages && !tool.packages.some((name) => names.has(name))) continue;
    const paths = folder.paths.filter((path) => tool.files.test(path)).slice(0, FILES_MAX);
    if (paths.length === 0) continue;
    const files = paths
      .map((path) => ({ path, text: folder.read(path) ?? '' }))
      .filter(({ text }) => !tool.says || tool.says.test(text))
      .sort((a, b) => compareOldest(a.path, b.path));
    const [first] = files;
    if (!first) continue;
    const risks = tool.risks ? files.flatMap(({ path, text }) => tool.risks?.(path, text) ?? []) : djangoRisks(files);
    return { tool: { value: tool.name, source: first.path }, files: files.map(({ path }) => path), risks };
  }
  return undefined;
}

/** By the number or time that names begin with; Alembic's random names by where they stand, which is all there is. */
function compareOldest(a: string, b: string): number {
  const folderOf = (path: string): string => path.replace(/[^/]+$/, '');
  const numberOf = (path: string): number =>
    Number(/(?:^|\/)V?(\d+)[^/]*(?:\/(?:up|migration)\.sql)?$/.exec(path)?.[1] ?? Number.NaN);
  const [first, second] = [numberOf(a), numberOf(b)];
  const sameFolder = folderOf(a) === folderOf(b) || /(?:up|migration)\.sql$/.test(a);
  if (sameFolder && first !== second && !Number.isNaN(first) && !Number.isNaN(second)) return first - second;
  return a < b ? -1 : a > b ? 1 : 0;
}
