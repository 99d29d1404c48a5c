import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readPuppet } from './puppet.ts';

const folder = mkdtempSync(join(tmpdir(), 'puppet-'));
after(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'shop.pp');

test('packages, files, services, crons and users are read; the rest is told', () => {
  writeFileSync(
    path,
    `# The shop
class shop($port = 8080) {
  $root = '/srv/shop'
  package { ['python3-flask', 'ffmpeg']: ensure => installed }
  package { 'apache2': ensure => purged }
  file {
    "\${root}/shop.conf":
      ensure  => file,
      content => "port=\${port}\\n",
      require => Package['ffmpeg'];
    "\${root}/db.conf":
      content => 'password=abc123',
      mode    => '0640',
  }
  file { $root: ensure => directory }
  service { 'shop':
    ensure  => running,
    enable  => true,
  }
  cron { 'cleanup': command => '/srv/shop/cleanup.sh', hour => 3, minute => [0, 30] }
  user { 'shop': home => $root }
  if $facts['os']['family'] == 'Debian' {
    package { 'libpq5': }
  }
  file { '/etc/shop.tmpl': content => template('shop/conf.erb') }
  exec { 'migrate': command => '/usr/bin/true' }
}
include shop
`,
  );
  const facts = readPuppet([path]);
  const values = (list: readonly { value: string; source: string }[]): string[] =>
    list.map(({ value, source }) => `${value} ${source.replace(`${path}:`, '')}`);
  assert.deepEqual(values(facts.packages), ['python3-flask 4', 'ffmpeg 4', 'libpq5 23']);
  assert.deepEqual(values(facts.files), ['/srv/shop/shop.conf 7', '/srv/shop/db.conf 11', '/etc/shop.tmpl 25']);
  assert.deepEqual(
    facts.files.map(({ content, secret }) => [content, secret]),
    [
      ['port=8080\n', undefined],
      [undefined, 'it holds a password'],
      [undefined, undefined],
    ],
  );
  assert.deepEqual(values(facts.services), ['shop 16']);
  assert.deepEqual(
    facts.crons.map(({ value, schedule }) => `${schedule} ${value}`),
    ['0,30 3 * * * /srv/shop/cleanup.sh'],
  );
  assert.deepEqual(values(facts.users), ['shop 21']);
  assert.deepEqual(
    facts.notes.map((note) => note.replace(`${path}:`, '')),
    [
      '25: content of file /etc/shop.tmpl is computed, so it is not known',
      '5: package apache2 is to be absent, so nothing becomes of it',
      '26: exec migrate is not carried over',
    ],
  );
});

test('a file that is cut off ends', () => {
  writeFileSync(path, "package { ['a', 'b'");
  assert.deepEqual(readPuppet([path]).packages, []);
  writeFileSync(path, "file { '/a': content => template(");
  assert.equal(readPuppet([path]).files.length, 1);
});
