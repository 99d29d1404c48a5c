import { randomUUID } from 'node:crypto';
import { UserError } from '../../base/index.ts';
import type { Kind, KubeObject } from '../../engine/kinds/index.ts';
import { writeArchive } from './archive.ts';
import { isOfTemplate, putToRest } from './at-rest.ts';
import { cleaned, inOrder, isCompletedJob, isOwn } from './clean.ts';
import type { BackupIndex, BackupPlace, SavedVolume } from './contract.ts';
import { savedKinds } from './discover.ts';
import { saveVolume } from './volumes.ts';

const INSTANCE_LABEL = 'app.kubernetes.io/instance';
const OBJECTS_MAX = 20_000;
const PAGE = 500;

export interface BackupOptions {
  /** The objects with this app's instance label and the claims that its pods use; the whole namespace when not given. */
  readonly app?: string;
  readonly volumes: boolean;
  /** Copy volumes while they are in use. Else what uses them rests meanwhile, and is started again whatever happens. */
  readonly live: boolean;
}

/**
 * Saves objects and volumes into one file. The file appears when it is whole.
 * @throws UserError when there is nothing to save, or a volume cannot be read.
 */
export async function backup(place: BackupPlace, file: string, options: BackupOptions): Promise<BackupIndex> {
  const notes: string[] = [];
  const resources: Record<string, string> = {};
  const all: KubeObject[] = [];
  for (const kind of await savedKinds(place.client)) {
    place.signal.throwIfAborted();
    const found = (await listAll(place, kind)).filter(isOwn);
    all.push(...found);
    if (all.length > OBJECTS_MAX)
      throw new UserError(
        `namespace ${place.namespace}`,
        `more than ${OBJECTS_MAX} objects`,
        'Save one app at a time.',
      );
    if (found.length > 0) resources[`${apiVersionOf(kind)} ${kind.kind}`] = kind.resource;
  }
  const objects = options.app === undefined ? all : ofApp(all, options.app);
  if (objects.length === 0) {
    const what = options.app === undefined ? `namespace ${place.namespace}` : `app ${options.app}`;
    throw new UserError(what, `nothing of it is in namespace ${place.namespace}`, 'See what there is: wherry status');
  }
  const claims = objects
    .filter(({ kind }) => kind === 'PersistentVolumeClaim')
    .map(({ metadata }) => metadata.name ?? '')
    .sort();
  place.onLine(`${objects.length} objects`);

  const archive = await writeArchive(file);
  try {
    const volumes = options.volumes ? await saveVolumes(place, claims, options, archive, notes) : [];
    if (!options.volumes && claims.length > 0) notes.push(`without the content of ${claims.join(', ')}`);
    const index: BackupIndex = {
      version: 1,
      id: randomUUID(),
      createdAt: new Date(place.clock.now()).toISOString(),
      app: options.app,
      namespace: place.namespace,
      resources,
      objects: inOrder(objects.map(cleaned)),
      volumes,
      completedJobs: objects.filter(isCompletedJob).map(({ metadata }) => metadata.name ?? ''),
      notes,
    };
    await archive.finish(index);
    return index;
  } catch (error) {
    await archive.abandon();
    throw error;
  }
}

async function saveVolumes(
  place: BackupPlace,
  claims: readonly string[],
  options: BackupOptions,
  archive: Awaited<ReturnType<typeof writeArchive>>,
  notes: string[],
): Promise<SavedVolume[]> {
  const volumes: SavedVolume[] = [];
  const wake = options.live || claims.length === 0 ? undefined : await putToRest(place, claims);
  try {
    for (const claim of claims) {
      place.signal.throwIfAborted();
      const volume = await saveVolume(place, claim, archive);
      volumes.push(volume);
      place.onLine(`claim ${claim}: ${(volume.bytes / 1e6).toFixed(1)} MB`);
    }
  } finally {
    await wake?.();
  }
  if (options.live && claims.length > 0) notes.push('volumes were copied while they were in use');
  return volumes;
}

/** What bears the app's label, and claims that its workloads name. */
function ofApp(all: readonly KubeObject[], app: string): KubeObject[] {
  const labelled = all.filter(({ metadata }) => metadata.labels?.[INSTANCE_LABEL] === app);
  const text = JSON.stringify(labelled);
  const sets = labelled.filter(({ kind }) => kind === 'StatefulSet');
  const others = all.filter((object) => {
    if (object.kind !== 'PersistentVolumeClaim' || labelled.includes(object)) return false;
    const { name } = object.metadata;
    if (text.includes(`"claimName":${JSON.stringify(name)}`)) return true;
    return sets.some((set) => {
      const { spec } = set as unknown as { spec: { volumeClaimTemplates?: { metadata?: { name?: string } }[] } };
      return spec.volumeClaimTemplates?.some(({ metadata }) =>
        isOfTemplate(name ?? '', metadata?.name, set.metadata.name),
      );
    });
  });
  return [...labelled, ...others];
}

async function listAll({ client, namespace }: BackupPlace, kind: Kind<KubeObject>): Promise<KubeObject[]> {
  const items: KubeObject[] = [];
  let next: string | undefined;
  do {
    const page = await client.list(kind, { namespace, limit: PAGE, ...(next === undefined ? {} : { continue: next }) });
    items.push(...page.items);
    next = page.continue;
  } while (next !== undefined && items.length <= OBJECTS_MAX);
  return items;
}

function apiVersionOf({ group, version }: Kind<unknown>): string {
  return group ? `${group}/${version}` : version;
}
