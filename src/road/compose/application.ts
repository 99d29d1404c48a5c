import type { Application, Part, PartRole } from '../model/index.ts';
import type { ComposeMap, ComposeProject, ReportLine } from './contract.ts';
import { reportDefinitions } from './definitions.ts';
import type { Draft, Waiter, Whole } from './draft.ts';
import { chooseFront } from './front.ts';
import { HANDLERS } from './handlers.ts';
import { hidePasswords, knownPasswords, namePasswords, shieldCommands } from './hide-passwords.ts';
import { kindOf } from './kind.ts';
import { knownImage } from './known-images.ts';
import { labelFor, uniqueName } from './names.ts';
import { probesByPort } from './probes.ts';
import { renameHosts } from './rename-hosts.ts';
import { Report } from './report.ts';
import { requestsWithinLimits } from './resources.ts';
import { roleOf, stageOf } from './roles.ts';
import { servePorts } from './serve.ts';
import { Sets } from './sets.ts';
import { childOf, entriesOf, isNothing, sourceOf, textOf } from './value.ts';
import { volumeUsesOf } from './volume-uses.ts';
import { Volumes } from './volumes-of.ts';

export interface ComposeApplication {
  readonly application: Application;
  /** In the order of the document; every key of it is spoken of. */
  readonly report: readonly ReportLine[];
  /** What compose would call the images that are built here, by build: `registry/team/web:1.2`; only where it says so. */
  readonly imageNames: ReadonlyMap<string, string>;
}

/**
 * The application that a compose project describes, and what became of each of its keys. Reads the files that services
 * mount, get as variables, secrets or configs.
 * @throws UserError for a file that is needed and not there, or a value that is none of its kind
 */
export function applicationOfCompose(project: ComposeProject): ComposeApplication {
  const whole = wholeOf(project);
  const drafts = [...project.services].flatMap(([name, service]) => {
    const draft = draftOf(name, service, whole);
    return draft ? [draft] : [];
  });
  for (const draft of drafts) readKeys(draft);
  renameHosts(drafts, whole);
  servePorts(drafts, whole);
  for (const draft of drafts) {
    warnOfLostData(draft);
    keepSingle(draft);
    requestsWithinLimits(draft);
    namePasswords(draft);
  }
  const passwords = knownPasswords(whole);
  for (const draft of drafts) {
    hidePasswords(draft, passwords);
    shieldCommands(draft);
  }
  for (const draft of drafts) probesByPort(draft, whole);
  const { front, ways, smokePaths } = chooseFront(drafts);
  reportDefinitions(whole);
  reportOff(project, whole);
  const parts = [...drafts.map((draft) => partOf(draft, ways.get(draft.service))), ...whole.extraParts];
  const roleOfPart = (name: string): PartRole => parts.find((part) => part.name === name)?.role ?? 'part';
  const application: Application = {
    name: project.name,
    version: undefined,
    parts,
    builds: whole.builds,
    settings: whole.sets.settingSets(roleOfPart),
    secrets: whole.sets.secretSets(roleOfPart),
    volumes: whole.volumes.all(),
    externals: [],
    front: front?.name,
    release: { smokePaths },
    notes: notesOf(project, drafts),
  };
  return {
    application,
    report: [...project.report, ...whole.report.complete(project.root)],
    imageNames: whole.imageNames,
  };
}

function wholeOf(project: ComposeProject): Whole {
  const taken = new Set<string>();
  const parts = new Map<string, string>();
  for (const [name, service] of project.services) {
    if (isNothing(service.entries.get('provider'))) parts.set(name, uniqueName(labelFor(name), taken));
  }
  const waiters = new Map<string, Waiter[]>();
  for (const [name, service] of project.services) {
    for (const [target, how] of entriesOf(service.entries.get('depends_on'))) {
      const condition = (textOf(childOf(how, 'condition')) ?? 'service_started') as Waiter['condition'];
      waiters.set(target, [...(waiters.get(target) ?? []), { service: name, condition, at: how.at }]);
    }
  }
  return {
    project,
    report: new Report(),
    sets: new Sets(parts.values()),
    volumes: new Volumes(),
    builds: [],
    parts,
    volumeUses: volumeUsesOf(project),
    waiters,
    extraParts: [],
    aliases: [],
    imageNames: new Map(),
  };
}

const KIND_WORDS = {
  deployment: 'Deployment',
  statefulset: 'StatefulSet',
  daemonset: 'DaemonSet',
  job: 'Job',
  cronjob: 'CronJob',
};

function draftOf(service: string, map: ComposeMap, whole: Whole): Draft | undefined {
  const { project, report } = whole;
  const path = ['services', service];
  const name = whole.parts.get(service);
  if (name === undefined) return undefined;
  const reference = textOf(map.entries.get('image'));
  const known = isNothing(map.entries.get('build')) ? knownImage(reference) : undefined;
  const decision = kindOf(service, map, project, whole.waiters.get(service) ?? [], whole.volumeUses);
  const role = roleOf(service, map, known, decision.kind);
  const called = name === service ? '' : `; ${service} cannot be a name on Kubernetes`;
  const outcome = decision.decided || called !== '' ? 'changed' : 'mapped';
  report.heading(path, map.at, outcome, `${KIND_WORDS[decision.kind]} ${name}: ${decision.why}${called}`);
  return {
    service,
    name,
    map,
    path,
    whole,
    report,
    known,
    kind: decision.kind,
    role,
    stage: stageOf(role, decision.kind),
    image: { reference: reference ?? '' },
    command: undefined,
    arguments: undefined,
    workingDirectory: undefined,
    environment: new Map(),
    ports: [],
    aliases: new Set(),
    probes: {},
    noProbes: false,
    mounts: [],
    needs: [],
    replicas: undefined,
    limits: {},
    requests: {},
    user: undefined,
    gracePeriodSeconds: undefined,
    single: false,
    container: {},
    pod: {},
    labels: {},
    annotations: {},
    published: [],
    sourceFolders: [],
  };
}

function readKeys(draft: Draft): void {
  for (const [key, handler] of Object.entries(HANDLERS)) {
    const value = draft.map.entries.get(key);
    if (value && !isNothing(value)) handler(value, [...draft.path, key], draft);
  }
}

/** Services that do not become parts: their profiles are off, or a program beside compose runs them. */
function reportOff(project: ComposeProject, { report }: Whole): void {
  for (const [name, service] of project.disabled) {
    const profiles = childOf(service, 'profiles');
    const own = profiles?.is === 'list' ? profiles.items.flatMap((each) => textOf(each) ?? []) : [];
    report.dropped(['services', name], service.at, {
      reason: `it runs only with the profile ${own.join(' or ')}`,
      todo: `Turn it on: --profile ${own[0] ?? ''}`,
    });
  }
  for (const [name, service] of project.services) {
    if (isNothing(service.entries.get('provider'))) continue;
    report.dropped(['services', name], service.at, {
      reason: 'the service is run by a program beside compose, not by a container',
      todo: 'Create what the provider creates by hand, and give its address in the environment.',
    });
  }
  const name = project.root.entries.get('name');
  if (name) report.mapped(['name'], name.at, `the application ${project.name}`);
}

/** Two clocks would do everything twice, so the old one ends before the new one begins, as compose does it. */
function keepSingle(draft: Draft): void {
  const words = [draft.service, ...(draft.command ?? []), ...(draft.arguments ?? [])].join(' ');
  if (draft.kind !== 'deployment' || draft.single || (draft.replicas ?? 1) > 1 || draft.published.length > 0) return;
  const match = /(?:^|[\s_-])(?:beat|scheduler|crond?|clock)(?=$|[\s_-])/i.exec(words);
  if (!match) return;
  draft.single = true;
  const what = `one at a time: "${match[0].replace(/^[\s_-]/, '')}" says that it is a clock, and two would do everything twice`;
  draft.report.heading(draft.path, draft.map.at, 'changed', what);
}

/** Docker keeps what an image declares as its volume; a pod does not. */
function warnOfLostData({ known, kind, mounts, report, path, map, name }: Draft): void {
  const folder = known?.data;
  const holds = known?.role === 'database' || known?.role === 'queue' || known?.role === 'storage';
  if (folder === undefined || !holds || kind === 'job') return;
  if (mounts.some((mount) => mount.path === folder || folder.startsWith(`${mount.path}/`))) return;
  const what = `${name} has no volume: what it keeps in ${folder} is gone with its pod`;
  report.heading(path, map.at, 'changed', what, `Name one: volumes: ["${name}-data:${folder}"]`);
}

/** Asked for so that the scheduler counts with the part at all. */
const REQUESTS = { requests: { cpu: '50m', memory: '96Mi' } };

function isLimited(draft: Draft): boolean {
  return Object.keys(draft.limits).length + Object.keys(draft.requests).length > 0;
}

function notesOf(project: ComposeProject, drafts: readonly Draft[]): string[] {
  const notes = project.report.filter(({ key }) => key === '(files)').map(({ what }) => what);
  const free = drafts.filter((draft) => !isLimited(draft)).map(({ name }) => name);
  if (free.length > 0) {
    notes.push(
      `${free.join(', ')}: compose sets no limits, so each asks for 50m of a processor and 96Mi and may use more; say how much with deploy.resources`,
    );
  }
  return notes;
}

function partOf(draft: Draft, way: Part['way']): Part {
  const { kind } = draft;
  const some = <T extends object>(key: string, value: T): Record<string, T> =>
    Object.keys(value).length > 0 ? { [key]: value } : {};
  const resources = { ...some('limits', draft.limits), ...some('requests', draft.requests) };
  const aliases = [...draft.aliases].filter((alias) => alias !== draft.name || draft.ports.length === 0);
  return {
    name: draft.name,
    kind,
    role: way && draft.role === 'part' ? 'web' : draft.role,
    ...(draft.stage === undefined ? {} : { stage: draft.stage }),
    image: draft.image,
    ...(draft.command === undefined ? {} : { command: draft.command }),
    ...(draft.arguments === undefined || draft.arguments.length === 0 ? {} : { arguments: draft.arguments }),
    ...(draft.workingDirectory === undefined ? {} : { workingDirectory: draft.workingDirectory }),
    environment: [...draft.environment.values()],
    ports: draft.ports,
    ...(aliases.length > 0 ? { aliases } : {}),
    ...(draft.noProbes ? { probes: {} } : some('probes', draft.probes)),
    mounts: draft.mounts,
    needs: draft.needs.filter(({ part }) => part !== draft.name),
    ...(kind === 'job' || kind === 'daemonset' ? {} : { replicas: draft.replicas ?? 1 }),
    // What nobody limited is not limited here either: a guessed limit would end a server that needs more.
    resources: isLimited(draft) ? resources : { ...REQUESTS, ...resources },
    ...(draft.user ? { user: draft.user } : {}),
    ...(draft.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: draft.gracePeriodSeconds }),
    ...(draft.single ? { single: true } : {}),
    ...some('container', draft.container),
    ...some('pod', draft.pod),
    ...some('labels', draft.labels),
    ...some('annotations', draft.annotations),
    ...(way ? { way } : {}),
    source: sourceOf(draft.map.at),
  };
}
