import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOwnSecret, whySecret } from './secret.ts';

test('passwords, keys, tokens and URLs with a password are secret', () => {
  for (const name of [
    'DATABASE_PASSWORD',
    'DB_PASS',
    'SECRET_KEY',
    'STRIPE_API_KEY',
    'GITHUB_TOKEN',
    'SENTRY_DSN',
    'PGPASSWORD',
    'AWS_SECRET_ACCESS_KEY',
  ]) {
    assert.ok(whySecret(name, undefined), name);
  }
  assert.ok(whySecret('BROKER', 'amqp://guest:guest@localhost'));
});

test('what only speaks about a secret, and plain settings, are not', () => {
  for (const name of ['TOKEN_TTL', 'PASSWORD_MIN_LENGTH', 'PORT', 'KEYBOARD', 'MONKEY', 'PASSENGERS', 'SECRET_NAME']) {
    assert.equal(whySecret(name, undefined), undefined, name);
  }
  assert.equal(whySecret('BROKER', 'amqp://localhost'), undefined);
});

test("a secret of the app's own may be made up, a third party's may not", () => {
  for (const name of [
    'SECRET_KEY',
    'SECRET_KEY_BASE',
    'SESSION_SECRET',
    'JWT_SECRET',
    'DJANGO_SECRET_KEY',
    'APP_KEY',
  ]) {
    assert.ok(isOwnSecret(name), name);
  }
  for (const name of [
    'STRIPE_API_KEY',
    'STRIPE_SECRET_KEY',
    'GOOGLE_CLIENT_SECRET',
    'GITHUB_TOKEN',
    'AWS_SECRET_ACCESS_KEY',
  ]) {
    assert.ok(!isOwnSecret(name), name);
  }
});
