import type { Rule } from './contract.ts';
import { patterns, placeParts } from './patterns.ts';

const RACE = 'two replicas that start at once change the schema at once, and one of them fails';
const LATEST_MIGRATIONS = 3;
const A_STEP = 'Run it once per release, before traffic: wherry.yaml: migrate: …';
const MIGRATES =
  /\b(manage\.py\s+migrate|flask\s+db\s+upgrade|alembic\s+upgrade|prisma\s+(?:migrate\s+deploy|db\s+push)|sequelize(?:-cli)?\s+db:migrate|knex\s+migrate:latest|typeorm\s+(?:\S+\s+)*migration:run|drizzle-kit\s+(?:migrate|push)|node-pg-migrate\s+up|db-migrate\s+up|rails\s+db:(?:migrate|prepare|setup|create|schema:load)|rake\s+db:migrate|artisan\s+migrate|doctrine:migrations:migrate|flyway\s+migrate|liquibase\s+update|dotnet\s+ef\s+database\s+update|sqlx\s+migrate\s+run|diesel\s+migration\s+run|goose\s+\S*\s*up|migrate\s+-path\s.*up|npm\s+run\s+(?:db:)?migrat\w*|yarn\s+(?:run\s+)?(?:db:)?migrat\w*|aerich\s+upgrade)\b/;

/** XII. What is done once is run once, as a process of its own, in the same image. */
export const adminProcesses: readonly Rule[] = [
  {
    id: 'schema-at-start',
    factor: 'admin-processes',
    severity: 'error',
    title: 'the schema is made by every process that starts',
    why: 'Each replica changes the database when it starts: two at once collide, a new version changes it under the feet of the old one, and nobody can go back.',
    breaks: {
      'two-replicas': RACE,
      rollback: 'the new version has changed the schema already, and the old code meets it unprepared',
    },
    read: patterns([
      {
        in: ['python'],
        find: /\b\w*\.?create_all\(|\bBase\.metadata\.create_all\b|\bgenerate_schemas\s*=\s*True|\.create_tables\(|Tortoise\.generate_schemas\(/g,
        unlessLine: /^\s*def\s/,
        unlessFile: /@(?:app\.cli\.command|click\.command|\w+\.command)\b/,
        message: 'the tables are made when the process starts',
        fix: `Migrations instead: flask db init (Flask-Migrate) or alembic init. ${A_STEP}`,
      },
      {
        in: ['node'],
        find: /\bsequelize\.sync\(|\b\w+\.sync\(\s*\{\s*(?:alter|force)\b|\bsynchronize\s*:\s*true\b|\bmigrationsRun\s*:\s*true\b|\bautoMigrate\(\)|\b(?:knex|db)\.migrate\.latest\(/g,
        message: 'the tables are made when the process starts',
        fix: `Migrations instead (sequelize-cli db:migrate, typeorm migration:run). ${A_STEP}`,
      },
      {
        in: ['node', 'python', 'go', 'php', 'ruby', 'dotnet', 'java', 'rust'],
        find: /['"`]\s*CREATE\s+TABLE\s+IF\s+NOT\s+EXISTS\b/gi,
        message: 'the tables are made when the process starts',
        fix: `Put the SQL into a file (dbsetup.sql) or a migration. ${A_STEP}`,
        once: true,
      },
      {
        in: ['dotnet'],
        find: /\.EnsureCreated(?:Async)?\(|\.Database\.Migrate(?:Async)?\(/g,
        message: 'the schema is changed when the process starts',
        fix: `dotnet ef migrations bundle. ${A_STEP}`,
      },
      {
        in: /(?:^|\/)application[\w.-]*\.(?:properties|ya?ml)$|(?:^|\/)persistence\.xml$/,
        find: /ddl-auto\s*[=:]\s*["']?(?:update|create|create-drop)\b|hbm2ddl\.auto"?\s*(?:=|value=)\s*"?(?:update|create)/g,
        message: 'Hibernate changes the schema when the process starts',
        fix: `spring.jpa.hibernate.ddl-auto=validate, with Flyway. ${A_STEP}`,
      },
      {
        in: ['go'],
        find: /\.AutoMigrate\(/g,
        once: true,
        unlessFile: /os\.Args|cobra\.Command|flag\.Parse/,
        message: 'GORM changes the schema when the process starts',
        fix: `Migrations instead (goose, golang-migrate). ${A_STEP}`,
      },
      {
        in: ['ruby'],
        find: /DataMapper\.auto_(?:upgrade|migrate)!|ActiveRecord::Schema\.define|MigrationContext\.new\(/g,
        message: 'the schema is changed when the process starts',
        fix: `rails db:migrate as a step of its own. ${A_STEP}`,
      },
      {
        in: ['rust'],
        find: /sqlx::migrate!\([^)]*\)[\s\S]{0,40}?\.run\(|run_pending_migrations\(/g,
        message: 'migrations run when the process starts',
        fix: `sqlx migrate run as a step of its own. ${A_STEP}`,
      },
    ]),
  },
  {
    id: 'migration-in-start',
    factor: 'admin-processes',
    severity: 'error',
    title: 'migrations run in the start command',
    why: 'Each replica and each restart migrates again; a migration that fails takes every new pod down, and one that is slow is killed by the probe in the middle.',
    breaks: {
      'two-replicas': RACE,
      rollback: 'the old version starts against the migrated schema, and its own start command migrates again',
    },
    *read({ startLines }) {
      const told = new Set<string>();
      for (const { text, file, line } of startLines) {
        const what = MIGRATES.exec(text.replace(/",\s*"/g, ' '))?.[1];
        if (!what || told.has(`${file}:${line}`)) continue;
        told.add(`${file}:${line}`);
        yield {
          file,
          line,
          message: `the start runs ${what}`,
          fix: `Take it out of the start; in wherry.yaml: migrate: ${what} (one Job, before traffic)`,
        };
      }
    },
  },
  {
    id: 'migration-not-reversible',
    factor: 'admin-processes',
    severity: 'warning',
    title: 'a migration that the version before does not survive',
    why: 'While a release rolls, and after a rollback, the old code runs against the new schema.',
    breaks: { rollback: 'the version that is rolled back to misses what the migration took away' },
    *read({ facts }) {
      // Older ones have run everywhere: it is the last release that a rollback leaves.
      const latest = facts.migrations?.files.slice(-LATEST_MIGRATIONS) ?? [];
      for (const { what, source } of facts.migrations?.risks ?? []) {
        if (!latest.includes(placeParts(source).file)) continue;
        yield {
          ...placeParts(source),
          message: what,
          fix: 'In two releases: first add and write both, then, when nothing reads the old one, take it away.',
        };
      }
    },
  },
];
