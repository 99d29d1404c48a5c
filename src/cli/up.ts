import type { Command } from 'commander';
import { systemClock, UserError } from '../base/index.ts';
import { type Deployment, type Ingress, kinds, StatusError } from '../engine/kinds/index.ts';
import { type DeployStep, deploy, existingSecrets, type SmokeCheck, smoke, smokePaths } from '../road/deploy/index.ts';
import { type Manifest, manifestsFor, SOURCE_ANNOTATION } from '../road/manifests/index.ts';
import { type Facts, labelOf, readProject } from '../road/project/index.ts';
import { describeFacts } from './describe-facts.ts';
import { createSteps, type Step, type Steps } from './steps.ts';
import { findGround, type Ground } from './up-ground.ts';
import { type ImagePlan, planImage } from './up-image.ts';

export interface UpOptions {
  readonly app?: string;
  readonly namespace?: string;
  readonly context?: string;
  readonly registry?: string;
  readonly host?: string;
  /** Of this machine. */
  readonly name?: string;
  readonly replicas?: string;
  readonly timeout?: string;
  readonly json?: boolean;
  readonly yes?: boolean;
}

/** What came of it. */
export interface UpResult {
  readonly name: string;
  readonly namespace: string;
  readonly context: string;
  readonly image: string;
  /** Undefined where nothing leads into the cluster from outside. */
  readonly url: string | undefined;
  readonly built: boolean;
  /** Objects created or changed. */
  readonly written: number;
  readonly checks: readonly SmokeCheck[];
}

const IMAGE_HASH_LENGTH = 12;

export function registerUp(program: Command): void {
  program
    .command('up')
    .description('carry the app in a folder to Kubernetes: read it, build its image, deploy, test, print its URL')
    .argument('[folder]', "the app's folder", '.')
    .option('--app <app>', 'name of the app in the cluster (from the folder when not given)')
    .option('-n, --namespace <namespace>', 'namespace (default, or that of the context)')
    .option('--name <cluster>', "which of this machine's clusters (default)")
    .option(
      '--context <context>',
      'a context of your kubeconfig instead of a cluster of this machine; needs --registry',
    )
    .option('--registry <host/path>', 'where the image is pushed to')
    .option('--host <host>', 'host name that the Ingress answers to')
    .option('--replicas <number>', 'how many pods (2)')
    .option('--timeout <seconds>', 'bound of each wait (300)')
    .option('-y, --yes', 'ask nothing')
    .option('--json', 'print one JSON document at the end; steps go to standard error')
    .addHelpText(
      'after',
      '\nExamples:\n  wherry up\n  wherry up examples/users --replicas 3\n  wherry up --context work --registry registry.example.com/team --host users.example.com',
    )
    .action(async (folder: string, options: UpOptions) => {
      const steps = createSteps(options.json ? process.stderr : process.stdout, systemClock);
      const stopping = new AbortController();
      const stop = (): void =>
        stopping.abort(new UserError('up', 'stopped', 'Run it again; it goes on from what is there.'));
      process.once('SIGINT', stop).once('SIGTERM', stop);
      try {
        const result = await up(folder, options, steps, stopping.signal);
        steps.end();
        if (options.json) console.log(JSON.stringify(result, null, 2));
        else if (result.url) console.log(result.url);
      } finally {
        steps.end();
        process.off('SIGINT', stop).off('SIGTERM', stop);
      }
    });
}

/** The runbook of `wherry up`. What is there as wanted already is left alone, so a second run changes nothing. */
export async function up(folder: string, options: UpOptions, steps: Steps, signal: AbortSignal): Promise<UpResult> {
  const reading = steps.start('read');
  const facts = await readProject(folder);
  // A wrong option is told before anything is started.
  nameOf(facts, options);
  numberOf(options.replicas, '--replicas');
  numberOf(options.timeout, '--timeout');
  const plan = planImage(facts);
  for (const note of [...facts.notes, ...plan.notes]) reading.note(note);
  reading.done(describeFacts(facts));

  await confirm(options);
  const finding = steps.start('cluster');
  const ground = await findGround(options, (line) => finding.progress(line));
  try {
    finding.done(ground.label);
    return await carry(facts, plan, ground, options, steps, signal);
  } finally {
    ground.close();
  }
}

async function carry(
  facts: Facts,
  plan: ImagePlan,
  ground: Ground,
  options: UpOptions,
  steps: Steps,
  signal: AbortSignal,
): Promise<UpResult> {
  const { client, namespace } = ground;
  const name = nameOf(facts, options);
  const image = `${ground.imageName(name)}:${plan.context.hash.slice(0, IMAGE_HASH_LENGTH)}`;
  const door = await wayIn(ground, name, options);
  const { objects, notes } = manifestsFor(facts, {
    name,
    namespace,
    image,
    replicas: numberOf(options.replicas, '--replicas') ?? 2,
    sourceHash: plan.context.hash,
    secrets: await existingSecrets(client, namespace, name),
    ...door.options,
  });
  for (const note of notes) steps.line(`  ! ${note}`);

  const timeout = numberOf(options.timeout, '--timeout');
  const settings = (step: Step) => ({
    clock: systemClock,
    signal,
    onStep: (event: DeployStep) => showDeployStep(step, event),
    ...(timeout === undefined ? {} : { timeoutMs: timeout * 1000 }),
  });
  // What does not need the app's image is brought up while that is being built.
  const early = objects.filter((object) => !needsImage(object, image));
  const late = objects.filter((object) => needsImage(object, image));
  const before = early.slice(0, firstOfFrontDoor(early));
  const [built, writtenBefore] = await bothOrFirstFault(
    provideImage(plan, ground, image, name, steps, signal),
    bringServices(before, facts, ground, steps, settings, signal),
  );
  const deploying = steps.start('deploy');
  const rest = [...late, ...early.slice(before.length)];
  const { written } = await deploy(client, rest, settings(deploying));
  deploying.done(written === 0 ? `${name} is as wanted` : `${name}: ${replicasOf(late)} replicas ready`);

  const result = { name, namespace, context: ground.context, image, built, written: written + writtenBefore };
  if (door.url === undefined) {
    steps.line(`To reach it: kubectl --context ${ground.context} -n ${namespace} port-forward service/${name} 8080:80`);
    return { ...result, url: undefined, checks: [] };
  }
  const testing = steps.start('smoke');
  const checks = await smoke(door.url, smokePaths(facts.routes), { clock: systemClock, signal });
  testing.done(checks.map(({ path, status }) => `GET ${path} ${status}`).join(', '));
  return { ...result, url: door.url, checks };
}

function nameOf(facts: Facts, options: UpOptions): string {
  if (options.app === undefined) return facts.name.value;
  if (labelOf(options.app) !== options.app) {
    throw new UserError(
      '--app',
      `"${options.app}" cannot name objects: at most 40 of a-z, 0-9 and -, first a letter`,
      `Try --app ${labelOf(options.app)}`,
      { exitStatus: 2 },
    );
  }
  return options.app;
}

function numberOf(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,4}$/.test(text)) {
    throw new UserError(option, `"${text}" is not a number from 1 to 99999`, undefined, { exitStatus: 2 });
  }
  return Number(text);
}

async function confirm(options: UpOptions): Promise<void> {
  if (options.context === undefined || options.yes || options.json || !process.stdin.isTTY || !process.stdout.isTTY)
    return;
  const { confirm: ask, isCancel } = await import('@clack/prompts');
  const answer = await ask({ message: `Deploy to the cluster of context ${options.context}?` });
  if (isCancel(answer) || !answer) throw new UserError('up', 'not confirmed, nothing was changed');
}

/**
 * How the app is reached: on the machine's cluster by NAME.localhost and, when no other app has it, by the bare address
 * (see docs/decisions/0008-url-of-an-app.md); elsewhere by --host only.
 */
async function wayIn(
  ground: Ground,
  name: string,
  options: UpOptions,
): Promise<{ url: string | undefined; options: { host?: string; defaultRoute?: boolean } }> {
  if (!ground.local) {
    const host = options.host;
    return host === undefined ? { url: undefined, options: {} } : { url: ground.urlOf(host), options: { host } };
  }
  const host = options.host ?? `${name}.localhost`;
  const { items } = await ground.client.list<Ingress>(kinds.ingresses);
  const takenByOther = items.some(
    ({ metadata, spec }) =>
      !(metadata.name === name && metadata.namespace === ground.namespace) &&
      (spec?.defaultBackend !== undefined || (spec?.rules ?? []).some((rule) => !rule.host)),
  );
  if (takenByOther) return { url: ground.urlOf(host), options: { host } };
  return { url: ground.urlOf('127.0.0.1'), options: { host, defaultRoute: true } };
}

async function provideImage(
  plan: ImagePlan,
  ground: Ground,
  image: string,
  name: string,
  steps: Steps,
  signal: AbortSignal,
): Promise<boolean> {
  const step = steps.start('image');
  if ((await deployedHash(ground, name)) === plan.context.hash && (await ground.hasImage(image))) {
    step.done(`${image} is built and deployed`);
    return false;
  }
  if (ground.local && (await ground.hasImage(image))) {
    step.done(`${image} is built`);
    return false;
  }
  await ground.provideImage(plan, image, (line) => showBuildLine(step, line), signal);
  step.done(image);
  return true;
}

async function deployedHash(ground: Ground, name: string): Promise<string | undefined> {
  try {
    const deployment = await ground.client.get<Deployment>(kinds.deployments, ground.namespace, name);
    return deployment.metadata.annotations?.[SOURCE_ANNOTATION];
  } catch (error) {
    if (error instanceof StatusError && error.code === 404) return undefined;
    throw error;
  }
}

async function bringServices(
  objects: readonly Manifest[],
  facts: Facts,
  ground: Ground,
  steps: Steps,
  settings: (step: Step) => Parameters<typeof deploy>[2],
  signal: AbortSignal,
): Promise<number> {
  const [service] = facts.services;
  const step = steps.start(service ? 'database' : 'config');
  for (const { image } of facts.services) {
    await ground.fetchImage(image.value, (line) => showBuildLine(step, line), signal);
  }
  const { written } = await deploy(ground.client, objects, settings(step));
  const images = facts.services.map(({ image }) => image.value).join(', ');
  const seed = facts.seed && service ? `, ${facts.seed.value} loaded` : '';
  step.done(written === 0 ? 'as wanted' : service ? `${images} ready${seed}` : 'written');
  return written;
}

/** Both run to their end even when one fails, so that nothing goes on behind the error; then the first fault is thrown. */
async function bothOrFirstFault<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === 'rejected') throw a.reason;
  if (b.status === 'rejected') throw b.reason;
  return [a.value, b.value];
}

function needsImage(object: Manifest, image: string): boolean {
  return JSON.stringify(object).includes(JSON.stringify(image));
}

/** The Service, budget and Ingress of the app come after its Deployment. */
function firstOfFrontDoor(objects: readonly Manifest[]): number {
  const index = objects.findIndex(
    (object) =>
      object.kind !== 'ConfigMap' &&
      object.kind !== 'Secret' &&
      object.metadata.labels?.['app.kubernetes.io/component'] === 'web',
  );
  return index === -1 ? objects.length : index;
}

function replicasOf(objects: readonly Manifest[]): number {
  const deployment = objects.find(({ kind }) => kind === 'Deployment');
  const spec = deployment?.spec as { replicas?: number } | undefined;
  return spec?.replicas ?? 1;
}

/** What was taken in place of something else stays on the screen; what a RUN step prints (indented) passes by. */
function showBuildLine(step: Step, line: string): void {
  if (/out of reach|index in reach: Debian/.test(line)) step.note(line.trim());
  else if (process.stdout.isTTY || !line.startsWith('  ')) step.progress(line.trim());
}

function showDeployStep(step: Step, event: DeployStep): void {
  if (event.type === 'applied') {
    if (event.change !== 'unchanged') step.progress(`${event.object} ${event.change}`);
  } else if (event.type === 'waiting') step.progress(`${event.object}: ${event.reason}`);
  else step.progress(`${event.object} ready`);
}
