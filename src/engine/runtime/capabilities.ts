import { readFileSync } from 'node:fs';

/** Capabilities by number, as in linux/capability.h. */
const NAMES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'DAC_READ_SEARCH',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETPCAP',
  'LINUX_IMMUTABLE',
  'NET_BIND_SERVICE',
  'NET_BROADCAST',
  'NET_ADMIN',
  'NET_RAW',
  'IPC_LOCK',
  'IPC_OWNER',
  'SYS_MODULE',
  'SYS_RAWIO',
  'SYS_CHROOT',
  'SYS_PTRACE',
  'SYS_PACCT',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_NICE',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'MKNOD',
  'LEASE',
  'AUDIT_WRITE',
  'AUDIT_CONTROL',
  'SETFCAP',
  'MAC_OVERRIDE',
  'MAC_ADMIN',
  'SYSLOG',
  'WAKE_ALARM',
  'BLOCK_SUSPEND',
  'AUDIT_READ',
  'PERFMON',
  'BPF',
  'CHECKPOINT_RESTORE',
] as const;

/** What a container has when its pod says nothing. */
const DEFAULTS = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FSETID',
  'FOWNER',
  'MKNOD',
  'NET_RAW',
  'SETGID',
  'SETUID',
  'SETFCAP',
  'SETPCAP',
  'NET_BIND_SERVICE',
  'SYS_CHROOT',
  'KILL',
  'AUDIT_WRITE',
];

/** The capabilities that this process could hand on. Root of a container or a hardened host has fewer than all. */
export function boundingCapabilities(): ReadonlySet<string> {
  const line = /^CapBnd:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const bits = BigInt(`0x${line}`);
  return new Set(NAMES.filter((_, number) => (bits >> BigInt(number)) & 1n));
}

/** The capabilities of a container, with the CAP_ prefix; those the host does not have are left out. */
export function containerCapabilities(
  wanted: { add: readonly string[]; drop: readonly string[] },
  privileged: boolean,
  bounding: ReadonlySet<string>,
): string[] {
  if (privileged) return [...bounding].map((name) => `CAP_${name}`);
  const plain = (name: string) => name.toUpperCase().replace(/^CAP_/, '');
  const add = wanted.add.map(plain);
  const drop = new Set(wanted.drop.map(plain));
  const base = add.includes('ALL') ? [...bounding] : drop.has('ALL') ? [] : DEFAULTS.filter((name) => !drop.has(name));
  return [...new Set([...base, ...add])].filter((name) => bounding.has(name)).map((name) => `CAP_${name}`);
}
