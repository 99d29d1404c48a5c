import { containerCapabilities } from './capabilities.ts';
import type { ContainerSpec, Mount, ResourceLimits } from './contract.ts';
import { defaultSeccomp } from './seccomp.ts';

/** What the bundle needs to know of its pod and its machine. */
export interface BundleContext {
  readonly rootfs: string;
  /** Paths of the namespaces to join; undefined: the engine's own. */
  readonly namespaces: {
    readonly network: string | undefined;
    readonly ipc: string | undefined;
    readonly uts: string | undefined;
    /** `own`: a new one; a path: that one; `host`: the engine's. */
    readonly pid: string;
  };
  readonly sharedMemory: string | undefined;
  readonly cgroupPath: string | undefined;
  readonly boundingCapabilities: ReadonlySet<string>;
  /** Below this the kernel refuses oom_score_adj without CAP_SYS_RESOURCE. */
  readonly oomScoreAdjustMin: number;
}

const MASKED = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
const READ_ONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** The config.json of an OCI bundle (runtime-spec 1.0). */
export function bundleConfig(spec: ContainerSpec, context: BundleContext): object {
  const capabilities = containerCapabilities(spec.capabilities, spec.privileged, context.boundingCapabilities);
  const { network, ipc, uts, pid } = context.namespaces;
  const namespaces: object[] = [{ type: 'mount' }];
  if (network) namespaces.push({ type: 'network', path: network });
  if (ipc) namespaces.push({ type: 'ipc', path: ipc });
  if (uts) namespaces.push({ type: 'uts', path: uts });
  if (pid === 'own') namespaces.push({ type: 'pid' });
  else if (pid !== 'host') namespaces.push({ type: 'pid', path: pid });
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: spec.tty,
      user: { ...spec.user, umask: 0o022 },
      args: spec.argv,
      env: spec.env,
      cwd: spec.workingDirectory || '/',
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      noNewPrivileges: spec.noNewPrivileges,
      oomScoreAdj: Math.max(spec.oomScoreAdjust, context.oomScoreAdjustMin),
    },
    root: { path: context.rootfs, readonly: spec.readOnlyRoot },
    mounts: [...systemMounts(spec, context), ...spec.mounts.map(ociMount)],
    linux: {
      namespaces,
      ...(context.cgroupPath ? { cgroupsPath: context.cgroupPath } : {}),
      resources: {
        ...ociLimits(spec.limits),
        devices: spec.privileged ? [{ allow: true, access: 'rwm' }] : deviceRules(),
      },
      rootfsPropagation: spec.mounts.some((mount) => mount.propagation === 'rshared') ? 'rshared' : 'rslave',
      ...(spec.privileged || !spec.maskedProc ? {} : { maskedPaths: MASKED, readonlyPaths: READ_ONLY }),
      ...(spec.privileged || spec.seccomp === 'Unconfined' ? {} : { seccomp: defaultSeccomp(capabilities) }),
    },
  };
}

function systemMounts(spec: ContainerSpec, context: BundleContext): object[] {
  const given = new Set(spec.mounts.map((mount) => mount.target));
  const mounts = [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
    // A sysfs shows the network namespace of the process that mounts it, so one of another namespace cannot be made.
    {
      destination: '/sys',
      type: 'sysfs',
      source: 'sysfs',
      options: ['nosuid', 'noexec', 'nodev', spec.privileged ? 'rw' : 'ro'],
    },
    {
      destination: '/sys/fs/cgroup',
      type: 'cgroup',
      source: 'cgroup',
      options: ['nosuid', 'noexec', 'nodev', 'relatime', spec.privileged ? 'rw' : 'ro'],
    },
  ].filter((mount) => mount.type !== 'cgroup' || context.cgroupPath !== undefined);
  const shared = context.sharedMemory
    ? [
        {
          destination: '/dev/shm',
          type: 'bind',
          source: context.sharedMemory,
          options: ['bind', 'rw', 'nosuid', 'nodev', 'noexec'],
        },
      ]
    : [
        {
          destination: '/dev/shm',
          type: 'tmpfs',
          source: 'shm',
          options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'],
        },
      ];
  return [...mounts, ...shared].filter((mount) => !given.has(mount.destination));
}

function ociMount(mount: Mount): object {
  const access = mount.readOnly ? 'ro' : 'rw';
  if (mount.type === 'tmpfs') {
    const size = mount.sizeBytesMax ? [`size=${mount.sizeBytesMax}`] : [];
    return {
      destination: mount.target,
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'nodev', 'mode=1777', access, ...size],
    };
  }
  if (mount.type === 'proc') return { destination: mount.target, type: 'proc', source: 'proc', options: [] };
  return {
    destination: mount.target,
    type: 'bind',
    source: mount.source,
    options: ['rbind', access, mount.propagation === 'private' || !mount.propagation ? 'rprivate' : mount.propagation],
  };
}

export function ociLimits(limits: ResourceLimits): object {
  const cpu = {
    ...(limits.cpuShares !== undefined ? { shares: limits.cpuShares } : {}),
    ...(limits.cpuQuotaUs !== undefined ? { quota: limits.cpuQuotaUs, period: 100_000 } : {}),
  };
  return {
    ...(Object.keys(cpu).length > 0 ? { cpu } : {}),
    ...(limits.memoryBytesMax !== undefined ? { memory: { limit: limits.memoryBytesMax } } : {}),
    ...(limits.pidsMax !== undefined ? { pids: { limit: limits.pidsMax } } : {}),
  };
}

/** Nothing but the harmless devices: null, zero, full, random, urandom, tty, the pseudo-terminals. */
function deviceRules(): object[] {
  const allowed: [number, number | undefined][] = [
    [1, 3],
    [1, 5],
    [1, 7],
    [1, 8],
    [1, 9],
    [5, 0],
    [5, 2],
    [136, undefined],
  ];
  return [
    { allow: false, access: 'rwm' },
    { allow: true, type: 'c', access: 'm' },
    { allow: true, type: 'b', access: 'm' },
    ...allowed.map(([major, minor]) => ({
      allow: true,
      type: 'c',
      major,
      ...(minor === undefined ? {} : { minor }),
      access: 'rwm',
    })),
  ];
}
