import assert from 'node:assert/strict';
import { test } from 'node:test';
import { looksHidden, whyHidden } from './hidden.ts';

test('a value is hidden by its name, by its shape, and not when it is a switch or nothing', () => {
  const hidden: [string, string | undefined][] = [
    ['DB_PASSWORD', 'x'],
    ['DB_PASSWORD', undefined],
    ['STRIPE_API_KEY', '1234'],
    ['UPSTREAM', 'amqp://guest:guest@queue:5672/'],
    ['CACHE', 'redis://:word@cache:6379'],
    ['TEXT', '-----BEGIN OPENSSH PRIVATE KEY-----\nx'],
    ['ID', 'AKIAIOSFODNN7EXAMPLE'],
  ];
  for (const [name, value] of hidden) assert.notEqual(whyHidden(name, value), undefined, `${name}=${value}`);
  const plain: [string, string | undefined][] = [
    ['DB_PASSWORD', ''],
    ['USE_TOKEN', 'true'],
    ['TOKEN_TTL', '3600'],
    ['PASSWORD_FILE', '/run/secrets/x'],
    ['UPSTREAM', 'http://api:8080/@me'],
    ['MODE', 'production'],
  ];
  for (const [name, value] of plain) assert.equal(whyHidden(name, value), undefined, `${name}=${value}`);
});

test('ordinary texts hold no credential', () => {
  const template = `mysql://\${USER}:\${PASSWORD}@db/x`;
  for (const text of [
    template,
    'listen 80;',
    'https://example.com/a:b@c',
    'sk_test_',
    'key: value',
    '2026-01-01T10:00:00Z',
  ]) {
    assert.equal(looksHidden(text), undefined, text);
  }
});
