import assert from 'node:assert/strict';
import { test } from 'node:test';
import { execForm, wordsOf } from './command.ts';

test('a plain command runs without a shell, quotes taken off', () => {
  assert.equal(execForm('node dist/server.js --name "a b"'), '["node","dist/server.js","--name","a b"]');
  assert.deepEqual(wordsOf("gunicorn 'shop:create_app()'"), ['gunicorn', 'shop:create_app()']);
  assert.deepEqual(wordsOf('gunicorn shop:create_app()'), ['gunicorn', 'shop:create_app()']);
});

test('a command with variables runs under a shell that gives way to it', () => {
  assert.equal(
    execForm('gunicorn --bind 0.0.0.0:$PORT app:app'),
    '["sh","-c","exec gunicorn --bind 0.0.0.0:$PORT app:app"]',
  );
});

test('several commands, and settings before one, keep their shell', () => {
  assert.equal(execForm('./migrate && node server.js'), '["sh","-c","./migrate && node server.js"]');
  assert.equal(execForm('MODE=fast node server.js'), '["sh","-c","MODE=fast node server.js"]');
});
