import { chmod, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, RunError, run, UserError } from '../../base/index.ts';
import { type HostSuite, hostSuite } from './host-suite.ts';
import { machineArchitecture } from './oci.ts';
import { LIMITS } from './settings.ts';
import type { StandIn, StandInRequest } from './stand-in-types.ts';

/** Sets all times of a tree to one moment, so that the same packages give the same digest. */
export async function timesToEpoch(root: string): Promise<void> {
  await run('find', [root, '-exec', 'touch', '--no-dereference', '--date=@0', '{}', '+'], { timeoutMs: 300_000 });
}

/** What nobody reads in a container: as the slim images leave out. Copyright files stay, the licences ask for it. */
const LEFT_OUT = [
  '/usr/share/man/*',
  '/usr/share/locale/*',
  '/usr/share/info/*',
  '/usr/share/groff/*',
  '/usr/share/lintian/*',
];
const DPKG_OPTIONS = [
  ...LEFT_OUT.map((path) => `path-exclude=${path}`),
  'path-exclude=/usr/share/doc/*',
  'path-include=/usr/share/doc/*/copyright',
];

/** The tag under which the base of all stand-ins is kept; other tags of the host's release are the same image. */
export const BASE_TAG = 'stable';

/** Debian's releases by number, as its images are tagged. */
const RELEASES: Readonly<Record<string, string>> = {
  '11': 'bullseye',
  '12': 'bookworm',
  '13': 'trixie',
  '14': 'forky',
};
const TITLES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(RELEASES).map(([number, codename]) => [codename, `Debian ${number}`]),
);

/** `Debian 13` of `trixie`; undefined for any other word. */
export function titleOf(codename: string): string | undefined {
  return Object.hasOwn(TITLES, codename) ? TITLES[codename] : undefined;
}

/**
 * A minimal Debian by mmdebstrap from the host's own mirror. `debian:12` asks for a release by name; `latest`, `stable`
 * and everything that builds on this get the host's.
 */
export const debianStandIn: StandIn = async (request) => {
  const suite = wantedSuite(request);
  const { library } = request.store;
  if (request.tag !== BASE_TAG && suite.codename === hostSuite()?.codename) {
    const { assembleBase } = await import('./stand-ins.ts');
    const base = await library.find(await assembleBase(request.store, request.options));
    if (base) return { note: `${suite.title} packages`, config: base.config };
  }
  const root = await library.blobs.temporaryDirectory();
  try {
    await bootstrap(request, suite, root);
    await tidy(root, suite);
    await timesToEpoch(root);
    const layer = await library.layers.adopt(root, true);
    return {
      note: `${suite.title} packages`,
      config: {
        created: '1970-01-01T00:00:00Z',
        architecture: machineArchitecture(),
        os: 'linux',
        config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['bash'] },
        rootfs: { type: 'layers', diff_ids: [layer.diffId] },
        history: [{ created_by: `mmdebstrap --variant=minbase ${suite.codename}` }],
      },
    };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
};

function wantedSuite({ name, tag }: StandInRequest): HostSuite {
  const host = hostSuite();
  if (!host) {
    throw new UserError(
      name,
      'no registry in reach, and this machine has no apt to assemble it from packages',
      'Pull it where a registry can be reached, or set up a mirror.',
    );
  }
  const wanted = /^([a-z0-9]+?)(?:-slim|-\d{8}(?:-slim)?)?$/.exec(tag.replace(/^(\d+)\.\d+/, '$1'))?.[1] ?? tag;
  if (['latest', 'stable'].includes(wanted)) return host;
  const codename = RELEASES[wanted] ?? wanted;
  if (codename === host.codename || !TITLES[codename]) return host;
  return { codename, title: TITLES[codename] ?? codename, sources: host.sources.replaceAll(host.codename, codename) };
}

async function bootstrap(
  { name, scratch, options, store }: StandInRequest,
  suite: HostSuite,
  root: string,
): Promise<void> {
  options.onProgress?.(`${name}: installing ${suite.title} (once; about 20 s)`);
  const sources = join(scratch, 'base.sources');
  await writeFile(sources, suite.sources);
  const { environment } = store.library.settings;
  try {
    await run(
      'mmdebstrap',
      [
        '--variant=minbase',
        '--mode=root',
        '--format=directory',
        // What nearly everything above needs: with it here, Node has no packages of its own to install.
        '--include=ca-certificates,libatomic1',
        '--quiet',
        '--aptopt=APT::Install-Recommends "false"',
        // The downloading user of apt cannot enter a store that only root may read.
        '--aptopt=APT::Sandbox::User "root"',
        '--aptopt=Acquire::Languages "none"',
        // A half-made base is thrown away, so nothing need be forced to the disk on the way.
        '--dpkgopt=force-unsafe-io',
        ...DPKG_OPTIONS.map((option) => `--dpkgopt=${option}`),
        suite.codename,
        join(root, 'files'),
        sources,
      ],
      {
        env: { ...environment, LC_ALL: 'C' },
        timeoutMs: LIMITS.programTimeoutMs,
        ...(options.signal ? { signal: options.signal } : {}),
      },
    );
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof RunError && codeOf(error.cause) === 'ENOENT') {
      throw new UserError(
        name,
        'no registry in reach, and mmdebstrap, which would assemble it from packages, is missing',
        'apt-get install mmdebstrap',
        { cause: error },
      );
    }
    throw error;
  }
  // mmdebstrap wants to make the directory itself.
  await run('sh', ['-c', 'mv "$1"/files/* "$1"/ && rmdir "$1/files"', 'sh', root]);
}

/** Nothing of this machine stays in it but where its packages come from. */
async function tidy(root: string, suite: HostSuite): Promise<void> {
  for (const path of ['etc/resolv.conf', 'etc/hostname']) await writeFile(join(root, path), '');
  await rm(join(root, 'etc/machine-id'), { force: true });
  await run('sh', [
    '-c',
    'rm -rf "$1"/dev/* "$1"/var/cache/apt/*.bin "$1"/var/lib/apt/lists/* "$1"/var/log/*.log "$1"/var/log/apt "$1"/var/cache/ldconfig/aux-cache "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/*',
    'sh',
    root,
  ]);
  await writeFile(join(root, 'etc/apt/sources.list.d/debian.sources'), suite.sources);
  await mkdir(join(root, 'etc/dpkg/dpkg.cfg.d'), { recursive: true });
  await rm(join(root, 'etc/dpkg/dpkg.cfg.d/99mmdebstrap'), { force: true });
  await writeFile(join(root, 'etc/dpkg/dpkg.cfg.d/slim'), DPKG_OPTIONS.map((option) => `${option}\n`).join(''));
  await writeFile(
    join(root, 'etc/apt/apt.conf.d/docker-clean'),
    'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };\nDir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";\nAcquire::Languages "none";\nAPT::Install-Recommends "true";\nAPT::Sandbox::User "root";\n',
  );
  // Services are started by whoever runs the container, not by their packages' scripts.
  const policy = join(root, 'usr/sbin/policy-rc.d');
  await writeFile(policy, '#!/bin/sh\nexit 101\n');
  await chmod(policy, 0o755);
  await keepKeyrings(root, suite);
}

/** A source signed by a key that the host keeps elsewhere than in Debian's own package needs that key. */
async function keepKeyrings(root: string, suite: HostSuite): Promise<void> {
  for (const [, path] of suite.sources.matchAll(/^Signed-By:\s*(\/\S+)$/gm)) {
    if (!path) continue;
    const target = join(root, path);
    const present = await readFile(target).catch(() => undefined);
    if (present) continue;
    await mkdir(dirname(target), { recursive: true });
    await cp(path, target);
  }
}
