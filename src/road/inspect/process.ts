import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { codeOf, UserError } from '../../base/index.ts';
import { whySecret } from '../project/index.ts';
import type { EnvironmentFact, ProcessFacts } from './contract.ts';
import { debianPackages } from './debian-packages.ts';
import { mountsOf } from './mounts.ts';
import { openFilesOf } from './open-files.ts';
import { allProcesses } from './process-list.ts';
import { socketsOf } from './sockets.ts';
import { unitOf } from './unit-of.ts';

const PROCESSES_MAX = 500;
/** Of the session or of systemd, not of the app. */
const NOT_OURS =
  /^(?:PATH|HOME|SHELL|LANG|LANGUAGE|LC_\w+|PWD|OLDPWD|TERM|USER|LOGNAME|MAIL|SHLVL|_|EDITOR|PAGER|LESS\w*|LS_COLORS|HOSTNAME|TMPDIR|TZ|DISPLAY|COLORTERM|SSH_\w+|XDG_\w+|DBUS_\w+|SYSTEMD_\w+|INVOCATION_ID|JOURNAL_STREAM|NOTIFY_SOCKET|LISTEN_\w+|WATCHDOG_\w+|MAINPID|SUDO_\w+|npm_\w+|INIT_CWD|VIRTUAL_ENV\w*|PS1|NVM_\w+|PYENV_\w+|MEMORY_PRESSURE_\w+|CREDENTIALS_DIRECTORY|RUNTIME_DIRECTORY|STATE_DIRECTORY|CACHE_DIRECTORY|LOGS_DIRECTORY|CONFIGURATION_DIRECTORY)$/;

/**
 * What /proc says of a process. Secrets of its environment are left out.
 * @throws UserError when it is not there or belongs to somebody else.
 */
export async function readProcess(id: number): Promise<ProcessFacts> {
  const at = `/proc/${id}`;
  const status = ofProcess(id, () => readFileSync(`${at}/status`, 'utf8'));
  const [executable, directory, line, environ] = ofProcess(id, () => [
    readlinkSync(`${at}/exe`),
    readlinkSync(`${at}/cwd`),
    readFileSync(`${at}/cmdline`, 'utf8'),
    readFileSync(`${at}/environ`, 'utf8'),
  ]);
  const program = (executable ?? '').replace(/ \(deleted\)$/, '');
  const userId = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  const children = descendantsOf(id);
  const processes = [id, ...children];
  const files = openFilesOf(processes);
  const words = argumentsOf(line ?? '');
  const contained = hasOtherRoot(id);
  const own = entriesOf(environ ?? '');
  const machines = machinesOwn(id);
  const { listening, connections } = socketsOf(processes);
  return {
    id,
    name: /^Name:\s+(.*)$/m.exec(status)?.[1] ?? String(id),
    executable: { value: program, source: `${at}/exe` },
    executableDeleted: (executable ?? '').endsWith(' (deleted)'),
    arguments: words,
    workingDirectory: { value: directory ?? '/', source: `${at}/cwd` },
    user: { value: userName(userId), source: `${at}/status` },
    userId,
    environment: environmentOf(environ ?? '', `${at}/environ`).map((fact) =>
      machines.get(fact.name) === own.get(fact.name) ? { ...fact, machines: true as const } : fact,
    ),
    listening,
    connections,
    openFiles: files,
    mounts: mountsOf(id, [directory ?? '/', ...files.map(({ path }) => path)]),
    packages: contained
      ? []
      : await debianPackages([program, ...mappedFiles(id), ...words.filter((word) => word.startsWith('/'))]),
    children,
    contained,
    unit: unitOf(id),
  };
}

/** Another root directory; a mount namespace alone is what systemd gives to its services too (PrivateTmp). */
function hasOtherRoot(id: number): boolean {
  try {
    const [own, its] = [statSync('/'), statSync(`/proc/${id}/root/`)];
    return own.dev !== its.dev || own.ino !== its.ino;
  } catch {
    return false;
  }
}

function ofProcess<T>(id: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ESRCH')
      throw new UserError(String(id), 'no such process', 'See what listens: ss -tlnp', { cause: error });
    if (code === 'EACCES' || code === 'EPERM')
      throw new UserError(
        String(id),
        'the process belongs to another user',
        `Ask as its owner or as root: sudo wherry inspect ${id}`,
        {
          cause: error,
        },
      );
    throw error;
  }
}

/** A program that writes its own title (nginx, gunicorn with setproctitle) leaves one text with spaces. */
function argumentsOf(line: string): string[] {
  return line.replace(/\0+$/, '').split('\0');
}

function entriesOf(environ: string): Map<string, string> {
  return new Map(
    environ.split('\0').flatMap((entry) => {
      const at = entry.indexOf('=');
      return at < 1 ? [] : [[entry.slice(0, at), entry.slice(at + 1)] as const];
    }),
  );
}

/** What every process of the machine was given: the first one's environment, or where that may not be read this program's. */
function machinesOwn(id: number): ReadonlyMap<string, string> {
  const first = id === 1 ? '' : textOf('/proc/1/environ');
  return entriesOf(first === '' ? textOf('/proc/self/environ') : first);
}

/** Empty where it may not be read. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The variables of an app, secrets without their values. */
export function environmentOf(environ: string, source: string): EnvironmentFact[] {
  return [...entriesOf(environ)].flatMap(([name, value]) =>
    NOT_OURS.test(name) ? [] : [environmentFact(name, value, source)],
  );
}

export function environmentFact(name: string, value: string, source: string): EnvironmentFact {
  const secret =
    whySecret(name, value) ?? (/^-----BEGIN [A-Z ]*PRIVATE KEY/.test(value) ? 'it is a private key' : undefined);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(value)?.[1];
  return { name, value: secret === undefined ? value : undefined, secret, scheme, source };
}

function userName(id: number): string {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.split(':')[2] === String(id));
  return line?.split(':')[0] ?? String(id);
}

/** Children and theirs, nearest first. */
function descendantsOf(id: number): number[] {
  const parents = new Map<number, number[]>();
  for (const { id: child, parent } of allProcesses()) parents.set(parent, [...(parents.get(parent) ?? []), child]);
  const found: number[] = [];
  const queue = [id];
  while (queue.length > 0 && found.length < PROCESSES_MAX) {
    const next = parents.get(queue.shift() ?? 0) ?? [];
    found.push(...next);
    queue.push(...next);
  }
  return found;
}

function mappedFiles(id: number): string[] {
  try {
    const paths = readFileSync(`/proc/${id}/maps`, 'utf8').matchAll(/^\S+ \S+ \S+ \S+ [1-9]\d*\s+(\/.*)$/gm);
    return [...new Set([...paths].map((match) => match[1] ?? '').filter((path) => !path.endsWith(' (deleted)')))];
  } catch {
    return [];
  }
}
