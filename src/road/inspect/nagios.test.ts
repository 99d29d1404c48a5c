import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readNagios } from './nagios.ts';

const folder = mkdtempSync(join(tmpdir(), 'nagios-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test('commands of NRPE become checks of HTTP, TCP and servers, each with its line', () => {
  const path = file(
    'nrpe.cfg',
    `# checks
command[check_shop]=/usr/lib/nagios/plugins/check_http -H localhost -p 8080 -u /health?x=1 -s "all well" -t 5
command[check_port]=/usr/lib/nagios/plugins/check_tcp -p8443
command[check_db]=/usr/lib/nagios/plugins/check_mysql -H localhost
command[check_secure]=/usr/lib/nagios/plugins/check_http -S --url=/ready
command[check_disk]=/usr/lib/nagios/plugins/check_disk -w 20%
command[check_odd]=/opt/check_odd
`,
  );
  const checks = readNagios([path]);
  const [shop, port, database, secure, disk, odd] = checks;
  assert.equal(checks.length, 6);
  assert.deepEqual(
    [shop?.kind, shop?.port, shop?.path, shop?.expects, shop?.timeoutSeconds, shop?.source],
    ['http', 8080, '/health?x=1', 'all well', 5, `${path}:2`],
  );
  assert.deepEqual([port?.kind, port?.port], ['tcp', 8443]);
  assert.deepEqual([database?.kind, database?.service], ['service', 'mysql']);
  assert.deepEqual([secure?.kind, secure?.port, secure?.path, secure?.tls], ['http', 443, '/ready', true]);
  assert.match(disk?.left ?? '', /looks at the machine/);
  assert.match(odd?.left ?? '', /not known here/);
});

test('a service is joined with its command, its arguments and its template', () => {
  const path = file(
    'objects.cfg',
    `define command {
  command_name  shop_http
  command_line  $USER1$/check_http -H $HOSTADDRESS$ -p $ARG1$ -u $ARG2$
}
define service {
  name                 often
  check_interval       2
  max_check_attempts   4
  register             0
}
define service {
  use                  often
  service_description  Shop answers ; the page
  check_command        shop_http!8080!/live
}
define service {
  use                  often
  service_description  Disk
  check_command        check_nrpe!check_disk
}
`,
  );
  const nrpe = file('remote.cfg', 'command[check_disk]=/usr/lib/nagios/plugins/check_disk -w 20%\n');
  const [shop, disk, ...more] = readNagios([path, nrpe]);
  assert.deepEqual(
    [shop?.name, shop?.kind, shop?.port, shop?.path, shop?.intervalSeconds, shop?.attempts, shop?.source],
    ['Shop answers', 'http', 8080, '/live', 120, 4, `${path}:14`],
  );
  assert.deepEqual([disk?.name, disk?.plugin, disk?.intervalSeconds], ['Disk', 'check_disk', 120]);
  assert.deepEqual(more, []);
});

test('a file that is not there is told', () => {
  assert.throws(() => readNagios([join(folder, 'none.cfg')]), /none\.cfg: no such file\n/);
});
