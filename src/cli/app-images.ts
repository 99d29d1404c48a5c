import { UserError } from '../base/index.ts';
import type { Manifest } from '../road/manifests/index.ts';
import type { Application, Build } from '../road/model/index.ts';
import type { Release } from '../road/releases/index.ts';
import type { DeployOptions } from './deploy-app.ts';
import type { Step, Steps } from './steps.ts';
import type { Ground } from './up-ground.ts';
import { type ImagePlan, planBuild } from './up-image.ts';

const IMAGE_HASH_LENGTH = 12;

/** A build with the image it is to become. */
export interface PlannedImage {
  readonly build: Build;
  /** Names the image: the app's name, with the build's where there are several. */
  readonly name: string;
  readonly plan: ImagePlan;
  /** Complete name with tag, once it is known. */
  readonly reference?: string;
  readonly digest?: string | undefined;
  readonly isNew?: boolean;
  /** The release that serves runs it. */
  readonly isRunning?: boolean;
}

/** The images of an application before anything is built. @throws UserError when --image cannot stand for them. */
export function planImages(application: Application, { image }: DeployOptions): PlannedImage[] {
  const nameOf = ({ name }: Build): string => (name === application.name ? name : `${application.name}-${name}`);
  if (image === undefined) {
    return application.builds.map((build) => ({ build, name: nameOf(build), plan: planBuild(build) }));
  }
  const [build, ...others] = application.builds;
  if (!build || others.length > 0) {
    throw new UserError(
      '--image',
      `${application.name} has ${application.builds.length} images of its own; one name cannot stand for them`,
      'Leave it out, and they are built.',
      { exitStatus: 2 },
    );
  }
  return [{ build, name: nameOf(build), plan: planBuild(build), reference: image }];
}

/**
 * The images that the release which serves runs already, of the same source: nothing is built for them, and one that was
 * built anew on a fresh base stays.
 */
export async function runningImages(
  images: readonly PlannedImage[],
  ground: Ground,
  last: Release | undefined,
  { patchBase }: DeployOptions,
): Promise<PlannedImage[]> {
  if (!last || patchBase) return [...images];
  const running = imagesOf(last.objects);
  const found: PlannedImage[] = [];
  for (const image of images) {
    const wanted = referenceOf(image, ground);
    const reference = [...running].find((each) => each === wanted || each.replace(/-[0-9a-f]{8}$/, '') === wanted);
    const isThere = reference !== undefined && (!ground.local || (await ground.hasImage(reference)));
    found.push(isThere && image.reference === undefined ? { ...image, reference, isRunning: true } : image);
  }
  return found;
}

function imagesOf(objects: readonly Manifest[]): Set<string> {
  const found = new Set<string>();
  JSON.stringify(objects, (key, value: unknown) => {
    if (key === 'image' && typeof value === 'string') found.add(value);
    return value;
  });
  return found;
}

/** Builds what is not there, and puts it where the cluster finds it. */
export async function provideImages(
  images: readonly PlannedImage[],
  ground: Ground,
  options: DeployOptions,
  steps: Steps,
  signal: AbortSignal,
): Promise<PlannedImage[]> {
  const provided: PlannedImage[] = [];
  for (const image of images) {
    const step = steps.start('image');
    const show = (line: string): void => showBuildLine(step, line);
    if (image.reference !== undefined && image.isRunning) {
      step.done(`${image.reference} is built and runs`);
      provided.push({ ...image, digest: await ground.digestOf(image.reference) });
      continue;
    }
    if (image.reference !== undefined) {
      await ground.fetchImage(image.reference, show, signal);
      step.done(`${image.reference} is given`);
      provided.push({ ...image, digest: await ground.digestOf(image.reference) });
      continue;
    }
    const reference = referenceOf(image, ground);
    if (options.patchBase) {
      const patched = await ground.patchImage(image.plan, reference, show, signal);
      const isNew = patched.reference !== reference;
      step.done(isNew ? `${patched.reference} on a fresh base` : `${reference}: its base is as it was`);
      provided.push({ ...image, ...patched, isNew });
      continue;
    }
    const isThere = ground.local && (await ground.hasImage(reference));
    if (!isThere) await ground.provideImage(image.plan, reference, show, signal);
    step.done(isThere ? `${reference} is built` : reference);
    provided.push({ ...image, reference, digest: await ground.digestOf(reference), isNew: !isThere });
  }
  return provided;
}

export function referenceOf({ name, plan, reference }: PlannedImage, ground: Ground): string {
  return reference ?? `${ground.imageName(name)}:${plan.context.hash.slice(0, IMAGE_HASH_LENGTH)}`;
}

/** Images that are not built here: fetched before anything changes, so that a missing one changes nothing. */
export async function fetchOthers(
  application: Application,
  ground: Ground,
  steps: Steps,
  signal: AbortSignal,
): Promise<void> {
  const wanted = new Set(application.parts.flatMap(({ image }) => ('reference' in image ? [image.reference] : [])));
  if (wanted.size === 0 || !ground.local) return;
  const step = steps.start('images');
  for (const image of wanted) await ground.fetchImage(image, (line) => showBuildLine(step, line), signal);
  step.done([...wanted].join(', '));
}

/** The image of the part that serves, where it is built here. */
export function frontImage({ parts, front }: Application, images: readonly PlannedImage[]): PlannedImage | undefined {
  const part = parts.find(({ name }) => name === front);
  return images.find(({ build }) => part && 'build' in part.image && part.image.build === build.name);
}

/** What was taken in place of something else stays on the screen; what a RUN step prints (indented) passes by. */
function showBuildLine(step: Step, line: string): void {
  if (/out of reach|index in reach: Debian/.test(line)) step.note(line.trim());
  else if (process.stdout.isTTY || !line.startsWith('  ')) step.progress(line.trim());
}
