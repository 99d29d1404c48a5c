import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { UserError } from '../../base/index.ts';

/** One thing the engine needs of its machine. */
export interface MachineCheck {
  readonly name: string;
  readonly ok: boolean;
  /** What was found, or what is missing. */
  readonly finding: string;
  /** The command that mends it. */
  readonly mend?: string;
  /** The engine runs without it. */
  readonly optional?: boolean;
}

/** Programs and the Debian packages that carry them. */
export const PROGRAMS: readonly { program: string; package: string; purpose: string; optional?: boolean }[] = [
  { program: 'crun', package: 'crun', purpose: 'runs containers' },
  { program: 'conmon', package: 'conmon', purpose: 'keeps their logs and exit codes' },
  { program: 'nft', package: 'nftables', purpose: 'makes Services' },
  { program: 'ip', package: 'iproute2', purpose: "makes the pods' network" },
  { program: 'nsenter', package: 'util-linux', purpose: 'enters namespaces' },
  { program: 'conntrack', package: 'conntrack', purpose: 'ends old UDP flows of Services at once', optional: true },
  {
    program: 'mmdebstrap',
    package: 'mmdebstrap',
    purpose: 'assembles base images when no registry is in reach',
    optional: true,
  },
  { program: 'pasta', package: 'passt', purpose: 'gives pods a way out (--outbound pasta)', optional: true },
];

/** Everything this machine was asked, in the order a reader would mend it. */
export function inspectMachine(): MachineCheck[] {
  if (process.platform !== 'linux') {
    return [
      {
        name: 'system',
        ok: false,
        finding: `${process.platform} has no Linux containers`,
        mend: 'Use WSL 2, Lima or a dev container; the API with hollow nodes starts here: wherry cluster start --hollow',
      },
    ];
  }
  const root = process.getuid?.() === 0;
  const checks: MachineCheck[] = [
    {
      name: 'user',
      ok: root,
      finding: root ? 'root' : 'not root',
      ...(root ? {} : { mend: `sudo ${process.argv.slice(0, 2).join(' ')} ${process.argv.slice(2).join(' ')}`.trim() }),
    },
  ];
  for (const { program, package: name, purpose, optional } of PROGRAMS) {
    const path = findProgram(program);
    checks.push({
      name: program,
      ok: path !== undefined,
      finding: path ?? `not found: ${purpose}`,
      ...(path ? {} : { mend: `apt-get install -y --no-install-recommends ${name}` }),
      ...(optional ? { optional } : {}),
    });
  }
  const filesystems = readFileSync('/proc/filesystems', 'utf8');
  const overlay = /\boverlay\b/.test(filesystems);
  checks.push({
    name: 'overlayfs',
    ok: overlay,
    finding: overlay ? 'in the kernel' : 'not in /proc/filesystems',
    ...(overlay ? {} : { mend: 'modprobe overlay' }),
  });
  return checks;
}

export function findProgram(program: string): string | undefined {
  for (const directory of [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']) {
    const path = join(directory, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {}
  }
  return undefined;
}

/** @throws UserError that names everything missing and the one command that mends it. */
export function requireMachine(): void {
  const missing = inspectMachine().filter(({ ok, optional }) => !ok && !optional);
  const first = missing[0];
  if (!first) return;
  if (first.name === 'system') throw new UserError('this machine', first.finding, first.mend);
  if (first.name === 'user') {
    throw new UserError('this machine', 'containers need root here', `Run: ${first.mend}`);
  }
  const packages = PROGRAMS.filter(({ program }) => missing.some(({ name }) => name === program)).map(
    (entry) => entry.package,
  );
  if (packages.length > 0) {
    throw new UserError(
      'this machine',
      `lacks ${missing.map(({ name }) => name).join(', ')}`,
      `Run: apt-get install -y --no-install-recommends ${packages.join(' ')}`,
    );
  }
  throw new UserError('this machine', `${first.name}: ${first.finding}`, first.mend ? `Run: ${first.mend}` : undefined);
}
