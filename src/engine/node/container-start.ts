import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '../../base/index.ts';
import type { Image } from '../images/index.ts';
import type { Pod } from '../kinds/index.ts';
import type { ContainerSpec, Mount } from '../runtime/index.ts';
import { attemptId, containerDirectory, terminationPath, writeAttempt } from './attempt-record.ts';
import { containerSpec } from './container-spec.ts';
import { ConfigError, containerEnvironment } from './environment.ts';
import type { NodeFacts } from './field-path.ts';
import { podHostNames } from './host-files.ts';
import { PodEnds } from './pod-core.ts';
import { SandboxError } from './pod-prepare.ts';
import { type ContainerPlace, containerHash, containerPath } from './pod-spec.ts';
import type { Attempt } from './pod-state.ts';
import { containerLogPath, podDirectory, type Scope } from './scope.ts';
import { containerUser } from './user.ts';
import { containerMounts } from './volumes/container-mounts.ts';
import type { PodVolumes } from './volumes/pod-volumes.ts';

const DEFAULT_TERMINATION_PATH = '/dev/termination-log';
/** The exit code and reason of a container whose first program could not be run (containerd's). */
const START_ERROR = { exitCode: 128, reason: 'StartError' };

export interface StartRequest {
  readonly scope: Scope;
  readonly pod: Pod;
  readonly place: ContainerPlace;
  readonly number: number;
  readonly image: Image;
  /** The pod's address, when it has one. */
  readonly address: Promise<string>;
  facts(): NodeFacts;
  readonly volumes: PodVolumes;
  readonly targetContainerId: string | undefined;
  /** Asked before each step that cannot be taken back. @throws when the pod is to end */
  checkWanted(): void;
}

/**
 * Makes and starts a container. The attempt that comes back runs, or has ended with StartError where its program could not
 * be run. @throws ConfigError when the spec cannot be fulfilled now
 */
export async function startContainer(request: StartRequest): Promise<Attempt> {
  const { scope, pod, place, number, image } = request;
  const { container } = place;
  const { runtime } = scope.options;
  const part = containerPath(place);
  const uid = pod.metadata.uid;
  const spec = await describe(request);
  request.checkWanted();
  let attempt: Attempt = {
    id: spec.id,
    number,
    specHash: containerHash(container),
    image: image.names[0] ?? container.image ?? '',
    imageId: image.digest ? `${repositoryOf(image.names[0] ?? container.image ?? '')}@${image.digest}` : image.id,
    createdAtMs: scope.context.clock.now(),
    startedAtMs: undefined,
    user: spec.user,
    exit: undefined,
  };
  const keep = async (): Promise<void> => {
    if (!scope.hollow) await writeAttempt(scope, uid, container.name, attempt);
  };
  try {
    await Promise.all([runtime.create(spec), keep()]);
    scope.recorder.event(pod, 'Normal', 'Created', 'Container created', part);
    await request.address;
    request.checkWanted();
    await runtime.start(spec.id);
    attempt = { ...attempt, startedAtMs: scope.context.clock.now() };
    scope.recorder.event(pod, 'Normal', 'Started', 'Container started', part);
  } catch (error) {
    if (error instanceof PodEnds || error instanceof SandboxError) {
      await runtime.remove(spec.id);
      throw error;
    }
    const message = messageOf(error);
    scope.recorder.event(pod, 'Warning', 'Failed', `Error: ${message}`, part);
    await runtime.remove(spec.id);
    const nowMs = scope.context.clock.now();
    attempt = { ...attempt, exit: { ...START_ERROR, message, finishedAtMs: nowMs } };
  }
  await keep();
  return attempt;
}

async function describe(request: StartRequest): Promise<ContainerSpec> {
  const { scope, pod, place, number, image, volumes } = request;
  const { container } = place;
  if (showsAddress(container)) await request.address;
  const uid = pod.metadata.uid;
  const [environment, user] = await Promise.all([
    containerEnvironment(scope, pod, container, request.facts(), (name, path) => readVolumeFile(volumes, name, path)),
    scope.hollow ? { uid: 0, gid: 0, additionalGids: [], home: '/' } : containerUser(pod, container, image),
  ]);
  const logPath = containerLogPath(scope, pod, container.name, number);
  const mounts = scope.hollow ? [] : await allMounts(request, environment);
  if (!scope.hollow) await mkdir(dirname(logPath), { recursive: true });
  return containerSpec({
    id: attemptId(uid, container.name, number),
    pod,
    container,
    image,
    user,
    environment,
    mounts,
    logPath,
    hostname: podHostNames(pod, scope.options.clusterDomain, scope.options.addresses.hostname).hostname,
    memoryCapacityBytes: scope.options.capacity.memoryBytes,
    targetContainerId: request.targetContainerId,
  });
}

/** Volumes, the files the kubelet manages in /etc, and the file for the termination message. */
async function allMounts(
  { scope, pod, place, number, volumes }: StartRequest,
  environment: ReadonlyMap<string, string>,
): Promise<Mount[]> {
  const { container } = place;
  const mounts = await containerMounts(container, (name) => volumes.get(name), environment);
  const taken = new Set(mounts.map(({ target }) => target));
  const directory = podDirectory(scope, pod.metadata.uid);
  for (const name of ['hosts', 'resolv.conf', 'hostname']) {
    if (!taken.has(`/etc/${name}`))
      mounts.push({ source: join(directory, 'etc', name), target: `/etc/${name}`, readOnly: false, type: 'bind' });
  }
  const termination = terminationPath(scope, pod.metadata.uid, container.name, number);
  await mkdir(containerDirectory(scope, pod.metadata.uid, container.name), { recursive: true });
  await writeFile(termination, '');
  await chmod(termination, 0o666);
  mounts.push({
    source: termination,
    target: container.terminationMessagePath || DEFAULT_TERMINATION_PATH,
    readOnly: false,
    type: 'bind',
  });
  return mounts;
}

async function readVolumeFile(volumes: PodVolumes, name: string, path: string): Promise<string | undefined> {
  const volume = volumes.get(name);
  if (!volume) throw new ConfigError(`cannot find volume "${name}"`);
  const { readFile, realpath } = await import('node:fs/promises');
  const [root, full] = await Promise.all([
    realpath(volume.path),
    realpath(join(volume.path, path)).catch(() => undefined),
  ]);
  return full?.startsWith(`${root}/`) ? readFile(full, 'utf8') : undefined;
}

function repositoryOf(name: string): string {
  const withoutDigest = name.split('@')[0] ?? name;
  const colon = withoutDigest.lastIndexOf(':');
  return colon > withoutDigest.lastIndexOf('/') ? withoutDigest.slice(0, colon) : withoutDigest;
}

function showsAddress({ env = [] }: ContainerPlace['container']): boolean {
  return env.some(({ valueFrom }) => valueFrom?.fieldRef?.fieldPath.startsWith('status.podIP'));
}
