import type { Image } from '../images/index.ts';
import type { Pod } from '../kinds/index.ts';
import type { ContainerSpec, Mount } from '../runtime/index.ts';
import { ConfigError } from './environment.ts';
import { expand } from './expansion.ts';
import { containerLimits, oomScoreAdjust } from './limits.ts';
import type { AnyContainer } from './pod-spec.ts';
import type { ContainerUser } from './user.ts';

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface ContainerParts {
  readonly id: string;
  readonly pod: Pod;
  readonly container: AnyContainer;
  readonly image: Image;
  readonly user: ContainerUser;
  readonly environment: ReadonlyMap<string, string>;
  readonly mounts: readonly Mount[];
  readonly logPath: string;
  readonly hostname: string;
  readonly memoryCapacityBytes: number;
  readonly targetContainerId: string | undefined;
}

/** What the runtime is told of a container. @throws ConfigError when there is nothing to run */
export function containerSpec(parts: ContainerParts): ContainerSpec {
  const { pod, container, image } = parts;
  const context = container.securityContext ?? {};
  const privileged = context.privileged ?? false;
  const profile = context.seccompProfile ?? pod.spec.securityContext?.seccompProfile;
  return {
    id: parts.id,
    sandboxId: pod.metadata.uid,
    layerDirectories: image.layerDirectories,
    argv: commandLine(container, image, parts.environment),
    env: environmentLines(parts),
    workingDirectory: container.workingDir || image.config.workingDirectory || '/',
    user: { uid: parts.user.uid, gid: parts.user.gid, additionalGids: parts.user.additionalGids },
    mounts: parts.mounts,
    limits: containerLimits(container),
    tty: container.tty ?? false,
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    privileged,
    readOnlyRoot: context.readOnlyRootFilesystem ?? false,
    noNewPrivileges: context.allowPrivilegeEscalation === false,
    capabilities: {
      add: (context.capabilities?.add ?? []).map(plainCapability),
      drop: (context.capabilities?.drop ?? []).map(plainCapability),
    },
    seccomp: profile?.type === 'RuntimeDefault' ? 'RuntimeDefault' : 'Unconfined',
    maskedProc: context.procMount !== 'Unmasked',
    oomScoreAdjust: oomScoreAdjust(pod, container, parts.memoryCapacityBytes),
    logPath: parts.logPath,
    ...(parts.targetContainerId ? { targetContainerId: parts.targetContainerId } : {}),
  };
}

/** `command` replaces the image's entrypoint and its arguments; `args` alone replaces the arguments. */
export function commandLine(container: AnyContainer, image: Image, environment: ReadonlyMap<string, string>): string[] {
  const expanded = (words: readonly string[]) => words.map((word) => expand(word, (name) => environment.get(name)));
  const command = expanded(container.command ?? []);
  const args = expanded(container.args ?? []);
  const entrypoint = command.length > 0 ? command : [...image.config.entrypoint];
  const rest = command.length > 0 || args.length > 0 ? args : [...image.config.command];
  const argv = [...entrypoint, ...rest];
  if (argv.length === 0) throw new ConfigError('no command specified');
  return argv;
}

/** The image's variables under the pod's, with the few that every container has. */
function environmentLines({ image, environment, hostname, user, container }: ContainerParts): string[] {
  const merged = new Map<string, string>([
    ['PATH', DEFAULT_PATH],
    ['HOSTNAME', hostname],
  ]);
  if (container.tty) merged.set('TERM', 'xterm');
  for (const line of image.config.env) {
    const equals = line.indexOf('=');
    if (equals > 0) merged.set(line.slice(0, equals), line.slice(equals + 1));
  }
  for (const [name, value] of environment) merged.set(name, value);
  if (!merged.has('HOME')) merged.set('HOME', user.home);
  return [...merged].map(([name, value]) => `${name}=${value}`);
}

function plainCapability(name: string): string {
  return name.toUpperCase().replace(/^CAP_/, '');
}
