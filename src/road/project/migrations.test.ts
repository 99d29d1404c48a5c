import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Folder } from './folder.ts';
import { codeRisks, MIGRATION_LANGUAGES } from './migration-code.ts';
import { sqlRisks } from './migration-sql.ts';
import { findMigrations } from './migrations.ts';

function folder(files: Record<string, string>): Folder {
  const paths = Object.keys(files).sort();
  return { directory: '/app', paths, has: (path) => path in files, read: (path) => files[path] };
}

const sql = (text: string): string[] => sqlRisks('a.sql', text).map(({ what, source }) => `${source} ${what}`);
const code = (language: keyof typeof MIGRATION_LANGUAGES, text: string): string[] =>
  codeRisks('m', text, MIGRATION_LANGUAGES[language]).map(({ what, source }) => `${source} ${what}`);

test('SQL that takes away, renames or narrows is told with its line', () => {
  assert.deepEqual(
    sql(
      [
        'DROP TABLE IF EXISTS public."old_users";',
        'ALTER TABLE users',
        '  DROP COLUMN email,',
        '  RENAME COLUMN name TO full_name;',
        'alter table `orders` add column total decimal(10, 2) not null, modify note text;',
        'ALTER TABLE ONLY items ALTER COLUMN price TYPE numeric(10,2), ALTER price SET NOT NULL;',
        'ALTER TABLE items RENAME TO goods;',
        'ALTER TABLE t CHANGE COLUMN a b int, CHANGE c c bigint;',
        'TRUNCATE TABLE log;',
        'RENAME TABLE a TO b;',
      ].join('\n'),
    ),
    [
      'a.sql:1 drops table old_users',
      'a.sql:3 drops column users.email',
      'a.sql:4 renames column users.name',
      'a.sql:5 adds column orders.total NOT NULL without default',
      'a.sql:5 changes the type of orders.note',
      'a.sql:6 changes the type of items.price',
      'a.sql:6 forbids NULL in items.price',
      'a.sql:7 renames table items',
      'a.sql:8 renames column t.a',
      'a.sql:8 changes the type of t.c',
      'a.sql:9 empties table log',
      'a.sql:10 renames table a',
    ],
  );
});

test('SQL that only adds, comments, texts and tables of the same file are no risk', () => {
  assert.deepEqual(
    sql(
      [
        '-- DROP TABLE users;',
        '/* ALTER TABLE users DROP COLUMN x; */',
        "INSERT INTO notes VALUES ('DROP TABLE x; --');",
        'ALTER TABLE users ADD COLUMN age int;',
        'ALTER TABLE users ADD COLUMN age int NOT NULL DEFAULT 0, ADD id2 SERIAL NOT NULL;',
        'ALTER TABLE users DROP CONSTRAINT users_key, DROP INDEX a, ADD CONSTRAINT b CHECK (x IS NOT NULL);',
        'ALTER TABLE users ALTER COLUMN age DROP NOT NULL;',
        'CREATE TABLE fresh (id int); ALTER TABLE fresh ADD COLUMN b int NOT NULL;',
        'ALTER TABLE users RENAME CONSTRAINT a TO b;',
      ].join('\n'),
    ),
    [],
  );
});

test('code is read in its forward part only, with the SQL in its strings', () => {
  assert.deepEqual(
    code(
      'rails',
      'class A < ActiveRecord::Migration[7.1]\n  def up\n    remove_column :users, :email\n    add_column :users, :age, :integer, null: false\n    execute "ALTER TABLE users DROP COLUMN nick"\n  end\n\n  def down\n    drop_table :users\n  end\nend\n',
    ),
    [
      'm:3 drops column users.email',
      'm:4 adds column users.age NOT NULL without default',
      'm:5 drops column users.nick',
    ],
  );
  assert.deepEqual(
    code(
      'typeorm',
      'export class A1 implements MigrationInterface {\n  async up(runner) {\n    await runner.query(`ALTER TABLE "user"\n      DROP COLUMN "age"`);\n    await runner.dropColumn("user", "nick");\n  }\n  async down(runner) {\n    await runner.dropTable("user");\n  }\n}\n',
    ),
    ['m:4 drops column user.age', 'm:5 drops column user.nick'],
  );
  assert.deepEqual(
    code(
      'liquibase',
      '<databaseChangeLog>\n  <changeSet id="1">\n    <dropColumn tableName="users" columnName="age"/>\n    <renameTable oldTableName="a" newTableName="b"/>\n  </changeSet>\n</databaseChangeLog>\n',
    ),
    ['m:3 drops column users.age', 'm:4 renames table a'],
  );
  assert.deepEqual(
    code(
      'laravel',
      "function up(): void {\n  Schema::table('users', function ($table) {\n    $table->dropColumn('age');\n    $table->string('name', 50)->change();\n  });\n}\nfunction down(): void {\n  Schema::drop('users');\n}\n",
    ),
    ['m:3 drops column age', 'm:4 changes column name'],
  );
  assert.deepEqual(
    code(
      'ef-core',
      'protected override void Up(MigrationBuilder migrationBuilder)\n{\n  migrationBuilder.DropColumn(\n    name: "Age",\n    table: "Users");\n}\nprotected override void Down(MigrationBuilder migrationBuilder)\n{\n  migrationBuilder.DropTable(name: "Users");\n}\n',
    ),
    ['m:3 drops column Age'],
  );
});

test('each tool is known by where and how its files lie, oldest first', () => {
  const found = (files: Record<string, string>, ...packages: string[]): string | undefined => {
    const facts = findMigrations(
      folder(files),
      packages.map((value) => ({ value, source: 'x:1' })),
    );
    return facts && `${facts.tool.value}: ${facts.files.join(' ')}`;
  };
  assert.equal(
    found({ 'db/migrate/20240102000000_b.rb': '', 'db/migrate/20230102000000_a.rb': '' }),
    'rails: db/migrate/20230102000000_a.rb db/migrate/20240102000000_b.rb',
  );
  assert.equal(
    found({ 'src/main/resources/db/migration/V10__b.sql': '', 'src/main/resources/db/migration/V2__a.sql': '' }),
    'flyway: src/main/resources/db/migration/V2__a.sql src/main/resources/db/migration/V10__b.sql',
  );
  assert.equal(
    found({ 'migrations/2_b.up.sql': '', 'migrations/2_b.down.sql': '', 'migrations/1_a.up.sql': '' }),
    'golang-migrate: migrations/1_a.up.sql migrations/2_b.up.sql',
  );
  assert.equal(found({ 'db/1_a.sql': '-- +goose Up\nSELECT 1;\n' }), 'goose: db/1_a.sql');
  assert.equal(found({ 'drizzle/0000_big_bang.sql': '' }, 'drizzle-orm'), 'drizzle: drizzle/0000_big_bang.sql');
  assert.equal(found({ 'drizzle/0000_big_bang.sql': '' }), undefined);
  assert.equal(
    found({ 'migrations/002.sql': '', 'migrations/001_a.sql': '' }),
    'sql: migrations/001_a.sql migrations/002.sql',
  );
  assert.equal(found({ 'src/changelog/a.xml': '<databaseChangeLog/>' }), 'liquibase: src/changelog/a.xml');
  assert.equal(found({ 'migrations/readme.py': '' }), undefined);
});

test('what goose takes back is no risk', () => {
  const facts = findMigrations(
    folder({ 'db/1_a.sql': '-- +goose Up\nALTER TABLE a DROP b;\n-- +goose Down\nDROP TABLE a;\n' }),
    [],
  );
  assert.deepEqual(facts?.risks, [{ what: 'drops column a.b', source: 'db/1_a.sql:2' }]);
});
