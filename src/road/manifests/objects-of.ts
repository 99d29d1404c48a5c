import type { Application, Part, PartRole } from '../model/index.ts';
import type { Manifest, Manifests, ObjectsOptions } from './contract.ts';
import { budgetsOf, ingressOf } from './doors.ts';
import { type Draft, lonelyVolume, replicasOf } from './draft.ts';
import { externalOf } from './externals.ts';
import { withoutSecretTexts } from './hidden-texts.ts';
import { cronJobOf, jobNames, jobOf } from './job.ts';
import { podOf } from './pod.ts';
import { secretsOf } from './secrets.ts';
import { exposureOf, servicesOf } from './services.ts';
import { settingsOf } from './settings.ts';
import { claimOf } from './volumes.ts';
import { waitAccount } from './waits.ts';
import { workloadOf } from './workload.ts';

/**
 * The objects that run an application: configuration, claims, servers outside, its parts with their names, what prepares
 * them, and the way in. Credentials that `options.secrets` knows are kept; no value that looks like a credential is
 * written anywhere but into a Secret.
 * @throws UserError when `options.exposed` names a part that is not there.
 */
export function objectsOf(wanted: Application, options: ObjectsOptions): Manifests {
  const { application, notes } = withoutSecretTexts(wanted);
  const settings = settingsOf(application, options.namespace);
  const secrets = secretsOf(application, options);
  const draft: Draft = { application, options, settings, secrets, notes: [...notes, ...secrets.notes] };
  const jobName = jobNames(draft);
  const present = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value]);
  const sorted = inOrder(application);
  for (const part of application.parts) noteLonely(draft, part);
  const objects: Manifest[] = [
    ...(options.namespace === 'default'
      ? []
      : [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: options.namespace } }]),
    ...settings.objects,
    ...secrets.objects,
    ...application.volumes.flatMap((volume) => present(claimOf(draft, volume))),
    ...application.externals.flatMap((external) => externalOf(draft, external)),
    ...(options.ordering === 'objects' ? waitAccount(draft, jobName) : []),
    ...sorted.before.flatMap((part) => objectsOfPart(draft, part, jobName)),
    ...budgetsOf(draft),
    ...ingressOf(draft),
    ...[...(application.exposed ?? []), ...(options.exposed ?? [])].map((exposure) => exposureOf(draft, exposure)),
    ...sorted.after.flatMap((part) => objectsOfPart(draft, part, jobName)),
  ];
  return { objects, notes: draft.notes };
}

function objectsOfPart(draft: Draft, part: Part, jobName: (job: Part) => string): Manifest[] {
  if (part.kind === 'job') return [jobOf(draft, part, jobName)];
  if (part.kind === 'cronjob') return [cronJobOf(draft, part, jobName)];
  return [...servicesOf(draft, part), workloadOf(draft, part, podOf(draft, part, jobName))];
}

const FIRST = new Set<PartRole>(['database', 'cache', 'queue', 'storage']);
const STAGES: readonly Part['stage'][] = ['seed', 'before', 'migrate', undefined, 'between', 'after'];

/** What another needs stands before it; else servers, jobs by their stage, what serves. */
function inOrder({ parts }: Application): { before: Part[]; after: Part[] } {
  const rank = (part: Part): number => (FIRST.has(part.role) ? 0 : 1 + STAGES.indexOf(part.stage));
  const wanted = [...parts].sort((a, b) => rank(a) - rank(b));
  const order = new Set<Part>();
  const open = new Set<Part>();
  const visit = (part: Part): void => {
    if (order.has(part) || open.has(part)) return;
    open.add(part);
    for (const need of part.needs) {
      const other = parts.find(({ name }) => name === need.part);
      if (other) visit(other);
    }
    order.add(part);
  };
  for (const part of wanted) visit(part);
  const sorted = [...order];
  return {
    before: sorted.filter(({ stage }) => stage !== 'after'),
    after: sorted.filter(({ stage }) => stage === 'after'),
  };
}

function noteLonely(draft: Draft, part: Part): void {
  const volume = lonelyVolume(draft, part);
  if (volume === undefined) return;
  const replicas = replicasOf(draft, part);
  draft.notes.push(
    `${part.source}: ${part.name} writes volume ${volume}, which one node at a time may; so it is rolled by recreating, with a gap${replicas > 1 ? `, and its ${replicas} replicas share that node` : ''}`,
  );
}
