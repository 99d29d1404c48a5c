import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UserError } from '../../base/index.ts';
import type { Fact } from '../project/index.ts';
import type { EnvironmentFact, UnitFacts } from './contract.ts';
import { environmentFact } from './process.ts';
import { type Assignment, assignmentsOf, secondsOf, wordsOf } from './unit-file.ts';

/** systemd.unit(5), unit search path: the first that has it wins. */
export const UNIT_FOLDERS = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];
const FILE_BYTES_MAX = 1024 * 1024;
/** How a unit file is written about; of no use where Kubernetes starts the app. */
const WITHOUT_MEANING =
  /^(?:Documentation|After|Before|Wants|Requires|BindsTo|PartOf|Alias|WantedBy|RequiredBy|Also|DefaultDependencies|StandardOutput|StandardError|StandardInput|SyslogIdentifier|RemainAfterExit|NotifyAccess|PIDFile|StartLimit\w+|ConditionPath\w+|Condition\w+|Assert\w+|PrivateTmp|Private\w+|Protect\w+|Restrict\w+|NoNewPrivileges|SystemCall\w+|LockPersonality|MemoryDenyWriteExecute|AmbientCapabilities|CapabilityBoundingSet|RestartSec|RestartPreventExitStatus|SuccessExitStatus|Slice|Delegate|UMask|OOMScoreAdjust|Nice|TimeoutStartSec|TimeoutSec|KillMode|SendSIGKILL|Conflicts|RefuseManualStart|FailureAction|OnFailure|IgnoreSIGPIPE|GuessMainPID|BusName|IPAddress\w+|DynamicUser|SupplementaryGroups|TasksAccounting|MemoryAccounting|CPUAccounting)$/;
const READ =
  /^(?:Description|Type|ExecStart|ExecStartPre|ExecStop|ExecReload|ExecStartPost|ExecStopPost|User|Group|WorkingDirectory|Environment|EnvironmentFile|PassEnvironment|Restart|TimeoutStopSec|KillSignal|StateDirectory|CacheDirectory|LogsDirectory|RuntimeDirectory|ConfigurationDirectory|ReadWritePaths|MemoryMax|MemoryLimit|MemoryHigh|CPUQuota|LimitNOFILE|LimitNPROC|TasksMax|OnCalendar|ListenStream)$/;
const FOLDERS: Readonly<Record<string, string>> = {
  StateDirectory: '/var/lib/',
  CacheDirectory: '/var/cache/',
  LogsDirectory: '/var/log/',
  ReadWritePaths: '',
};

/**
 * The path of a unit's file, by its path or name (`shop`, `shop.service`, `worker@2`).
 * @throws UserError when there is none, naming the folders that were looked in.
 */
export function findUnit(name: string, folders: readonly string[] = UNIT_FOLDERS): { name: string; path: string } {
  if (name.includes('/')) {
    if (!existsSync(name))
      throw new UserError(name, 'no such file', 'Name the unit or its file: wherry inspect shop.service');
    return { name: basename(name), path: name };
  }
  const unit = /\.(?:service|timer|socket)$/.test(name) ? name : `${name}.service`;
  const template = unit.replace(/@[^.]*\./, '@.');
  for (const candidate of [unit, template]) {
    const folder = folders.find((folder) => existsSync(join(folder, candidate)));
    if (folder) return { name: unit, path: join(folder, candidate) };
  }
  throw new UserError(
    name,
    'no unit of this name',
    `Looked in ${folders.join(', ')}; name the file itself, or a process id, or :PORT.`,
  );
}

/**
 * Reads a service unit with its drop-ins, environment files and timer, from files alone: systemd need not run.
 * @throws UserError when it is not there, or starts nothing.
 */
export function readUnit(wanted: string, folders: readonly string[] = UNIT_FOLDERS): UnitFacts {
  const { name, path } = findUnit(wanted, folders);
  const roots = wanted.includes('/') ? [join(path, '..'), ...folders] : folders;
  const dropIns = roots
    .flatMap((folder) => filesIn(join(folder, `${name}.d`)).map((file) => join(folder, `${name}.d`, file)))
    .filter((file) => file.endsWith('.conf'));
  const paths = [path, ...new Set(dropIns)];
  const assignments = paths
    .flatMap((file) => assignmentsOf(file, textOf(file)))
    .map((one) => ({ ...one, value: withSpecifiers(one.value, name) }));
  const list = (key: string): Assignment[] => listOf(assignments, key);
  const last = (key: string): Fact<string> | undefined => factOf(list(key).at(-1));
  const notes: string[] = [];
  const stop = last('TimeoutStopSec');
  const stopSeconds = stop && secondsOf(stop.value);
  const start = list('ExecStart').map(commandOf);
  if (start.length === 0)
    throw new UserError(path, 'starts nothing: it has no ExecStart', 'Name the unit that runs the app.');
  for (const { key, value, source } of assignments) {
    if (!READ.test(key) && !WITHOUT_MEANING.test(key))
      notes.push(`${source}: ${key}=${value} has no counterpart and is left out`);
  }
  const type = last('Type');
  if (type?.value === 'forking')
    notes.push(
      `${type.source}: Type=forking: in a container the command must stay in the foreground; find its switch for that`,
    );
  for (const reload of list('ExecReload'))
    notes.push(`${reload.source}: ExecReload has no counterpart: a new configuration is a new release`);
  for (const { key, value, source } of [...list('ExecStartPost'), ...list('ExecStopPost')])
    notes.push(`${source}: ${key}=${value} is not carried; make it a hook of the release (wherry.yaml: hooks)`);
  const timer = roots
    .map((folder) => join(folder, name.replace(/\.service$/, '.timer')))
    .find((file) => existsSync(file));
  return {
    name,
    paths,
    description: last('Description'),
    type,
    start,
    startBefore: list('ExecStartPre').map(commandOf),
    stop: list('ExecStop').map(commandOf),
    user: last('User'),
    group: last('Group'),
    workingDirectory: directoryOf(last('WorkingDirectory')),
    environment: environmentOf(assignments, notes),
    restart: last('Restart'),
    stopSeconds: stop && stopSeconds !== undefined ? { value: stopSeconds, source: stop.source } : undefined,
    killSignal: last('KillSignal'),
    writable: Object.entries(FOLDERS).flatMap(([key, below]) =>
      list(key).flatMap(({ value, source }) =>
        wordsOf(value).map((word) => ({ value: `${below}${word.replace(/^[-+]+/, '')}`, source })),
      ),
    ),
    limits: ['MemoryMax', 'MemoryLimit', 'MemoryHigh', 'CPUQuota', 'LimitNOFILE', 'LimitNPROC', 'TasksMax'].flatMap(
      (key) => {
        const limit = last(key);
        return limit ? [{ name: key, ...limit }] : [];
      },
    ),
    needs: onceEach(
      ['Requires', 'Wants', 'BindsTo', 'After'].flatMap((key) =>
        list(key).flatMap(({ value, source }) =>
          wordsOf(value)
            .filter((word) => word.endsWith('.service'))
            .map((word) => ({ value: word, source })),
        ),
      ),
    ),
    schedule: timer ? factOf(assignmentsOf(timer, textOf(timer)).find(({ key }) => key === 'OnCalendar')) : undefined,
    notes,
  };
}

/** The values of a key that count: what stands after the last empty one. */
function listOf(assignments: readonly Assignment[], key: string): Assignment[] {
  const all = assignments.filter((one) => one.key === key);
  return all.slice(all.findLastIndex(({ value }) => value === '') + 1);
}

/** Each value with its first place. */
const onceEach = (facts: readonly Fact<string>[]): Fact<string>[] => [
  ...new Map([...facts].reverse().map((fact) => [fact.value, fact])).values(),
];

const factOf = (one: Assignment | undefined): Fact<string> | undefined =>
  one && { value: one.value, source: one.source };

/** Without the signs that say how systemd is to start it (systemd.service(5), table "Special executable prefixes"). */
function commandOf({ value, source }: Assignment): Fact<string> {
  const at = /^[-:+!|]*@/.test(value);
  const plain = value.replace(/^[@\-:+!|]+/, '');
  // After @ the second word is only the name that the program is called by.
  return { value: at ? plain.replace(/^(\S+)\s+\S+/, '$1') : plain, source };
}

function directoryOf(fact: Fact<string> | undefined): Fact<string> | undefined {
  return fact && { value: fact.value.replace(/^-/, ''), source: fact.source };
}

/** systemd.unit(5), specifiers: those that an app's unit uses. */
function withSpecifiers(value: string, name: string): string {
  const plain = name.replace(/\.\w+$/, '');
  const [prefix = plain, instance = ''] = plain.split('@');
  const known: Readonly<Record<string, string>> = {
    n: name,
    N: plain,
    p: prefix,
    i: instance,
    I: instance,
    t: '/run',
    S: '/var/lib',
    C: '/var/cache',
    L: '/var/log',
    E: '/etc',
    h: '/root',
    '%': '%',
  };
  return value.replace(/%([a-zA-Z%])/g, (whole, letter: string) =>
    Object.hasOwn(known, letter) ? (known[letter] ?? whole) : whole,
  );
}

function environmentOf(assignments: readonly Assignment[], notes: string[]): EnvironmentFact[] {
  const found = new Map<string, EnvironmentFact>();
  const put = (name: string, value: string, source: string): void => {
    found.set(name, environmentFact(name, value, source));
  };
  for (const { value, source } of listOf(assignments, 'Environment')) {
    for (const word of wordsOf(value)) {
      const at = word.indexOf('=');
      if (at > 0) put(word.slice(0, at), word.slice(at + 1), source);
    }
  }
  // Files are read after, and win (systemd.exec(5)).
  for (const { value, source } of listOf(assignments, 'EnvironmentFile')) {
    const path = value.replace(/^-/, '');
    if (!existsSync(path)) {
      notes.push(
        `${source}: EnvironmentFile ${path} is not there${value.startsWith('-') ? ', which the unit allows' : ''}`,
      );
      continue;
    }
    for (const [index, line] of textOf(path).split('\n').entries()) {
      const match = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(?:"((?:\\.|[^"\\])*)"|'([^']*)'|(.*?))\s*$/.exec(line);
      if (match) put(match[1] ?? '', match[2] ?? match[3] ?? match[4] ?? '', `${path}:${index + 1}`);
    }
  }
  return [...found.values()];
}

function filesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

function textOf(path: string): string {
  if (statSync(path).size > FILE_BYTES_MAX)
    throw new UserError(path, 'is larger than 1 MiB, so it is no unit file', 'Name the unit itself.');
  return readFileSync(path, 'utf8');
}
