import { createHash, type Hash } from 'node:crypto';
import { UserError } from '../../base/index.ts';
import { type Job, type Kind, type KubeObject, kinds, StatusError } from '../../engine/kinds/index.ts';
import { readArchive } from './archive.ts';
import type { BackupIndex, BackupPlace, SavedObject, SavedVolume } from './contract.ts';
import { pause } from './helper-pod.ts';
import { restoreVolume, type VolumeRestore } from './volumes.ts';

/** On what a restore brought: the backup it came from. */
const FROM_ANNOTATION = 'wherry/restored-from';
/** On a claim whose content is whole again. */
const DATA_ANNOTATION = 'wherry/restored-data';
const MANAGER = 'wherry-restore';
const GONE_TIMEOUT_MS = 300_000;
const POLL_MS = 250;
const TRIES_MAX = 10;
/** What holds volumes, or cannot be changed: with `force` it makes room first. */
const MAKES_ROOM = new Set([
  'StatefulSet',
  'Deployment',
  'DaemonSet',
  'ReplicationController',
  'Job',
  'CronJob',
  'Pod',
]);

export interface RestoreOptions {
  readonly force: boolean;
  readonly volumes: boolean;
}

/** What came of it. */
export interface RestoreResult {
  readonly index: BackupIndex;
  readonly applied: number;
  /** Claims that were filled. */
  readonly filled: readonly string[];
  readonly notes: readonly string[];
}

/** Reads a backup and checks all of it, sums included. @throws UserError when it is not whole or not as it was written. */
export async function inspectBackup(file: string): Promise<BackupIndex> {
  const sums = new Map<string, { hash: Hash; pieces: number; bytes: number }>();
  const index = await readArchive(file, (claim, bytes) => {
    const sum = sums.get(claim) ?? { hash: createHash('sha256'), pieces: 0, bytes: 0 };
    sums.set(claim, sum);
    sum.hash.update(bytes);
    sum.pieces++;
    sum.bytes += bytes.length;
  });
  for (const { claim, sha256, pieces, bytes } of index.volumes) {
    const sum = sums.get(claim) ?? { hash: createHash('sha256'), pieces: 0, bytes: 0 };
    if (sum.pieces !== pieces || sum.bytes !== bytes || sum.hash.digest('hex') !== sha256)
      throw new UserError(
        file,
        `the content of claim ${claim} is not as it was saved`,
        'Copy the file again, or take another one.',
      );
  }
  return index;
}

/**
 * Brings a backup back into a namespace: claims with their content first, then what uses them. Nothing is overwritten without
 * `force`; a run that was interrupted goes on where it was.
 * @throws UserError when the file is not whole, or objects are there already.
 */
export async function restore(place: BackupPlace, file: string, options: RestoreOptions): Promise<RestoreResult> {
  const index = await inspectBackup(file);
  const notes = [...index.notes];
  const { namespace } = place;
  await ensureNamespace(place);
  const live = await liveObjects(place, index);
  const foreign = index.objects.filter((object) => {
    const there = live.get(object);
    return there && there.metadata.annotations?.[FROM_ANNOTATION] !== index.id;
  });
  if (foreign.length > 0 && !options.force) {
    const named = foreign.slice(0, 5).map(nameOf);
    throw new UserError(
      `namespace ${namespace}`,
      `${foreign.length} of the ${index.objects.length} objects are there already: ${named.join(', ')}${foreign.length > named.length ? ', …' : ''}`,
      'Into another namespace: --namespace NAME. Over what is there, its data too: --force.',
    );
  }
  if (foreign.length > 0) await makeRoom(place, index, foreign, live);

  const isClaim = ({ kind }: SavedObject): boolean => kind === 'PersistentVolumeClaim';
  const lastClaim = index.objects.findLastIndex(isClaim);
  for (const object of index.objects.slice(0, lastClaim + 1)) await apply(place, index, object);
  const filled = options.volumes ? await fill(place, file, index) : [];
  if (!options.volumes && index.volumes.length > 0) notes.push('the claims are empty, as --no-volumes says');
  for (const object of index.objects.slice(lastClaim + 1)) {
    place.signal.throwIfAborted();
    await apply(place, index, object);
    if (object.kind === 'Job' && (object.spec as { suspend?: boolean } | undefined)?.suspend) {
      const { name } = object.metadata;
      const isDone = index.completedJobs.includes(name) && (await markDone(place, name));
      if (!isDone)
        notes.push(`job/${object.metadata.name} had run already; it is there, suspended, and does not run again`);
    }
  }
  place.onLine(`${index.objects.length} objects`);
  return { index, applied: index.objects.length, filled, notes };
}

/** Only claims that a run before this one did not fill. */
async function fill(place: BackupPlace, file: string, index: BackupIndex): Promise<string[]> {
  const open = new Map<string, SavedVolume>();
  for (const volume of index.volumes) {
    const claim = await place.client.get(kinds.persistentvolumeclaims, place.namespace, volume.claim);
    if (claim.metadata.annotations?.[DATA_ANNOTATION] !== index.id) open.set(volume.claim, volume);
  }
  const filled: string[] = [];
  let current: { claim: string; pieces: number; target: VolumeRestore } | undefined;
  const finish = async (): Promise<void> => {
    if (!current) return;
    const { claim, target } = current;
    await target.finish();
    current = undefined;
    const body = { metadata: { annotations: { [DATA_ANNOTATION]: index.id } } };
    await place.client.patch(kinds.persistentvolumeclaims, place.namespace, claim, { type: 'merge', body });
    filled.push(claim);
    place.onLine(`claim ${claim}: ${((open.get(claim)?.bytes ?? 0) / 1e6).toFixed(1)} MB`);
  };
  try {
    await readArchive(file, async (claim, bytes) => {
      place.signal.throwIfAborted();
      if (!open.has(claim)) return;
      if (current?.claim !== claim) {
        await finish();
        current = { claim, pieces: 0, target: await restoreVolume(place, claim) };
      }
      await current.target.piece(bytes);
    });
    await finish();
  } catch (error) {
    await current?.target.abandon();
    throw error;
  }
  return filled;
}

async function ensureNamespace({ client, namespace }: BackupPlace): Promise<void> {
  try {
    await client.create(kinds.namespaces, { metadata: { name: namespace } });
  } catch (error) {
    if (!(error instanceof StatusError) || (error.code !== 409 && error.code !== 403)) throw error;
  }
}

async function liveObjects(place: BackupPlace, index: BackupIndex): Promise<Map<SavedObject, KubeObject>> {
  const found = new Map<SavedObject, KubeObject>();
  for (const object of index.objects) {
    place.signal.throwIfAborted();
    try {
      found.set(object, await place.client.get(kindOf(index, object), place.namespace, object.metadata.name));
    } catch (error) {
      if (!(error instanceof StatusError && error.code === 404)) throw error;
    }
  }
  return found;
}

async function makeRoom(
  place: BackupPlace,
  index: BackupIndex,
  objects: readonly SavedObject[],
  live: ReadonlyMap<SavedObject, KubeObject>,
): Promise<void> {
  const { client, namespace, clock } = place;
  const going = objects.filter(({ kind, ...object }) => MAKES_ROOM.has(kind) || isImmutable(live, { kind, ...object }));
  for (const object of going) {
    place.onLine(`${nameOf(object)} makes room`);
    try {
      await client.delete(kindOf(index, object), namespace, object.metadata.name, { propagationPolicy: 'Foreground' });
    } catch (error) {
      if (!(error instanceof StatusError && error.code === 404)) throw error;
    }
  }
  const deadline = clock.monotonic() + GONE_TIMEOUT_MS;
  for (const object of going) {
    while (await isThere(place, index, object)) {
      place.signal.throwIfAborted();
      if (clock.monotonic() > deadline)
        throw new UserError(nameOf(object), 'does not go', 'See what holds it: wherry status, then run it again.');
      await pause(place, POLL_MS);
    }
  }
}

function isImmutable(live: ReadonlyMap<SavedObject, KubeObject>, object: SavedObject): boolean {
  for (const [saved, there] of live)
    if (saved.metadata === object.metadata) return (there as { immutable?: boolean }).immutable === true;
  return false;
}

async function isThere(place: BackupPlace, index: BackupIndex, object: SavedObject): Promise<boolean> {
  try {
    await place.client.get(kindOf(index, object), place.namespace, object.metadata.name);
    return true;
  } catch (error) {
    if (error instanceof StatusError && error.code === 404) return false;
    throw error;
  }
}

async function apply(place: BackupPlace, index: BackupIndex, object: SavedObject): Promise<void> {
  const { namespace } = place;
  const { metadata } = object;
  const body = {
    ...moved(object, index.namespace, namespace),
    metadata: { ...metadata, namespace, annotations: { ...metadata.annotations, [FROM_ANNOTATION]: index.id } },
  };
  const patch = { type: 'apply', body, force: true } as const;
  await place.client.patch(kindOf(index, object), namespace, metadata.name, patch, { fieldManager: MANAGER });
}

/** Accounts of the old namespace are those of the new one. */
function moved(object: SavedObject, from: string, to: string): SavedObject {
  const { subjects } = object;
  if (from === to || !Array.isArray(subjects)) return object;
  return {
    ...object,
    subjects: subjects.map((subject: { namespace?: string }) =>
      subject.namespace === from ? { ...subject, namespace: to } : subject,
    ),
  };
}

/**
 * A Job that had completed is told so, for whoever waits for it; it is suspended, so nothing of it runs. A server may refuse
 * that.
 */
async function markDone(place: BackupPlace, name: string): Promise<boolean> {
  const { client, namespace, clock } = place;
  const time = new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  const condition = (type: string) => ({ type, status: 'True', lastProbeTime: time, lastTransitionTime: time });
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    try {
      const job = await client.get<Job>(kinds.jobs, namespace, name);
      const conditions = [condition('SuccessCriteriaMet'), condition('Complete')];
      const status = { ...job.status, startTime: time, completionTime: time, succeeded: 1, conditions };
      await client.updateStatus(kinds.jobs, { ...job, status } as Job);
      return true;
    } catch (error) {
      // The Job's controller writes its status at the same moment.
      if (!(error instanceof StatusError)) throw error;
      if (error.code !== 409) return false;
      await pause(place, POLL_MS);
    }
  }
  return false;
}

function kindOf(index: BackupIndex, { apiVersion, kind }: SavedObject): Kind<KubeObject> {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/', 2) : ['', apiVersion];
  const resource = index.resources[`${apiVersion} ${kind}`];
  if (resource === undefined) throw new UserError('backup', `it names no resource for ${apiVersion} ${kind}`);
  return { group: group ?? '', version: version ?? '', resource, kind, namespaced: true };
}

function nameOf({ kind, metadata }: SavedObject): string {
  return `${kind.toLowerCase()}/${metadata.name}`;
}
