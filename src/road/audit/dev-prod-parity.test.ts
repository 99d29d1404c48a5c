import { docker, FLASK, finds, leaves, mends, node, python } from './sample-app.ts';

const start = (command: string): Record<string, string> => ({ Procfile: `web: ${command}\n` });
finds('development-server', 'flask run', python(start('flask --app app run --host 0.0.0.0')), 'Procfile:1');
finds('development-server', 'runserver', python(start('python manage.py runserver 0.0.0.0:8000')), 'Procfile:1');
finds('development-server', 'nodemon', node(start('nodemon server.js')), 'Procfile:1');
finds(
  'development-server',
  'artisan serve',
  docker({ Dockerfile: 'FROM php:8.4\nUSER 1\nCMD ["php", "artisan", "serve"]\n' }),
  'Dockerfile:3',
);
leaves('development-server', 'a server', python(start('gunicorn app:app')));
leaves('development-server', 'next start', node(start('next start')));

finds(
  'development-server-in-code',
  'python app.py',
  python({ 'app.py': `${FLASK}app.run(host="0.0.0.0")\n`, ...start('python app.py') }),
  'app.py:3',
);
leaves(
  'development-server-in-code',
  'a file that gunicorn imports',
  python({ 'app.py': `${FLASK}if __name__ == "__main__":\n    app.run()\n` }),
);

finds('debug-on', 'Django', python({ 'settings.py': 'DEBUG = True\n' }), 'settings.py:1');
finds('debug-on', 'Flask', python({ 'app.py': `${FLASK}app.run(debug=True)\n` }), 'app.py:3');
finds(
  'debug-on',
  'an image',
  node({ Dockerfile: 'FROM node:24\nENV NODE_ENV=development\nUSER node\nCMD ["node", "server.js"]\n' }),
  'Dockerfile:2',
);
leaves(
  'debug-on',
  'a switch in the environment',
  python({ 'settings.py': 'DEBUG = os.environ.get("DEBUG") == "1"\n# DEBUG = True\n' }),
);
mends(
  'debug-on',
  'Django',
  python({ 'settings.py': 'import os\nDEBUG = True\n' }),
  'settings.py',
  'import os\nDEBUG = os.environ.get("DEBUG") == "1"\n',
);
mends(
  'debug-on',
  'Flask',
  python({ 'app.py': `import os\n${FLASK}app.run(debug=True)\n` }),
  'app.py',
  `import os\n${FLASK}app.run(debug=os.environ.get("FLASK_DEBUG") == "1")\n`,
);

finds(
  'different-database',
  'SQLite as the fallback',
  python({ 'app.py': `${FLASK}import os\nU = os.environ.get("DATABASE_URL", "sqlite:///dev.db")\n` }),
  'app.py:4',
);
leaves(
  'different-database',
  'the same database',
  python({ 'app.py': `${FLASK}import os\nU = os.environ.get("DATABASE_URL", "mysql://localhost/dev")\n` }),
);

const scripts = (command: string): string =>
  JSON.stringify({ name: 'a', scripts: { start: command }, devDependencies: { 'ts-node': '^10.0.0' } }, null, 1);
finds(
  'start-needs-development',
  'ts-node',
  { 'package.json': scripts('ts-node server.ts'), 'server.ts': '' },
  'package.json:4',
);
leaves('start-needs-development', 'node', { 'package.json': scripts('node server.js'), 'server.js': '' });

leaves(
  'debug-on',
  'a stage that is only for a laptop',
  python({
    Dockerfile:
      'FROM python:3.13 AS dev\nENV FLASK_ENV=development\nFROM python:3.13\nUSER 1\nCMD ["gunicorn", "app:app"]\n',
  }),
);
finds(
  'debug-on',
  'the stage that the last one begins from',
  python({
    Dockerfile: 'FROM python:3.13 AS base\nENV FLASK_ENV=development\nFROM base\nUSER 1\nCMD ["gunicorn", "app:app"]\n',
  }),
  'Dockerfile:2',
);
finds(
  'different-database',
  'SQLite of Django beside another database',
  python({
    'settings.py':
      'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3"}}\nif P:\n    DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql"}}\n',
  }),
  'settings.py:1',
);

finds(
  'different-database',
  'SQLite behind an or',
  python({
    'conf.py':
      'class Config:\n    U = os.environ.get("DB_ADDRESS", "").replace("a", "b") or \\\n        "sqlite:///" + path\n',
  }),
  'conf.py:2',
);
