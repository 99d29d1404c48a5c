import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { UserError } from '../../base/index.ts';
import type { UnitFacts } from './contract.ts';
import { readUnit } from './unit.ts';
import { secondsOf, wordsOf } from './unit-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'units-'));
after(() => rmSync(folder, { recursive: true }));

function write(path: string, text: string): string {
  const full = join(folder, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
  return full;
}

const read = (name: string): UnitFacts => readUnit(name, [folder]);
/** Places without the folder. */
const said = (fact: { value: unknown; source: string } | undefined): string | undefined =>
  fact && `${fact.value} (${fact.source.replace(`${folder}/`, '')})`;

test('a unit is read with the place of everything it says', () => {
  write('shop.env', '# of production\nDB_PASSWORD="hunter22"\nexport MODE=slow\n');
  write(
    'shop.service',
    `[Unit]
Description=The shop
After=network.target mariadb.service
Requires=mariadb.service

[Service]
User=shop
WorkingDirectory=-/srv/shop
Environment="GREETING=hello there" MODE=fast
EnvironmentFile=-${folder}/shop.env
EnvironmentFile=-${folder}/none.env
ExecStartPre=/srv/shop/bin/migrate
ExecStart=-/usr/bin/node \\
  # not this
  server.js --name %p
Restart=on-failure
TimeoutStopSec=1min 30s
MemoryMax=512M
StateDirectory=shop
OddKey=1
`,
  );
  const unit = read('shop');
  assert.equal(said(unit.start[0]), '/usr/bin/node server.js --name shop (shop.service:13)');
  assert.equal(said(unit.startBefore[0]), '/srv/shop/bin/migrate (shop.service:12)');
  assert.equal(said(unit.user), 'shop (shop.service:7)');
  assert.equal(said(unit.workingDirectory), '/srv/shop (shop.service:8)');
  assert.equal(said(unit.stopSeconds), '90 (shop.service:17)');
  assert.equal(said(unit.writable[0]), '/var/lib/shop (shop.service:19)');
  assert.deepEqual(unit.needs.map(said), ['mariadb.service (shop.service:4)']);
  assert.deepEqual(
    unit.environment.map(({ name, value, source }) => [name, value, source.replace(`${folder}/`, '')]),
    [
      ['GREETING', 'hello there', 'shop.service:9'],
      ['MODE', 'slow', 'shop.env:3'],
      ['DB_PASSWORD', undefined, 'shop.env:2'],
    ],
  );
  assert.deepEqual(
    unit.limits.map(({ name, value }) => [name, value]),
    [['MemoryMax', '512M']],
  );
  const notes = unit.notes.join('\n');
  assert.match(notes, /shop\.service:20: OddKey=1 has no counterpart/);
  assert.match(notes, /none\.env is not there, which the unit allows/);
});

test('drop-ins are read after the unit, and an empty value empties the list', () => {
  write('api.service', '[Service]\nExecStart=/bin/old\nEnvironment=A=1\n');
  write('api.service.d/10-new.conf', '[Service]\nExecStart=\nExecStart=/bin/new\nEnvironment=B=2\n');
  const unit = read('api.service');
  assert.deepEqual(
    unit.start.map(({ value }) => value),
    ['/bin/new'],
  );
  assert.deepEqual(
    unit.environment.map(({ name }) => name),
    ['A', 'B'],
  );
});

test('an instance of a template has its name put in; its timer is found', () => {
  write('worker@.service', '[Service]\nType=forking\nExecStart=@/bin/worker title --queue %i\n');
  write('nightly.service', '[Service]\nExecStart=/bin/nightly\n');
  write('nightly.timer', '[Timer]\nOnCalendar=daily\n');
  const worker = read('worker@mail');
  assert.deepEqual(
    worker.start.map(({ value }) => value),
    ['/bin/worker --queue mail'],
  );
  assert.match(worker.notes.join(), /Type=forking: in a container the command must stay in the foreground/);
  assert.equal(said(read('nightly').schedule), 'daily (nightly.timer:2)');
});

test('a unit that is not there, or starts nothing, is told with where it was looked for', () => {
  assert.throws(
    () => read('none'),
    (error: unknown) => error instanceof UserError && error.message.includes(`Looked in ${folder}`),
  );
  write('slice.service', '[Unit]\nDescription=x\n');
  assert.throws(() => read('slice'), /starts nothing: it has no ExecStart/);
  assert.throws(() => readUnit(join(folder, 'gone.service')), /no such file/);
});

test('words and times are read as systemd reads them', () => {
  assert.deepEqual(wordsOf(`a "b c" 'd e' f\\ g "h\\"i"`), ['a', 'b c', 'd e', 'f g', 'h"i']);
  assert.equal(secondsOf('1min 30s'), 90);
  assert.equal(secondsOf('500ms'), 0.5);
  assert.equal(secondsOf('20'), 20);
  assert.equal(secondsOf('infinity'), undefined);
});
