import { systemClock, UserError } from '../base/index.ts';
import { type Ingress, kinds } from '../engine/kinds/index.ts';
import {
  CANARY_DEFAULT,
  canaryStepsOf,
  checkRights,
  existingSecrets,
  type Outcome,
  type Plan,
  patientClient,
  planRelease,
  type ReleaseRequest,
  readLive,
  secondsOf,
  startRelease,
} from '../road/deploy/index.ts';
import { INSTANCE_LABEL, type Manifest, type ObjectsOptions, objectsOf } from '../road/manifests/index.ts';
import type { Application } from '../road/model/index.ts';
import {
  fetchOthers,
  frontImage,
  type PlannedImage,
  planImages,
  provideImages,
  referenceOf,
  runningImages,
} from './app-images.ts';
import { readSource } from './app-source.ts';
import {
  confirmProduction,
  ledgerOf,
  outcomeJson,
  type ReleaseFlags,
  type ReleasePlace,
  settleUnfinished,
  surroundings,
  tellOutcome,
  timeoutMs,
  underLease,
} from './release-ground.ts';
import type { Steps } from './steps.ts';
import type { Ground } from './up-ground.ts';

const STRATEGIES = ['rolling', 'recreate', 'blue-green', 'canary'] as const;
const HOLD_SECONDS = 30;
const RATE = 50;

export interface DeployOptions extends ReleaseFlags {
  readonly app?: string;
  readonly namespace?: string;
  readonly context?: string;
  readonly registry?: string;
  readonly host?: string;
  /** Of this machine. */
  readonly name?: string;
  readonly replicas?: string;
  readonly strategy?: string;
  readonly prove?: boolean;
  readonly rate?: string;
  /** `60s`; true: until promoted. */
  readonly hold?: string | true;
  readonly steps?: string;
  readonly image?: string;
  readonly patchBase?: boolean;
  readonly dryRun?: boolean;
}

/** What came of it. */
export interface DeployResult {
  readonly app: string;
  readonly namespace: string;
  readonly context: string;
  readonly url: string | undefined;
  /** Of the part that serves. */
  readonly image: string | undefined;
  /** Whether an image had to be built. */
  readonly built: boolean;
  readonly plan: Plan;
  /** Undefined for a dry run, and when the cluster holds all of it already. */
  readonly outcome: Outcome | undefined;
}

/**
 * The runbook of a release: read the app, build its images, plan, and go through the plan under the app's lease. A
 * release is made only when something changes.
 * @throws UserError for a wrong option (exit status 2), and when the release did not come to a good end.
 */
export async function deployApp(
  folder: string,
  options: DeployOptions,
  steps: Steps,
  signal: AbortSignal,
): Promise<DeployResult> {
  const reading = steps.start('read');
  checkOptions(options);
  const source = await readSource(folder, options.app);
  const { application } = source;
  for (const note of source.notes) reading.note(note);
  const images = planImages(application, options);
  for (const { plan } of images) for (const note of plan.notes) reading.note(note);
  reading.done(source.label);

  const ground = await findGroundFor(options, steps);
  try {
    const place = {
      client: patientClient(ground.client, systemClock, signal),
      app: application.name,
      namespace: ground.namespace,
      context: ground.context,
    };
    if (options.dryRun) {
      const last = await (await ledgerOf(place)).lastGood();
      const known = await runningImages(images, ground, last, options);
      const { plan, door } = await planFor(application, known, ground, options, steps);
      return { ...result(place, door.url), image: undefined, built: false, plan, outcome: undefined };
    }
    await confirmProduction([ground.context, ground.namespace], `Deploy ${application.name} to it`, options);
    return await underLease(place, `deploying ${application.name}`, steps, signal, async (lease, trace) => {
      const ledger = await ledgerOf(place);
      const around = surroundings(place, ledger, lease, steps, signal, options);
      await settleUnfinished(ledger, around, trace, steps, options);
      // Servers' images are fetched, or assembled, while the app's own are built.
      const known = await runningImages(images, ground, await ledger.lastGood(), options);
      const [built] = await bothOrFirstFault(
        provideImages(known, ground, options, steps, signal),
        fetchOthers(application, ground, steps, signal),
      );
      const told = { image: frontImage(application, built)?.reference, built: built.some(({ isNew }) => isNew) };
      const { plan, request, door } = await planFor(application, built, ground, options, steps);
      if (plan.steps.length === 0) {
        const last = await ledger.lastGood();
        steps.line(`${application.name} is as wanted already${last ? ` (v${last.number})` : ''}; no release is made`);
        return { ...result(place, door.url), ...told, plan, outcome: undefined };
      }
      for (const note of plan.notes) steps.line(`  ! ${note}`);
      await checkRights(place.client, plan, request.objects);
      const outcome = await startRelease(request, plan, around);
      tellOutcome(outcome, steps);
      return { ...result(place, door.url), ...told, plan, outcome };
    });
  } finally {
    ground.close();
  }
}

/** What a script reads. */
export function deployJson({ app, namespace, context, url, plan, outcome }: DeployResult): object {
  const { steps, notes, canGoBack } = plan;
  return {
    app,
    namespace,
    context,
    url,
    strategy: plan.strategy,
    plan: { steps, notes },
    canGoBack,
    release: outcome && outcomeJson(undefined, outcome),
  };
}

function result({ app, namespace, context }: ReleasePlace, url: string | undefined) {
  return { app, namespace, context, url };
}

function checkOptions(options: DeployOptions): void {
  const wrong = (flag: string, fault: string, wayOut: string): UserError =>
    new UserError(flag, fault, wayOut, { exitStatus: 2 });
  if (options.strategy !== undefined && !STRATEGIES.some((each) => each === options.strategy)) {
    throw wrong('--strategy', `"${options.strategy}" is none`, `There are: ${STRATEGIES.join(', ')}`);
  }
  for (const [flag, text] of [
    ['--rate', options.rate],
    ['--replicas', options.replicas],
  ] as const) {
    if (text !== undefined && !/^[1-9]\d{0,4}$/.test(text)) {
      throw wrong(flag, `"${text}" is not a number from 1 to 99999`, `Write it as ${flag} 3.`);
    }
  }
  timeoutMs(options);
  if (typeof options.hold === 'string') secondsOf('--hold', options.hold);
  if (options.steps !== undefined) canaryStepsOf('--steps', options.steps);
  if (options.image !== undefined && options.patchBase) {
    throw wrong('--patch-base', 'builds the image anew, and --image names one that is built', 'Leave one of them out.');
  }
}

async function findGroundFor(options: DeployOptions, steps: Steps): Promise<Ground> {
  const { findGround } = await import('./up-ground.ts');
  const finding = steps.start('cluster');
  // Nothing is pushed where the image is there already.
  const registry = options.registry ?? (options.image !== undefined || options.dryRun ? 'image' : undefined);
  const ground = await findGround(
    { ...options, ...(registry === undefined ? {} : { registry }), lookOnly: options.dryRun ?? false },
    (line) => finding.progress(line),
  );
  finding.done(ground.label);
  return ground;
}

async function planFor(
  application: Application,
  images: readonly PlannedImage[],
  ground: Ground,
  options: DeployOptions,
  steps: Steps,
): Promise<{ plan: Plan; request: ReleaseRequest; door: Door }> {
  const { client, namespace } = ground;
  const door = await wayIn(ground, application.name, options);
  const references = new Map(images.map((image) => [image.build.name, referenceOf(image, ground)]));
  const own = frontImage(application, images);
  const { objects, notes } = objectsOf(application, {
    namespace,
    ordering: 'runner',
    imageOf: (build) => references.get(build) ?? build,
    ...(options.replicas === undefined ? {} : { replicas: Number(options.replicas) }),
    ...(own ? { sourceHash: own.plan.context.hash } : {}),
    secrets: await existingSecrets(
      client,
      namespace,
      application.name,
      application.secrets.map(({ name }) => name),
    ),
    ...door.options,
  });
  for (const note of notes) steps.line(`  ! ${note}`);
  const request = requestOf(application, objects, options, namespace, door, own && referenceOf(own, ground), own);
  const ledger = await ledgerOf({ client, app: application.name, namespace, context: ground.context });
  const live = await readLive(client, request, await ledger.lastGood());
  return { plan: planRelease(request, live), request, door };
}

function requestOf(
  application: Application,
  objects: readonly Manifest[],
  options: DeployOptions,
  namespace: string,
  door: Door,
  image: string | undefined,
  own: PlannedImage | undefined,
): ReleaseRequest {
  const { release, front } = application;
  const strategy = STRATEGIES.find((each) => each === (options.strategy ?? release.strategy)) ?? 'rolling';
  const { hold } = options;
  if ((options.prove || options.rate !== undefined) && door.url === undefined) {
    throw new UserError('--prove', 'nothing leads into the cluster from here', 'Give the app a host: --host NAME.');
  }
  return {
    app: application.name,
    namespace,
    strategy,
    objects,
    front,
    image,
    imageDigest: own?.digest,
    sourceHash: own?.plan.context.hash,
    smokePaths: front === undefined ? [] : release.smokePaths.length > 0 ? release.smokePaths : ['/'],
    url: door.url,
    hold: { seconds: hold === undefined ? HOLD_SECONDS : hold === true ? undefined : secondsOf('--hold', hold) },
    canary: options.steps === undefined ? (release.canary ?? CANARY_DEFAULT) : canaryStepsOf('--steps', options.steps),
    ...(release.gates ? { gates: release.gates } : {}),
    ...(options.prove || options.rate !== undefined ? { ratePerSecond: Number(options.rate ?? RATE) } : {}),
    ...(release.migrations ? { migrations: release.migrations } : {}),
  };
}

/** Both run to their end even when one fails, so that nothing goes on behind the error; then the first fault is thrown. */
async function bothOrFirstFault<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === 'rejected') throw a.reason;
  if (b.status === 'rejected') throw b.reason;
  return [a.value, b.value];
}

interface Door {
  readonly url: string | undefined;
  readonly options: Pick<ObjectsOptions, 'host' | 'defaultRoute'>;
}

/**
 * How the app is reached: on the machine's cluster by NAME.localhost and, when no other app has it, by the bare address
 * (see docs/decisions/0008-url-of-an-app.md); elsewhere by --host only.
 */
export async function wayIn(ground: Ground, name: string, options: Pick<DeployOptions, 'host'>): Promise<Door> {
  if (!ground.local) {
    const host = options.host;
    return host === undefined ? { url: undefined, options: {} } : { url: ground.urlOf(host), options: { host } };
  }
  const host = options.host ?? `${name}.localhost`;
  const { items } = await ground.client.list<Ingress>(kinds.ingresses);
  const takenByOther = items.some(
    ({ metadata, spec }) =>
      !(metadata.labels?.[INSTANCE_LABEL] === name && metadata.namespace === ground.namespace) &&
      (spec?.defaultBackend !== undefined || (spec?.rules ?? []).some((rule) => !rule.host)),
  );
  if (takenByOther) return { url: ground.urlOf(host), options: { host } };
  return { url: ground.urlOf('127.0.0.1'), options: { host, defaultRoute: true } };
}
