import { basename, dirname, isAbsolute } from 'node:path';
import { UserError } from '../../base/index.ts';
import type { Fact, Facts } from '../project/index.ts';
import { type AppFolder, appFolderOf, folderOf } from './app-folder.ts';
import { commandLineOf, maskedArguments, scriptOf } from './command-line.ts';
import type { Inspection, InspectOptions, ProcessFacts, UnitFacts } from './contract.ts';
import { debianDockerfile } from './dockerfile.ts';
import { factsOf } from './facts-of.ts';
import { languageOf } from './language.ts';
import { readNagios } from './nagios.ts';
import { readProcess } from './process.ts';
import { allProcesses } from './process-list.ts';
import { readPuppet } from './puppet.ts';
import { listenerOf } from './sockets.ts';
import { findUnit, readUnit } from './unit.ts';
import { wordsOf } from './unit-file.ts';
import { unitOf } from './unit-of.ts';

/** Servers that an app talks to, by the name of their program. */
const BACKING = /^(?:mysqld|mariadbd|postgres|postmaster|redis-server|mongod|memcached|beam\.smp|minio)$/;
const TITLE = /^[\w.-]+: (?:master|worker|manager)\b/;

/**
 * Looks at what runs on this machine: a process id, `:PORT`, or a systemd unit by its name or file (systemd itself need not
 * run). Reads only; secrets of the environment and of arguments are left out.
 * @throws UserError when there is nothing of the kind, or it belongs to somebody else.
 */
export async function inspect(target: string, options: InspectOptions = {}): Promise<Inspection> {
  const port = /^:(\d{1,5})$/.exec(target)?.[1];
  const asked = port === undefined ? (/^\d+$/.test(target) ? Number(target) : undefined) : listenerOf(Number(port));
  let unit = asked === undefined ? readUnit(target, options.unitFolders) : undefined;
  const id = asked ?? (unit && processOf(unit.name));
  const process = id === undefined ? undefined : await readProcess(id);
  unit ??= process?.unit === undefined ? undefined : unitIfThere(process.unit, options.unitFolders);
  const checks = readNagios(options.nagios ?? []);
  const puppet = options.puppet && options.puppet.length > 0 ? readPuppet(options.puppet) : undefined;

  const words = wordsToStart(process, unit);
  // What it calls /app lies elsewhere here.
  const found = process?.contained ? undefined : await folderFor(process, unit, words.value);
  const line = commandLineOf(words.value, found?.directory);
  const executable =
    process?.executable ?? (words.value[0] === undefined ? undefined : { value: words.value[0], source: words.source });
  const spoken =
    executable && isAbsolute(executable.value) && !process?.contained ? await languageOf(executable) : undefined;
  const folder = ofOneLanguage(found, spoken?.language.value);
  const facts = factsOf({
    process,
    unit,
    folder,
    start: line.text === '' ? undefined : { value: line.text, source: words.source, line },
    language: spoken?.language,
    languageVersion: spoken?.version,
    checks,
    askedPort: port === undefined ? undefined : Number(port),
  });
  // An app's own files make the better image: packages by their manifest, the build from its sources.
  const generic = folder?.facts === undefined;
  return {
    target,
    process: process && { ...process, arguments: maskedArguments(process.arguments) },
    unit: unit && withoutSecrets(unit),
    checks,
    puppet,
    facts: generic ? withDockerfile(facts) : facts,
    dockerfile: generic ? debianDockerfile(facts, process, unit, puppet) : undefined,
    graceSeconds: unit?.stopSeconds,
    notes: [...facts.notes, ...notesOf(process, unit, facts, folder)],
  };
}

/** A folder that holds an app in another language holds another app. */
function ofOneLanguage(folder: AppFolder | undefined, language: string | undefined): AppFolder | undefined {
  const own = folder?.facts?.language;
  if (!folder || !own || language === undefined || own.value === language) return folder;
  return {
    ...folder,
    facts: undefined,
    note: `${own.source}: the folder holds an app in ${own.value}, and what runs is ${language}`,
  };
}

/** The command with the words of systemd's unit where the process has written a title of its own over them. */
function wordsToStart(
  process: ProcessFacts | undefined,
  unit: UnitFacts | undefined,
): { value: readonly string[]; source: string } {
  const started = unit?.start[0];
  const fromUnit = started && { value: wordsOf(started.value), source: started.source };
  if (!process) return fromUnit ?? { value: [], source: 'default' };
  const [first = ''] = process.arguments;
  if (!TITLE.test(first)) return { value: process.arguments, source: `/proc/${process.id}/cmdline` };
  const inTitle = /^[\w.-]+: master process (\/.*)$/.exec(first)?.[1]?.trim();
  return (
    fromUnit ?? {
      value: inTitle ? inTitle.split(/\s+/) : [process.executable.value],
      source: `/proc/${process.id}/cmdline`,
    }
  );
}

async function folderFor(
  process: ProcessFacts | undefined,
  unit: UnitFacts | undefined,
  words: readonly string[],
): Promise<AppFolder | undefined> {
  const directory = process?.workingDirectory ?? unit?.workingDirectory ?? { value: '/', source: 'default' };
  const script = scriptOf(words);
  const source = process ? `/proc/${process.id}/cmdline` : (unit?.start[0]?.source ?? 'default');
  const program = process?.executable.value ?? words[0] ?? '';
  const candidates = [
    // A program of a virtual environment lies in the app's folder, or anywhere.
    ...(script !== undefined && !/\/bin\/[^/]+$/.test(script)
      ? [{ path: folderOf(script, directory.value), source, script: basename(script) }]
      : []),
    { path: directory.value, source: directory.source },
    ...(script !== undefined ? [{ path: dirname(folderOf(script, directory.value)), source }] : []),
    ...(isAbsolute(program) ? [{ path: dirname(program), source }] : []),
  ];
  return appFolderOf(candidates, directory.value);
}

/** Its Dockerfile is one of its own as far as what follows is concerned. */
function withDockerfile(facts: Facts): Facts {
  const command = facts.start && { value: facts.start.value, source: facts.start.source };
  return {
    ...facts,
    dockerfile: { path: 'Dockerfile', ports: [facts.port], user: { value: '10001:10001', source: 'default' }, command },
  };
}

function processOf(unit: string): number | undefined {
  const members = new Map(
    allProcesses()
      .filter(({ id }) => unitOf(id) === unit)
      .map(({ id, parent }) => [id, parent]),
  );
  return [...members].find(([, parent]) => !members.has(parent))?.[0];
}

/** A process may be in the group of a unit whose file is elsewhere (a container's). */
function unitIfThere(name: string, folders: readonly string[] | undefined): UnitFacts | undefined {
  try {
    findUnit(name, folders);
    return readUnit(name, folders);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function withoutSecrets(unit: UnitFacts): UnitFacts {
  const masked = (facts: readonly Fact<string>[]): Fact<string>[] =>
    facts.map(({ value, source }) => ({ value: maskedArguments(value.split(' ')).join(' '), source }));
  return { ...unit, start: masked(unit.start), startBefore: masked(unit.startBefore), stop: masked(unit.stop) };
}

function notesOf(
  process: ProcessFacts | undefined,
  unit: UnitFacts | undefined,
  facts: Facts,
  folder: AppFolder | undefined,
): string[] {
  const notes: string[] = [...(unit?.notes ?? [])];
  const name = basename(process?.executable.value ?? '');
  if (BACKING.test(name))
    notes.push(
      `${name} is a server that apps talk to: wherry brings it along with the app that needs it, and wherry backup carries its data`,
    );
  for (const { path, mode, deleted } of process?.openFiles ?? []) {
    if (mode === 'read' || deleted) continue;
    notes.push(
      /\.log(?:\.\d+)?$|\/log\//.test(path)
        ? `it writes its log to ${path}; in a container write it to standard output`
        : `it writes ${path}; what must outlive the pod belongs on a volume or into a database`,
    );
  }
  for (const { path, type, from } of process?.mounts ?? []) {
    if (/^(?:nfs|cifs|smb|ceph|glusterfs|9p|fuse\.sshfs)/.test(type))
      notes.push(`${path} is ${from} (${type}); in Kubernetes it is a volume of its own`);
  }
  for (const { value, source } of unit?.writable ?? [])
    notes.push(`${source}: it keeps data in ${value}, which belongs on a volume`);
  for (const { value, source } of unit?.startBefore ?? [])
    notes.push(
      /migrat|upgrade|db:|alembic|flyway/.test(value)
        ? `${source}: ExecStartPre=${maskedArguments(value.split(' ')).join(' ')} looks like a migration; say it in wherry.yaml (migrate), so that it runs once per release`
        : `${source}: ExecStartPre=${maskedArguments(value.split(' ')).join(' ')} is not carried; put it into the image's build, or before the start`,
    );
  for (const { name: limit, value, source } of unit?.limits ?? []) {
    if (/^(?:Memory|CPU)/.test(limit)) notes.push(`${source}: ${limit}=${value} is a limit of resources in Kubernetes`);
  }
  if (unit?.schedule)
    notes.push(`${unit.schedule.source}: a timer starts it (${unit.schedule.value}); in Kubernetes that is a CronJob`);
  if (unit?.restart?.value === 'no' || (unit && !unit.restart))
    notes.push(
      `${unit.restart?.source ?? unit.paths[0] ?? unit.name}: systemd would not start it again when it ends; Kubernetes always does`,
    );
  if (process?.userId === 0) notes.push(`${process.user.source}: it runs as root; in the image it does not`);
  if (process?.contained)
    notes.push('it runs in a container already, so its files are not looked at; carry the image it was started from');
  if (process?.executableDeleted) notes.push('its program was deleted; what is on the disk now may be another version');
  if (!folder && facts.directory === '/')
    notes.push(
      'no folder of its own was found: settings in /etc are to be carried by hand, as a ConfigMap (wherry.yaml)',
    );
  return notes;
}
