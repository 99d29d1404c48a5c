import dockerignore from '@balena/dockerignore';
import { silentLog, systemClock, UserError } from '../base/index.ts';
import type { DeploymentSpec } from '../engine/kinds/index.ts';
import { answers, type DeployStep, deploy, existingSecrets, unfinishedError } from '../road/deploy/index.ts';
import {
  type DevelopedPart,
  type DevelopmentEvent,
  type DevelopmentPlace,
  type DevelopmentWay,
  develop,
  developmentObjects,
  streamLogs,
} from '../road/develop/index.ts';
import { type Manifest, objectsOf, STAGE_LABEL } from '../road/manifests/index.ts';
import type { Application } from '../road/model/index.ts';
import { openLedger } from '../road/releases/index.ts';
import { wayIn } from './deploy-app.ts';
import type { DevFlags } from './dev.ts';
import { type DevelopedSource, readDeveloped } from './dev-source.ts';
import { findPlace } from './place.ts';
import { confirmProduction, underLease } from './release-ground.ts';
import type { Step, Steps } from './steps.ts';
import { findGround, type Ground } from './up-ground.ts';

const READY_MS = 30_000;
const SERVED_MS = 30_000;
const ASK_AGAIN_MS = 15;
const IMAGE_HASH_LENGTH = 12;

interface Shown {
  readonly onEvent: (event: DevelopmentEvent) => void;
  readonly onLine: (part: string, line: string) => void;
}

/** The runbook of `wherry dev`; ends when the signal aborts, or after one change. */
export async function developApp(
  folder: string,
  flags: DevFlags,
  steps: Steps,
  signal: AbortSignal,
  shown: Shown,
): Promise<void> {
  const reading = steps.start('read');
  const source = await readDeveloped(folder, flags);
  for (const note of source.notes) reading.note(note);
  reading.done(source.label);
  const finding = steps.start('cluster');
  const ground = await findGround(flags, (line) => finding.progress(line));
  finding.done(ground.label);
  const { name: app } = source.application;
  await confirmProduction([ground.context, ground.namespace], `Develop ${app} in it, in one pod`, flags);
  const { connection, client, context } = await findPlace({ ...flags, name: flags.name ?? 'default' });
  const place: DevelopmentPlace = { client, connection, namespace: ground.namespace, app, clock: systemClock };
  try {
    await underLease({ ...place, context }, `developing ${app}`, steps, signal, async (lease, trace) => {
      const left = await openLedger(client, app, ground.namespace).interrupted();
      // Its objects are half old and half new; whoever developed on them would lose track of both.
      if (left) throw unfinishedError(left, trace, systemClock);
      const both = AbortSignal.any([signal, lease.lost]);
      await developThere(folder, source, flags, ground, place, steps, both, shown);
    });
  } finally {
    client.close();
    ground.close();
  }
}

async function developThere(
  folder: string,
  first: DevelopedSource,
  flags: DevFlags,
  ground: Ground,
  place: DevelopmentPlace,
  steps: Steps,
  signal: AbortSignal,
  shown: Shown,
): Promise<void> {
  const { name } = first.application;
  const door = await wayIn(ground, name, flags);
  const carried = await carry(first, ground, place, door.options, steps, signal);
  if (door.url !== undefined) steps.line(door.url);
  const [path = '/'] = first.application.release.smokePaths;
  const logs = new AbortController();
  const logging = flags.logs
    ? streamLogs(place, AbortSignal.any([signal, logs.signal]), shown.onLine).catch((error: unknown) => {
        if (!signal.aborted && !logs.signal.aborted) throw error;
      })
    : Promise.resolve();
  try {
    await develop({
      place,
      directory: first.image.context.directory,
      ...carried,
      signal,
      rebuild: async () => {
        return await carry(await readDeveloped(folder, flags), ground, place, door.options, steps, signal);
      },
      isServed: async (stopped) => {
        if (door.url !== undefined) await answered(new URL(path, door.url).href, stopped);
      },
      onEvent: shown.onEvent,
      onWatching: () => steps.line(`watching ${first.image.context.directory}; save a file`),
      ...(flags.once ? { once: true } : {}),
    });
  } finally {
    logs.abort();
    await logging;
  }
}

/** Builds the image, brings the objects to the cluster and tells how files get in from there. */
async function carry(
  source: DevelopedSource,
  ground: Ground,
  place: DevelopmentPlace,
  door: { readonly host?: string; readonly defaultRoute?: boolean },
  steps: Steps,
  signal: AbortSignal,
): Promise<{ way: DevelopmentWay; parts: readonly DevelopedPart[]; ignores: (path: string) => boolean }> {
  const { application, image, way } = source;
  const { client, namespace } = place;
  const references = new Map<string, string>();
  for (const [name, plan] of source.images) {
    const building = steps.start('image');
    const reference = `${ground.imageName(name)}:${plan.context.hash.slice(0, IMAGE_HASH_LENGTH)}`;
    if (!(ground.local && (await ground.hasImage(reference)))) {
      await ground.provideImage(plan, reference, (line) => building.progress(line.trim()), signal);
    }
    building.done(reference);
    references.set(name, reference);
  }
  const { objects, notes } = objectsOf(application, {
    namespace,
    ordering: 'runner',
    imageOf: (build) => references.get(build) ?? build,
    replicas: 1,
    sourceHash: image.context.hash,
    secrets: await existingSecrets(
      client,
      namespace,
      application.name,
      application.secrets.map(({ name }) => name),
    ),
    ...door,
  });
  for (const note of notes) steps.line(`  ! ${note}`);
  const wanted = objects.filter(({ metadata }) => !isHook(metadata.labels?.[STAGE_LABEL]));
  const parts = await developedParts(source, wanted, references.get(source.build) ?? '');
  const developed = way.is === 'sync' ? developmentObjects(wanted, parts, way) : wanted;
  const deploying = steps.start('deploy');
  for (const { image: other } of otherImages(application)) {
    await ground.fetchImage(other, (line) => deploying.progress(line.trim()), signal);
  }
  try {
    const onStep = (event: DeployStep): void => showStep(deploying, event);
    await deploy(client, developed, { clock: systemClock, signal, timeoutMs: READY_MS, onStep });
    deploying.done(
      way.is === 'sync'
        ? `${application.name}, to be changed in place`
        : `${application.name}; ${way.why}, so each change makes another image`,
    );
  } catch (error) {
    // A fault of the app's is what one develops against: the next save may mend it.
    if (signal.aborted || !(error instanceof UserError) || !error.place.startsWith('deployment/')) throw error;
    deploying.note(error.message);
    deploying.done('not ready, watching all the same');
  }
  const ignored = dockerignore.default().add(image.dockerignore);
  return { way, parts, ignores: (path) => ignored.ignores(path) };
}

function isHook(stage: string | undefined): boolean {
  return stage === 'before' || stage === 'between' || stage === 'after';
}

function otherImages(application: Application): { image: string }[] {
  const references = application.parts.flatMap(({ image }) => ('reference' in image ? [image.reference] : []));
  return [...new Set(references)].map((image) => ({ image }));
}

async function developedParts(
  { parts }: DevelopedSource,
  objects: readonly Manifest[],
  reference: string,
): Promise<DevelopedPart[]> {
  const [{ openImageStore }, { imageStoreDirectory }] = await Promise.all([
    import('../engine/images/index.ts'),
    import('../engine/cluster/index.ts'),
  ]);
  const store = openImageStore({ directory: imageStoreDirectory(), log: silentLog });
  const config = (await store.get(reference))?.config;
  return parts.flatMap((part) => {
    const deployment = objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === part.name);
    const spec = deployment?.spec as DeploymentSpec | undefined;
    const container = spec?.template.spec?.containers[0];
    if (!spec || !container || !config) return [];
    const [port] = part.ports;
    return [
      {
        deployment: part.name,
        labelSelector: Object.entries(spec.selector.matchLabels ?? {})
          .map(([key, value]) => `${key}=${value}`)
          .join(','),
        container: container.name,
        command: [...(part.command ?? config.entrypoint), ...(part.arguments ?? (part.command ? [] : config.command))],
        workingDirectory: (part.workingDirectory ?? config.workingDirectory) || '/',
        port: port?.target,
      },
    ];
  });
}

async function answered(url: string, signal: AbortSignal): Promise<void> {
  const limit = systemClock.monotonic() + SERVED_MS;
  while (!(await answers(url, signal))) {
    if (systemClock.monotonic() > limit)
      throw new UserError(`GET ${url}`, `has no good answer after ${SERVED_MS / 1000} s`);
    await systemClock.sleep(ASK_AGAIN_MS, signal);
  }
}

function showStep(step: Step, event: DeployStep): void {
  if (event.type === 'waiting') step.progress(`${event.object}: ${event.reason}`);
  else if (event.type === 'ready') step.progress(`${event.object} ready`);
  else if (event.change !== 'unchanged') step.progress(`${event.object} ${event.change}`);
}
