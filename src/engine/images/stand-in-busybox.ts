import { chmod, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Bug, run } from '../../base/index.ts';
import { downloadPackage } from './apt.ts';
import { machineArchitecture } from './oci.ts';
import { timesToEpoch } from './stand-in-debian.ts';
import type { StandIn } from './stand-in-types.ts';

/** One static program under some hundred names, and the few files of /etc that programs ask for. */
export const busyboxStandIn: StandIn = async ({ store, scratch, options, name }) => {
  const { library } = store;
  const { settings } = library;
  const { file, version } = await downloadPackage(settings, 'busybox-static', join(scratch, 'package'), options.signal);
  const unpacked = join(scratch, 'unpacked');
  await run('dpkg-deb', ['-x', file, unpacked]);
  const root = await library.blobs.temporaryDirectory();
  for (const directory of [
    'bin',
    'dev',
    'etc',
    'home',
    'lib',
    'proc',
    'root',
    'sys',
    'tmp',
    'usr/bin',
    'usr/sbin',
    'var/spool/mail',
    'var/www',
  ]) {
    await mkdir(join(root, directory), { recursive: true });
  }
  await chmod(join(root, 'tmp'), 0o1777);
  await chmod(join(root, 'root'), 0o700);
  const program = await busyboxOf(unpacked);
  await run('install', ['-m', '755', program, join(root, 'bin/busybox')]);
  const applets = (await run(program, ['--list'])).stdout.split('\n').filter((name) => name && name !== 'busybox');
  for (const name of applets) await symlink('busybox', join(root, 'bin', name));
  await symlink('../../bin/env', join(root, 'usr/bin/env'));
  await symlink('bin', join(root, 'sbin'));
  const files: Readonly<Record<string, string>> = {
    'etc/passwd':
      'root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\nbin:x:2:2:bin:/bin:/bin/false\nsys:x:3:3:sys:/dev:/bin/false\nwww-data:x:33:33:www-data:/var/www:/bin/false\noperator:x:37:37:Operator:/var:/bin/false\nnobody:x:65534:65534:nobody:/home:/bin/false\n',
    'etc/group':
      'root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nadm:x:4:\ntty:x:5:\ndisk:x:6:\nmail:x:8:\nwww-data:x:33:\noperator:x:37:\nusers:x:100:\nnogroup:x:65534:\n',
    'etc/shadow': 'root:*:10933:0:99999:7:::\nnobody:*:10933:0:99999:7:::\n',
    'etc/nsswitch.conf': 'hosts: files dns\n',
  };
  for (const [path, text] of Object.entries(files)) await writeFile(join(root, path), text);
  await chmod(join(root, 'etc/shadow'), 0o640);
  await timesToEpoch(root);
  const layer = await library.layers.adopt(root, true);
  return {
    note: `Debian's package busybox-static ${version}${name.includes('alpine') ? ' (not Alpine: no apk)' : ''}`,
    config: {
      created: '1970-01-01T00:00:00Z',
      architecture: machineArchitecture(),
      os: 'linux',
      config: {
        Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
        Cmd: [name.includes('alpine') ? '/bin/sh' : 'sh'],
      },
      rootfs: { type: 'layers', diff_ids: [layer.diffId] },
      history: [{ created_by: `busybox-static ${version}` }],
    },
  };
};

/** Debian moved the program below /usr in later releases. */
async function busyboxOf(unpacked: string): Promise<string> {
  for (const directory of ['bin', 'usr/bin']) {
    const names: string[] = await readdir(join(unpacked, directory)).catch(() => []);
    if (names.includes('busybox')) return join(unpacked, directory, 'busybox');
  }
  throw new Bug('the package busybox-static does not hold the program busybox');
}
