import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandPort, developmentNote, developmentServer } from './commands.ts';
import { commandVariables } from './variables.ts';

test('servers for the desk are known from those for production', () => {
  for (const command of [
    'flask run',
    'flask --app x run --debug',
    'python manage.py runserver 0.0.0.0:8000',
    'uvicorn app:app --reload',
    'nodemon server.js',
    'npm run dev',
    'next dev -p 3000',
    'vite --host',
    'ng serve',
    'php artisan serve',
    'tsx watch src/a.ts',
  ]) {
    assert.ok(developmentServer(command), command);
  }
  for (const command of [
    'gunicorn app:app',
    'uvicorn app:app',
    'next start',
    'node server.js',
    'vite build',
    'flask db upgrade',
    'npm start',
    'node dist/watcher.js',
  ]) {
    assert.equal(developmentServer(command), undefined, command);
  }
});

test('the note names the place and what is better', () => {
  assert.equal(
    developmentNote({ value: 'flask run', source: 'Procfile:1' }, 'gunicorn app:app'),
    'Procfile:1: flask run is a development server and not made for others to reach; better: gunicorn app:app',
  );
});

test('the port that a command says itself', () => {
  const port = (value: string): number | undefined => commandPort({ value, source: 'x' })?.value;
  assert.equal(port('gunicorn -b 0.0.0.0:5000 app:app'), 5000);
  assert.equal(port('gunicorn --bind=:7000 app:app'), 7000);
  assert.equal(port('uvicorn a:a --host 0.0.0.0 --port 8100'), 8100);
  assert.equal(port('next start -p 4000'), 4000);
  assert.equal(port('PORT=3100 node a.js'), 3100);
  assert.equal(port('python manage.py runserver 0.0.0.0:8008'), 8008);
  assert.equal(port('gunicorn --bind 0.0.0.0:$PORT app:app'), undefined);
  assert.equal(port('node a.js --max-old-space-size 4096'), undefined);
});

test('variables in a command are read with their defaults; gunicorn reads PORT by itself', () => {
  const names = (value: string): string[] =>
    commandVariables({ value, source: 'Procfile:1' }).map(({ name, fallback }) => `${name}=${fallback}`);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder is the shell's.
  assert.deepEqual(names('run --port ${PORT:-5000} -w $WORKERS $HOME'), ['PORT=5000', 'WORKERS=undefined']);
  assert.deepEqual(names('gunicorn app:app'), ['PORT=undefined']);
  assert.deepEqual(names('gunicorn -b 0.0.0.0:80 app:app'), []);
});
