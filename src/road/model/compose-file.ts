import { relative, resolve } from 'node:path';
import { Document, isScalar, Pair, YAMLMap } from 'yaml';
import { composeHealth } from './compose-health.ts';
import { composeMounts } from './compose-mounts.ts';
import { type ComposeSecrets, composeSecrets } from './compose-secrets.ts';
import { withSeedsAtFirstStart } from './compose-seed.ts';
import { sourceLine, withoutDollars } from './compose-texts.ts';
import type { Application, Build, Need, Part } from './contract.ts';

export interface ComposeFileOptions {
  /** Full path of the folder the file will stand in; that of the first build when not given. */
  readonly directory?: string;
  /** Put the Dockerfiles that wherry wrote into the file; without, they are taken to stand in their folders. */
  readonly inline?: boolean;
}

/**
 * The compose.yaml that runs an application on a laptop: the same images, variables, probes and order as in a cluster.
 * Passwords come from `.env`, see environmentExampleOf. Names of parts are the hosts that they are reached by.
 */
export function composeFileOf(wanted: Application, options: ComposeFileOptions = {}): string {
  const application = withSeedsAtFirstStart(wanted);
  const directory = options.directory ?? application.builds[0]?.directory ?? process.cwd();
  const secrets = composeSecrets(application);
  const configs = new Map<string, object>();
  const fileSecrets = new Map<string, object>();
  const volumes = new Map<string, object | null>();
  const services = new Map<string, object>();
  for (const part of application.parts) {
    const mounts = composeMounts(application, part, secrets);
    for (const [name, config] of mounts.configs) configs.set(name, config);
    for (const [name, secret] of mounts.fileSecrets) fileSecrets.set(name, secret);
    for (const [name, volume] of mounts.volumes) volumes.set(name, volume);
    services.set(part.name, {
      ...imageOf(application, part, directory, options.inline ?? false),
      ...commandOf(part),
      ...environmentOf(application, part, secrets),
      ...portsOf(application, part),
      ...mounts.service,
      ...healthOf(application, part),
      ...needsOf(application, part),
      ...runningOf(application, part),
    });
  }
  const document = new Document(
    {
      name: application.name,
      services: Object.fromEntries(services),
      ...(volumes.size > 0 ? { volumes: Object.fromEntries(volumes) } : {}),
      ...(configs.size > 0 ? { configs: Object.fromEntries(configs) } : {}),
      ...(fileSecrets.size > 0 ? { secrets: Object.fromEntries(fileSecrets) } : {}),
    },
    // What reads the file may know YAML 1.1, where `on` and `22:22` are no texts.
    { version: '1.1', aliasDuplicateObjects: false },
  );
  document.commentBefore = [
    ' Written by wherry from the same model as the Kubernetes objects.',
    ...(secrets.lines.length > 0 ? [' Passwords come from .env: cp .env.example .env, and fill it in.'] : []),
  ].join('\n');
  comment(document, application);
  return document.toString({ lineWidth: 0, directives: false });
}

/** The `.env.example` beside it: every variable the compose file asks for, hidden ones without a value. */
export function environmentExampleOf(application: Application): string {
  return composeSecrets(application)
    .lines.map((line) => `${line}\n`)
    .join('');
}

/** Where each part was found stands above it. */
function comment(document: Document, application: Application): void {
  const services = document.get('services');
  if (!(services instanceof YAMLMap)) return;
  for (const pair of services.items) {
    if (!(pair instanceof Pair) || !isScalar(pair.key)) continue;
    const name = pair.key.value;
    const part = application.parts.find((each) => each.name === name);
    if (part) pair.key.commentBefore = ` ${sourceLine(part.source)}`;
  }
}

function imageOf(application: Application, part: Part, directory: string, inline: boolean): object {
  if ('reference' in part.image) return { image: part.image.reference };
  const name = part.image.build;
  const build = application.builds.find((each) => each.name === name);
  return build ? { image: `localhost/${name}`, build: buildOf(build, directory, inline) } : { image: name };
}

function buildOf(build: Build, directory: string, inline: boolean): object {
  const context = relative(directory, build.directory) || '.';
  const dockerfile = build.dockerfile === undefined ? undefined : relative(build.directory, resolve(build.dockerfile));
  return {
    context: context.startsWith('.') ? context : `./${context}`,
    ...(dockerfile === undefined || dockerfile === 'Dockerfile' ? {} : { dockerfile }),
    ...(inline && build.text !== undefined ? { dockerfile_inline: withoutDollars(build.text) } : {}),
    ...(build.target === undefined ? {} : { target: build.target }),
    ...(Object.keys(build.arguments).length > 0
      ? {
          args: Object.fromEntries(Object.entries(build.arguments).map(([key, value]) => [key, withoutDollars(value)])),
        }
      : {}),
  };
}

/** What Kubernetes calls the command is the entrypoint here; without arguments of its own nothing of the image's follows. */
function commandOf(part: Part): object {
  return {
    ...(part.command ? { entrypoint: part.command.map(withoutDollars) } : {}),
    ...(part.arguments ? { command: part.arguments.map(withoutDollars) } : {}),
    ...(part.workingDirectory === undefined ? {} : { working_dir: part.workingDirectory }),
    ...(part.user && 'reference' in part.image
      ? { user: [part.user.userId, ...(part.user.groupId === undefined ? [] : [part.user.groupId])].join(':') }
      : {}),
  };
}

function environmentOf(application: Application, part: Part, secrets: ComposeSecrets): object {
  const entries = part.environment.flatMap(({ name, value }): (readonly [string, string])[] => {
    if (value.is === 'plain') return [[name, withoutDollars(outside(application, value.text))]];
    // Where a pod runs has no meaning on a laptop.
    return value.is === 'field' ? [] : [[name, secrets.textOf(value.set, value.key, value.optional ?? false)]];
  });
  const addresses = application.externals
    .filter(({ host }) => isAddress(host))
    .map(({ name, host }) => `${name}:${host}`);
  return {
    ...(entries.length > 0 ? { environment: Object.fromEntries(entries) } : {}),
    ...(addresses.length > 0 ? { extra_hosts: addresses } : {}),
  };
}

/** A server outside has its name in a cluster only; here its own DNS name is given. */
function outside(application: Application, text: string): string {
  const external = application.externals.find(({ name, host }) => name === text && !isAddress(host));
  return external?.host ?? text;
}

function isAddress(host: string): boolean {
  return /^[\d.]+$/.test(host) || host.includes(':');
}

function portsOf(application: Application, part: Part): object {
  const isFront = part.name === application.front;
  const published = part.ports.filter(
    (port) => isFront || port.published !== undefined || port.name === part.way?.port,
  );
  if (published.length === 0) return {};
  return {
    ports: published.map(({ published: own, target, protocol }) => {
      const suffix = protocol === 'TCP' ? '' : `/${protocol.toLowerCase()}`;
      return `127.0.0.1:${own ?? target}:${target}${suffix}`;
    }),
  };
}

function healthOf(application: Application, part: Part): object {
  const health = composeHealth(application, part);
  return health ? { healthcheck: health } : {};
}

const CONDITIONS: Readonly<Record<Need['condition'], string>> = {
  started: 'service_started',
  ready: 'service_healthy',
  completed: 'service_completed_successfully',
};

function needsOf(application: Application, part: Part): object {
  const needs = part.needs.flatMap(({ part: name, condition }) => {
    const other = application.parts.find((each) => each.name === name);
    if (!other) return [];
    // Without a check of its health nobody could tell when it is ready.
    const known = condition !== 'ready' || composeHealth(application, other) !== undefined;
    return [[name, { condition: known ? CONDITIONS[condition] : CONDITIONS.started }] as const];
  });
  return needs.length > 0 ? { depends_on: Object.fromEntries(needs) } : {};
}

function runningOf(application: Application, part: Part): object {
  const isJob = part.kind === 'job' || part.kind === 'cronjob';
  // The front part's port can be taken once only.
  const replicas = part.name === application.front || part.kind === 'daemonset' ? 1 : (part.replicas ?? 1);
  return {
    ...(part.aliases && part.aliases.length > 0 ? { networks: { default: { aliases: [...part.aliases] } } } : {}),
    ...(part.container?.securityContext?.readOnlyRootFilesystem ? { read_only: true } : {}),
    ...(part.gracePeriodSeconds === undefined ? {} : { stop_grace_period: `${part.gracePeriodSeconds}s` }),
    ...(replicas > 1 ? { deploy: { replicas } } : {}),
    // Nothing here keeps a schedule: docker compose run NAME.
    ...(part.kind === 'cronjob' ? { profiles: ['scheduled'] } : {}),
    restart: isJob ? 'no' : 'unless-stopped',
  };
}
