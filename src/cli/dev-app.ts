import dockerignore from '@balena/dockerignore';
import { silentLog, systemClock, UserError } from '../base/index.ts';
import type { DeploymentSpec } from '../engine/kinds/index.ts';
import { answers, type DeployStep, deploy, existingSecrets } from '../road/deploy/index.ts';
import {
  type DevelopedPart,
  type DevelopmentEvent,
  type DevelopmentPlace,
  type DevelopmentWay,
  develop,
  developmentObjects,
  developmentWay,
  streamLogs,
} from '../road/develop/index.ts';
import { type Manifest, objectsOf, STAGE_LABEL } from '../road/manifests/index.ts';
import { type Application, applicationOf, type Part } from '../road/model/index.ts';
import { type Facts, readProject } from '../road/project/index.ts';
import { readSource } from './app-source.ts';
import { wayIn } from './deploy-app.ts';
import type { DevFlags } from './dev.ts';
import { findPlace } from './place.ts';
import { confirmProduction, underLease } from './release-ground.ts';
import type { Step, Steps } from './steps.ts';
import { findGround, type Ground } from './up-ground.ts';
import { type ImagePlan, planBuild } from './up-image.ts';

const READY_MS = 30_000;
const SERVED_MS = 30_000;
const ASK_AGAIN_MS = 15;
const IMAGE_HASH_LENGTH = 12;

interface Shown {
  readonly onEvent: (event: DevelopmentEvent) => void;
  readonly onLine: (part: string, line: string) => void;
}

/** What is developed, as the folder has it now. */
interface Source {
  readonly application: Application;
  /** What it is, in one line, and what its author should know. */
  readonly label: string;
  readonly notes: readonly string[];
  /** All that are built here, by the build's name. */
  readonly images: ReadonlyMap<string, ImagePlan>;
  /** The build of the part that serves: the one whose sources are watched. */
  readonly build: string;
  readonly image: ImagePlan;
  readonly way: DevelopmentWay;
  /** The parts that run the image. */
  readonly parts: readonly Part[];
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
    await underLease({ ...place, context }, `developing ${app}`, steps, signal, async (lease) => {
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
  first: Source,
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

/**
 * The app as it is developed. What a build makes is made in the container at each save, so the image has the packages of
 * development and no build of its own.
 */
async function readDeveloped(folder: string, flags: DevFlags): Promise<Source> {
  const source = await readSource(folder, flags.app);
  const inside = source.facts && buildsInside(source.facts) ? source.facts : undefined;
  const application = inside
    ? applicationOf(withoutBuild(inside), { name: source.application.name })
    : source.application;
  const front = application.parts.find((part) => part.name === application.front);
  const built = [front, ...application.parts].find((part) => part && 'build' in part.image);
  const build = application.builds.find((each) => built && 'build' in built.image && built.image.build === each.name);
  if (!build) throw new UserError(folder, 'has no image of its own to develop', 'See what is there: wherry plan');
  const images = new Map(application.builds.map((each) => [each.name, planBuild(each)]));
  const image = images.get(build.name) ?? planBuild(build);
  const facts = source.facts ?? (await languageFacts(build.directory));
  const way = await developmentWay(facts, image.dockerfile, { target: image.target, build: inside?.build?.value });
  const parts = application.parts.filter(
    (part) => part.kind === 'deployment' && 'build' in part.image && part.image.build === build.name,
  );
  const { label, notes } = source;
  return { application, label, notes, images, build: build.name, image, way, parts };
}

/** A compose file says nothing of languages; the folder it builds from does. */
async function languageFacts(directory: string): Promise<Pick<Facts, 'language' | 'manifestFiles'>> {
  try {
    return await readProject(directory);
  } catch (error) {
    if (error instanceof UserError) return { language: undefined, manifestFiles: [] };
    throw error;
  }
}

/** A server in Node.js that is compiled before it starts; pages and self-contained output are made by their image. */
function buildsInside(facts: Facts): boolean {
  const start = facts.start?.value ?? '';
  return (
    facts.language?.value === 'node' &&
    facts.build !== undefined &&
    facts.dockerfile === undefined &&
    facts.workspace === undefined &&
    !start.startsWith('nginx ') &&
    !start.includes('/standalone/')
  );
}

function withoutBuild(facts: Facts): Facts {
  return { ...facts, build: undefined, startNeedsDevelopment: facts.startNeedsDevelopment ?? facts.build };
}

/** Builds the image, brings the objects to the cluster and tells how files get in from there. */
async function carry(
  source: Source,
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
  { parts }: Source,
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
