import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf, bytesQuantity, durationMs, processorsQuantity } from './amounts.ts';
import { labelFor } from './names.ts';
import { nearest } from './nearest.ts';
import { plainScalar } from './plain-scalar.ts';
import { splitPort } from './port-syntax.ts';
import { passwordsIn, whyHiddenFile, whySecretValue } from './secret-looking.ts';
import { shellWords } from './shell-words.ts';
import { splitVolume } from './volume-syntax.ts';

test('times and sizes are read in every unit', () => {
  assert.deepEqual(['1m30s', '500ms', '2h', '1.5s', '0', '90'].map(durationMs), [
    90_000,
    500,
    7_200_000,
    1500,
    0,
    undefined,
  ]);
  assert.deepEqual(['1k', '2MB', '1.5g', '64', '10b', '1GiB', 'x'].map(bytesOf), [
    1024,
    2_097_152,
    1_610_612_736,
    64,
    10,
    1_073_741_824,
    undefined,
  ]);
  assert.deepEqual([0, 1000, 1024, 1_572_864, 2 ** 40].map(bytesQuantity), ['0', '1000', '1Ki', '1536Ki', '1Ti']);
  assert.deepEqual([0.0001, 0.5, 2].map(processorsQuantity), ['1m', '500m', '2']);
});

test('unquoted values have the types that compose gives them', () => {
  const table: readonly (readonly [string, unknown])[] = [
    ['', null],
    ['~', null],
    ['true', true],
    ['yes', 'yes'],
    ['on', 'on'],
    ['12', 12],
    ['0644', 420],
    ['0o17', 15],
    ['0x1F', 31],
    ['1_000', 1000],
    ['1.10', 1.1],
    ['1e3', 1000],
    ['22:22', '22:22'],
    ['2026-01-01', '2026-01-01'],
    ['1.2.3', '1.2.3'],
    ['12345678901234567890', '12345678901234567890'],
    ['08', 8],
    ['-', '-'],
    ['.5', 0.5],
    ['+1', 1],
  ];
  for (const [source, value] of table) assert.equal(plainScalar(source), value, source);
});

test('ports are split, ranges in step, and a wrong one says why', () => {
  const short = (spec: string): unknown => {
    const ports = splitPort(spec);
    return typeof ports === 'string'
      ? ports
      : ports.map(({ hostAddress, published, target, protocol }) => [hostAddress, published, target, protocol]);
  };
  assert.deepEqual(short('80'), [[undefined, undefined, 80, 'tcp']]);
  assert.deepEqual(short('1-2:3-4/UDP'), [
    [undefined, 1, 3, 'udp'],
    [undefined, 2, 4, 'udp'],
  ]);
  assert.deepEqual(short('[::1]:8443:443'), [['::1', 8443, 443, 'tcp']]);
  assert.deepEqual(short('127.0.0.1::80'), [['127.0.0.1', undefined, 80, 'tcp']]);
  for (const wrong of ['a', '80:', '0', '70000', '5-3', '1-2:1-3', '80/icmp', '1-9999'])
    assert.equal(typeof short(wrong), 'string', wrong);
});

test('volumes are split, a drive letter belongs to its path', () => {
  assert.deepEqual(splitVolume('data:/x:ro,z'), { type: 'volume', source: 'data', target: '/x', options: ['ro', 'z'] });
  assert.deepEqual(splitVolume('C:\\a:/x'), { type: 'bind', source: 'C:\\a', target: '/x', options: [] });
  assert.equal(splitVolume('/x')?.source, undefined);
  for (const wrong of ['a:b:c:d', 'a::b', '']) assert.equal(splitVolume(wrong), undefined, wrong);
});

test('words are split as a shell splits them', () => {
  assert.deepEqual(shellWords(`a "b c" 'd "e"' f\\ g "h\\"i" ''`), ['a', 'b c', 'd "e"', 'f g', 'h"i', '']);
  assert.equal(shellWords('a "b'), undefined);
});

test('the nearest known word is found, and none for a word of its own', () => {
  const known = ['environment', 'depends_on', 'image', 'ports', 'env_file'];
  assert.deepEqual(
    ['enviroment', 'depends-on', 'imgae', 'port', 'Ports', 'something'].map((word) => nearest(word, known)),
    ['environment', 'depends_on', 'image', 'ports', 'ports', undefined],
  );
});

test('any name becomes a label of DNS', () => {
  assert.deepEqual(
    ['My_DB.2', 'laravel.test', '9lives', '___', 'WebApp', 'a'.repeat(80)].map((name) => labelFor(name)),
    ['my-db-2', 'laravel-test', 'n9lives', 'part', 'web-app', 'a'.repeat(50)],
  );
});

test('passwords are found in values, files and command lines', () => {
  assert.deepEqual(passwordsIn('redis-server --requirepass s3 --port 1'), ['s3']);
  assert.deepEqual(passwordsIn('mysqladmin ping -u root -phunter2'), ['hunter2']);
  assert.deepEqual(passwordsIn('run --url=amqp://u:p%40ss@q/ --verbose'), ['p%40ss']);
  assert.deepEqual(passwordsIn('psql -p 5432 --password $PW'), []);
  for (const hidden of ['a?password=x', 'amqp://u:p@q', '--requirepass abc'])
    assert.ok(whySecretValue('OPTIONS', hidden), hidden);
  for (const plain of ['', 'http://host/path', 'password', '--port 80'])
    assert.equal(whySecretValue('OPTIONS', plain), undefined, plain);
  assert.ok(whyHiddenFile('tls/server.key', undefined));
  assert.ok(whyHiddenFile('app.ini', 'db_password = x1\n'));
  assert.ok(whyHiddenFile('init.sql', "CREATE USER app IDENTIFIED BY 'x1';\n"));
  assert.equal(whyHiddenFile('site.conf', 'listen 80;\nserver_name shop;\n'), undefined);
});
