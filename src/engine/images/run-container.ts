import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { Account } from './accounts.ts';
import { LIMITS } from './settings.ts';

/** A mount of a build step: `source` on this machine, an own tmpfs, or a writable view of other layers. */
export type StepMount =
  | { readonly type: 'bind'; readonly source: string; readonly target: string; readonly readOnly: boolean }
  | { readonly type: 'tmpfs'; readonly target: string; readonly sizeBytesMax?: number; readonly mode?: string }
  | {
      readonly type: 'layers';
      readonly layerDirectories: readonly string[];
      readonly subpath: string;
      readonly target: string;
      readonly readOnly: boolean;
    };

export interface StepContainer {
  /** The store's directory; layers are named relative to it, which keeps the mount options short. */
  readonly storeDirectory: string;
  /** An empty directory of the store's file system, for what does not outlive the step. */
  readonly scratch: string;
  /** Lowest first. */
  readonly layerDirectories: readonly string[];
  /** Receives what the step changes, in overlayfs' format. */
  readonly upper: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly workingDirectory: string;
  readonly account: Account;
  readonly network: 'host' | 'none';
  readonly mounts: readonly StepMount[];
  readonly onLine: (line: string) => void;
  readonly signal?: AbortSignal;
}

const CAPABILITIES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETPCAP',
  'NET_BIND_SERVICE',
  'NET_RAW',
  'SYS_CHROOT',
  'MKNOD',
  'AUDIT_WRITE',
  'SETFCAP',
];
/** Numbers of linux/capability.h, for those above. */
const NUMBERS = [0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31];

/** Other attributes of overlayfs than whiteouts and opaque directories would tie a layer to the ones below. */
const OVERLAY_OPTIONS = 'redirect_dir=off,metacopy=off,index=off,xino=off';

const SCRIPT = `set -e
cd "$1"; options=$2; root=$3; state=$4; bundle=$5; id=$6; shift 6
mount -t overlay overlay -o "$options" "$root"
while [ $# -gt 0 ]; do mount -t overlay overlay -o "$1" "$2"; shift 2; done
# crun refuses a machine that has version 2 mounted beside version 1 of control groups.
umount /sys/fs/cgroup/unified 2>/dev/null || :
exec crun --root="$state" --cgroup-manager=disabled run --bundle "$bundle" "$id"`;

/**
 * Runs one command on top of some layers, in its own mount, process, IPC and UTS namespaces, and returns its exit
 * code. All mounts vanish with the namespace, so nothing can be left behind.
 */
export async function runContainer(container: StepContainer): Promise<number> {
  const { scratch } = container;
  const at = (name: string) => join(scratch, name);
  await Promise.all(['root', 'work', 'state', 'bundle', 'empty'].map((name) => mkdir(at(name), { recursive: true })));
  const overlays: string[] = [];
  const mounts: object[] = [];
  let count = 0;
  for (const mount of container.mounts) {
    if (mount.type !== 'layers') {
      mounts.push(ociMount(mount));
      continue;
    }
    count += 1;
    const base = at(`layers-${count}`);
    await Promise.all(['upper', 'work', 'root'].map((name) => mkdir(join(base, name), { recursive: true })));
    overlays.push(
      overlayOptions(
        container.storeDirectory,
        mount.layerDirectories,
        at('empty'),
        join(base, 'upper'),
        join(base, 'work'),
      ),
      join(base, 'root'),
    );
    mounts.push(
      ociMount({
        type: 'bind',
        source: join(base, 'root', mount.subpath),
        target: mount.target,
        readOnly: mount.readOnly,
      }),
    );
  }
  await writeFile(at('bundle/config.json'), JSON.stringify(bundleConfig(container, at('root'), mounts)));
  const options = overlayOptions(
    container.storeDirectory,
    container.layerDirectories,
    at('empty'),
    container.upper,
    at('work'),
  );
  const id = `build-${randomBytes(6).toString('hex')}`;
  const before = mountTargets(container);
  try {
    return await execute(
      [
        'sh',
        '-c',
        SCRIPT,
        'sh',
        container.storeDirectory,
        options,
        at('root'),
        at('state'),
        at('bundle'),
        id,
        ...overlays,
      ],
      container,
    );
  } finally {
    removeStubs(container.upper, before);
    await rm(scratch, { recursive: true, force: true });
  }
}

function execute(argv: readonly string[], container: StepContainer): Promise<number> {
  return new Promise((resolve, reject) => {
    // unshare ignores the gentler signals while its child runs; the child dies with it.
    const child = spawn('unshare', ['--mount', '--pid', '--fork', '--kill-child', ...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(container.signal ? { signal: container.signal } : {}),
      killSignal: 'SIGKILL',
      timeout: LIMITS.runTimeoutMs,
    });
    for (const stream of [child.stdout, child.stderr]) {
      let partial = '';
      stream.setEncoding('utf8');
      stream.on('data', (chunk: string) => {
        const lines = (partial + chunk).split(/\r?\n/);
        partial = (lines.pop() ?? '').slice(-100_000);
        for (const line of lines) container.onLine(line);
      });
      stream.on('end', () => {
        if (partial) container.onLine(partial);
      });
    }
    let failed: unknown;
    child.on('error', (error) => {
      failed = error;
      // A child that was started is waited for: what it has mounted goes with it.
      if (child.pid === undefined) reject(error);
    });
    child.on('close', (code, signal) => {
      if (container.signal?.aborted) reject(container.signal.reason);
      else if (failed !== undefined) reject(failed);
      else resolve(code ?? (signal ? 137 : 128));
    });
  });
}

function overlayOptions(store: string, layers: readonly string[], empty: string, upper: string, work: string): string {
  const relative = layers.map((directory) => posix.relative(store, directory));
  // A mount needs something below, also for an image begun from nothing.
  const lower = relative.length > 0 ? relative.reverse().join(':') : empty;
  return `lowerdir=${lower},upperdir=${upper},workdir=${work},${OVERLAY_OPTIONS}`;
}

function ociMount(mount: Exclude<StepMount, { type: 'layers' }>): object {
  if (mount.type === 'tmpfs') {
    const size = mount.sizeBytesMax ? [`size=${mount.sizeBytesMax}`] : [];
    const options = ['nosuid', 'nodev', `mode=${mount.mode ?? '1777'}`, ...size];
    return { destination: mount.target, type: 'tmpfs', source: 'tmpfs', options };
  }
  const options = ['rbind', mount.readOnly ? 'ro' : 'rw', 'rprivate'];
  return { destination: mount.target, type: 'bind', source: mount.source, options };
}

const SYSTEM_MOUNTS = [
  { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
  { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=65536k'] },
  {
    destination: '/dev/pts',
    type: 'devpts',
    source: 'devpts',
    options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
  },
  {
    destination: '/dev/shm',
    type: 'tmpfs',
    source: 'shm',
    options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'],
  },
  { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
  { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
];

function bundleConfig(container: StepContainer, root: string, mounts: readonly object[]): object {
  const bounding = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'}`);
  const capabilities = CAPABILITIES.filter((_, index) => (bounding >> BigInt(NUMBERS[index] ?? 0)) & 1n).map(
    (name) => `CAP_${name}`,
  );
  const { account } = container;
  const namespaces = ['mount', 'pid', 'ipc', 'uts', ...(container.network === 'none' ? ['network'] : [])];
  return {
    ociVersion: '1.0.2',
    hostname: 'build',
    process: {
      terminal: false,
      user: { uid: account.uid, gid: account.gid, additionalGids: account.additionalGids, umask: 0o022 },
      args: container.argv,
      env: container.env,
      cwd: container.workingDirectory,
      capabilities: {
        bounding: capabilities,
        effective: account.uid === 0 ? capabilities : [],
        permitted: account.uid === 0 ? capabilities : [],
      },
      noNewPrivileges: false,
    },
    root: { path: root, readonly: false },
    mounts: [...SYSTEM_MOUNTS, ...mounts],
    linux: {
      namespaces: namespaces.map((type) => ({ type })),
      maskedPaths: ['/proc/kcore', '/proc/keys', '/proc/timer_list', '/sys/firmware'],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  };
}

/** Mount points, deepest last, with what stood in the new layer before: crun makes those that are missing. */
function mountTargets(container: StepContainer): { path: string; present: boolean }[] {
  const targets = [
    ...SYSTEM_MOUNTS.map((mount) => mount.destination),
    ...container.mounts.map((mount) => mount.target),
  ];
  const paths = new Set<string>();
  for (const target of targets) {
    for (let path = posix.normalize(target); path !== '/'; path = posix.dirname(path)) paths.add(path);
  }
  return [...paths].sort().map((path) => ({
    path,
    present: container.layerDirectories.some((layer) => lstatSync(join(layer, path), { throwIfNoEntry: false })),
  }));
}

/** Takes the empty files and directories that were made as mount points out of the new layer. */
function removeStubs(upper: string, targets: readonly { path: string; present: boolean }[]): void {
  for (const { path, present } of [...targets].reverse()) {
    const own = join(upper, path);
    const stats = lstatSync(own, { throwIfNoEntry: false });
    if (!stats) continue;
    if (stats.isDirectory() && readdirSync(own).length === 0) {
      if (!present) rmdirSync(own);
    } else if (stats.isFile() && stats.size === 0 && !present) {
      rmSync(own);
    }
  }
}
