import type { Manifest } from '../manifests/index.ts';
import type { JobStage, LiveState, PlanStep, ReleaseRequest } from './contract.ts';
import { nextName } from './front.ts';
import { nameOf } from './kinds-of.ts';
import type { SortedObjects } from './sort-objects.ts';

/** What the strategies make their steps from. */
export interface Ground {
  readonly request: ReleaseRequest;
  readonly live: LiveState;
  /** Only what is not as wanted yet. */
  readonly sorted: SortedObjects;
  /** The Deployment that serves, and with how many pods it is to. */
  readonly front: { readonly manifest: Manifest; readonly replicas: number } | undefined;
  /** Something of it serves now. */
  readonly served: boolean;
  readonly hasDoor: boolean;
  readonly hasIngress: boolean;
  /** What the release takes away, `kind/name`. */
  readonly leaving: readonly string[];
  /** What an earlier try left beside the stable objects. */
  readonly leftovers: readonly string[];
}

const NAMES_MAX = 4;

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `a, b and c`; of many the first and how many more. */
export function listed(names: readonly string[]): string {
  if (names.length > NAMES_MAX)
    return `${names.slice(0, NAMES_MAX - 1).join(', ')} and ${names.length - NAMES_MAX + 1} more`;
  const [last = '', ...before] = [...names].reverse();
  return before.length === 0 ? last : `${before.reverse().join(', ')} and ${last}`;
}

export function seconds(value: number): string {
  return value % 60 === 0 && value > 0 ? `${value / 60} min` : `${value} s`;
}

const STAGE_SENTENCES: Readonly<Record<JobStage, string>> = {
  seed: 'fill the database, once',
  migrate: 'migrate the database in the new image, before it serves',
  before: 'run the hook before anything changes for users',
  between: 'run the hook between ready and traffic',
  after: 'run the hook after all traffic',
};

export function writeStep(objects: readonly Manifest[], why: string): PlanStep[] {
  if (objects.length === 0) return [];
  const names = objects.map(nameOf);
  return [{ type: 'write', objects: names, sentence: `write ${listed(names)}${why}` }];
}

export function jobSteps({ sorted }: Ground, stage: JobStage, why?: string): PlanStep[] {
  return sorted.jobs.filter((job) => job.stage === stage).map((job) => jobStep(job, why));
}

function jobStep({ object, stage }: SortedObjects['jobs'][number], why?: string): PlanStep {
  const name = nameOf(object);
  return { type: 'job', object: name, stage, sentence: `${why ?? STAGE_SENTENCES[stage]}: ${name}` };
}

/** Everything before a pod of the new version serves, up to the migration. */
export function configurationSteps(ground: Ground): PlanStep[] {
  return [
    ...writeStep(ground.sorted.configuration, ''),
    ...writeStep(ground.sorted.servers, ', and wait until ready'),
    ...jobSteps(ground, 'seed'),
  ];
}

export function migrationSteps(ground: Ground): PlanStep[] {
  const jobs = ground.sorted.jobs.filter(({ stage }) => stage === 'before' || stage === 'migrate');
  const isDown = ground.request.strategy === 'recreate';
  const fallback = isDown ? 'the old version comes back' : 'what serves now serves on';
  const migrate = `${STAGE_SENTENCES.migrate}${ground.served ? `; if that fails, ${fallback}` : ''}`;
  return [...jobs.map((job) => jobStep(job, job.stage === 'migrate' ? migrate : undefined)), ...doorSteps(ground)];
}

function doorSteps(ground: Ground): PlanStep[] {
  const steps = writeStep(ground.sorted.doors, '');
  if (ground.leftovers.length === 0) return steps;
  return [...steps, removeStep(ground.leftovers, ', left by an earlier try')];
}

export function rollStep(objects: readonly Manifest[], sentence: string): PlanStep[] {
  return objects.length === 0 ? [] : [{ type: 'roll', objects: objects.map(nameOf), sentence }];
}

export function smokeStep({ request, front }: Ground, through: 'next' | 'front'): PlanStep[] {
  if (!front || request.smokePaths.length === 0) return [];
  const paths = request.smokePaths.map((path) => `GET ${path}`);
  const name = through === 'next' ? nextName(front.manifest.metadata.name) : front.manifest.metadata.name;
  const way = through === 'front' && request.url ? request.url : `service/${name}`;
  const quietly = through === 'next' ? ', where no user comes' : '';
  return [
    {
      type: 'smoke',
      through,
      paths: request.smokePaths,
      sentence: `smoke test through ${way}${quietly}: ${listed(paths)}`,
    },
  ];
}

export function removeStep(names: readonly string[], why: string): PlanStep {
  return { type: 'remove', objects: names, sentence: `take away ${listed(names)}${why}` };
}

/** The end of every release: what the app has no more goes, the last hooks run. */
export function closingSteps(ground: Ground): PlanStep[] {
  return [
    ...(ground.leaving.length > 0 ? [removeStep(ground.leaving, ', which the app has no more')] : []),
    ...jobSteps(ground, 'after'),
  ];
}
