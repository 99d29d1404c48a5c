import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FoundVariable, Language, Settings } from './contract.ts';
import { serviceOfVariable, servicesOf as withNotes } from './services.ts';

interface More {
  readonly language?: Language;
  readonly variables?: readonly FoundVariable[];
}
const servicesOf = (packages: ReturnType<typeof named>, settings: Settings, { language, variables }: More = {}) =>
  withNotes({ language: language ?? 'node', packages, settings, variables: variables ?? [] }).services;

const named = (...names: string[]) => names.map((value, index) => ({ value, source: `requirements.txt:${index + 1}` }));

test('drivers tell the servers, one a kind, the first driver counts', () => {
  const services = servicesOf(named('flask', 'pymysql', 'mysqlclient', 'redis'), {}, { language: 'python' });
  assert.deepEqual(
    services.map(({ kind, driver, scheme, source }) => [kind, driver, scheme, source]),
    [
      ['mysql', 'pymysql', 'mysql+pymysql', 'requirements.txt:2'],
      ['redis', 'redis', 'redis', 'requirements.txt:4'],
    ],
  );
});

test('wherry.yaml chooses the image of the database, not that of redis', () => {
  const database = { value: 'mysql:8.4', source: 'wherry.yaml:1' };
  const images = servicesOf(named('mysql2', 'ioredis'), { database }).map(({ image }) => image.value);
  assert.deepEqual(images, ['mysql:8.4', 'redis:7.4']);
});

test('names of variables lead to the part of the address they carry', () => {
  const mysql = servicesOf(named('mysql2', 'redis'), {});
  const part = (name: string): string => {
    const service = serviceOfVariable(name, mysql);
    return service ? `${service.kind} ${service.part}` : 'none';
  };
  const expected = {
    DATABASE_HOST: 'mysql host',
    DB_USER: 'mysql user',
    MYSQL_PASSWORD: 'mysql password',
    MYSQL_DATABASE: 'mysql name',
    DB_NAME: 'mysql name',
    DATABASE_URL: 'mysql url',
    SQLALCHEMY_DATABASE_URI: 'mysql url',
    APP_DB_PORT: 'mysql port',
    REDIS_URL: 'redis url',
    PGHOST: 'none',
    SQLITE_DB_LOCATION: 'none',
    DATABASE_POOL_SIZE: 'none',
    PORT: 'none',
  };
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, part(name)])), expected);
  assert.deepEqual(serviceOfVariable('PGHOST', servicesOf(named('pg'), {})), { kind: 'postgres', part: 'host' });
});
