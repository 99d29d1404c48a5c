import { docker, FLASK, finds, leaves, node, python } from './sample-app.ts';

finds(
  'schema-at-start',
  'create_all',
  python({ 'app.py': `${FLASK}with app.app_context():\n    db.create_all()\n` }),
  'app.py:4',
);
finds('schema-at-start', 'sync of Sequelize', node({ 'db.js': 'await sequelize.sync();' }), 'db.js:1');
finds(
  'schema-at-start',
  'synchronize of TypeORM',
  node({ 'db.ts': 'export const d = new DataSource({\n  synchronize: true,\n});' }),
  'db.ts:2',
);
finds(
  'schema-at-start',
  'Hibernate',
  docker({ 'application.yml': 'spring:\n  jpa:\n    hibernate:\n      ddl-auto: update\n' }),
  'application.yml:4',
);
finds('schema-at-start', 'EnsureCreated', docker({ 'Program.cs': 'db.Database.EnsureCreated();\n' }), 'Program.cs:1');
finds('schema-at-start', 'AutoMigrate', docker({ 'main.go': 'db.AutoMigrate(&User{})\n' }), 'main.go:1');
leaves(
  'schema-at-start',
  'a command of its own',
  python({ 'app.py': `${FLASK}@app.cli.command("init")\ndef init():\n    db.create_all()\n` }),
);
leaves('schema-at-start', 'validate', docker({ 'application.properties': 'spring.jpa.hibernate.ddl-auto=validate\n' }));

finds(
  'migration-in-start',
  'a line of the Procfile',
  python({ Procfile: 'web: python manage.py migrate && gunicorn app:app\n' }),
  'Procfile:1',
);
finds(
  'migration-in-start',
  'a script',
  node({
    Dockerfile: 'FROM node:24\nUSER node\nENTRYPOINT ["/start.sh"]\n',
    'start.sh': '#!/bin/sh\nnpx prisma migrate deploy\nexec node server.js\n',
  }),
  'start.sh:2',
);
leaves(
  'migration-in-start',
  'a release step',
  python({ Procfile: 'release: flask db upgrade\nweb: gunicorn app:app\n' }),
);

const MIGRATIONS = Object.fromEntries(
  ['001_a', '002_b', '003_c', '004_d'].map((name) => [
    `prisma/migrations/${name}/migration.sql`,
    `ALTER TABLE "t" DROP COLUMN "${name}";\n`,
  ]),
);
finds(
  'migration-not-reversible',
  'what the latest migrations take away',
  {
    ...node(
      { 'prisma/schema.prisma': 'datasource db {\n  provider = "postgresql"\n}\n', ...MIGRATIONS },
      { express: '^5.0.0', '@prisma/client': '^6.0.0' },
    ),
  },
  'prisma/migrations/002_b/migration.sql:1',
  'prisma/migrations/003_c/migration.sql:1',
  'prisma/migrations/004_d/migration.sql:1',
);
leaves(
  'migration-not-reversible',
  'a migration that only adds',
  node(
    {
      'prisma/schema.prisma': 'datasource db {\n  provider = "postgresql"\n}\n',
      'prisma/migrations/001_a/migration.sql': 'ALTER TABLE "t" ADD COLUMN "x" INT;\n',
    },
    { express: '^5.0.0', '@prisma/client': '^6.0.0' },
  ),
);
