import { UserError } from '../base/index.ts';
import { type DevelopmentWay, developmentWay } from '../road/develop/index.ts';
import { type Application, applicationOf, type Part } from '../road/model/index.ts';
import { type Facts, readProject } from '../road/project/index.ts';
import { readSource } from './app-source.ts';
import type { DevFlags } from './dev.ts';
import { type ImagePlan, planBuild } from './up-image.ts';

/** What is developed, as the folder has it now. */
export interface DevelopedSource {
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

/**
 * The app as it is developed. What a build makes is made in the container at each save, so the image has the packages of
 * development and no build of its own.
 */
export async function readDeveloped(folder: string, flags: DevFlags): Promise<DevelopedSource> {
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
