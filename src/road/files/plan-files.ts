import { relative } from 'node:path';
import { CONFIGURATION_ANNOTATION, type Manifest, objectsOf, SETTINGS_LABEL } from '../manifests/index.ts';
import type { Application, Build } from '../model/index.ts';
import type { BuildPlan, Environment, FilePlan, FilesOptions, SettingFiles, Workload } from './contract.ts';
import { PIPELINES } from './contract.ts';
import { isMap, mapStrings, podSpecOf } from './objects.ts';
import { randomPassword, secretFilesOf } from './secret-lines.ts';
import { fitsLine } from './setting-lines.ts';

/** Stands in the objects where the namespace of the environment is meant. */
const NAMESPACE = 'wherry-namespace';
/** Of what stands in the base; each overlay and each deploy says its own. */
export const BASE_TAG = 'development';

/** Everything that the files of an application say, decided once. `directory` is the app's folder. */
export function planFilesOf(application: Application, directory: string, options: FilesOptions): FilePlan {
  const front = application.parts.find(({ name }) => name === application.front);
  const { name } = application;
  const host = options.host ?? front?.way?.host ?? `${name}.example.com`;
  const builds = application.builds.map((build) => buildPlan(build, application, directory, options.registry));
  const tokens = new Map<string, number>();
  const { objects } = objectsOf(withoutHost(application), {
    namespace: NAMESPACE,
    imageOf: (build) => `${builds.find((one) => one.name === build)?.image ?? build}:${BASE_TAG}`,
    ordering: 'objects',
    host,
    // Each password is known again where it is part of another value.
    password: () => {
      const token = `wherryRandom${String(tokens.size).padStart(6, '0')}x`;
      tokens.set(token, tokens.size);
      return token;
    },
  });
  const own = objects.filter(({ kind }) => kind !== 'Namespace');
  const plain = own.filter(({ kind }) => kind !== 'Secret').map(inAnyNamespace);
  const { settings, rest } = takeSettings(plain);
  const images = new Set(builds.map(({ image }) => `${image}:${BASE_TAG}`));
  const workloads = rest.flatMap((object) => workloadOf(object, images));
  return {
    name,
    objects: rest,
    settings,
    secrets: secretFilesOf(
      own.filter(({ kind }) => kind === 'Secret'),
      application,
      new Set(tokens.keys()),
    ),
    version:
      application.version
        ?.replace(/[^\w.-]/g, '-')
        .replace(/^[.-]+/, '')
        .slice(0, 128) || undefined,
    builds,
    workloads,
    front: workloads.find((workload) => workload.name === application.front),
    host,
    hosts: hostsOf(name, host),
    smokePaths: application.release.smokePaths.length > 0 ? application.release.smokePaths : ['/'],
    pipelines: options.pipelines ?? PIPELINES,
    makefile: options.makefile ?? 'Makefile',
    helm: options.helm ?? false,
    composeFile: options.composeFile ?? 'compose.yaml',
    environmentFile: options.composeFile === undefined ? (options.environmentFile ?? '.env') : undefined,
    password: options.password ?? randomPassword,
  };
}

function hostsOf(name: string, host: string): Record<Environment, string> {
  return { development: `${name}.localhost`, staging: `staging.${host}`, production: host };
}

/** The front's own host is a wish for production; each environment says its own. */
function withoutHost(application: Application): Application {
  return {
    ...application,
    parts: application.parts.map((part) => {
      if (part.name !== application.front || part.way?.host === undefined) return part;
      const { host: _, ...way } = part.way;
      return { ...part, way };
    }),
  };
}

function buildPlan(build: Build, application: Application, directory: string, registry: string | undefined): BuildPlan {
  const image = build.name === application.name ? build.name : `${application.name}-${build.name}`;
  const context = relative(directory, build.directory) || '.';
  const dockerfile = build.dockerfile
    ? relative(directory, build.dockerfile)
    : [relative(directory, build.directory), 'Dockerfile'].filter(Boolean).join('/');
  return {
    name: build.name,
    image: `${registry ?? 'localhost'}/${image}`,
    context,
    // In a monorepo the context lies above; what wherry writes stays in the app's folder.
    dockerfile: dockerfile.startsWith('..') ? 'Dockerfile' : dockerfile,
  };
}

/** The object without its namespace; a script that asks the API for its own takes it from its pod. */
function inAnyNamespace(object: Manifest): Manifest {
  const { namespace: _, annotations, ...metadata } = object.metadata;
  const without = mapStrings(
    { ...object, metadata: { ...metadata, ...(annotations ? { annotations } : {}) } },
    (text) => text.replaceAll(`/namespaces/${NAMESPACE}/`, '/namespaces/$POD_NAMESPACE/'),
  ) as Manifest;
  const pod = podSpecOf(without);
  if (!pod) return withoutSubjectNamespace(without);
  const template = pod.template as { metadata?: { annotations?: Record<string, string> } };
  if (template.metadata?.annotations) {
    delete template.metadata.annotations[CONFIGURATION_ANNOTATION];
    if (Object.keys(template.metadata.annotations).length === 0) delete template.metadata.annotations;
  }
  for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
    if (!JSON.stringify(container.command ?? []).includes('$POD_NAMESPACE')) continue;
    const field = { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } };
    container.env = [...(container.env ?? []), field];
  }
  return without;
}

/** kustomize puts the environment's in. */
function withoutSubjectNamespace(object: Manifest): Manifest {
  const { subjects } = object;
  if (!Array.isArray(subjects)) return object;
  return {
    ...object,
    subjects: subjects.map((subject: unknown) => {
      if (!isMap(subject)) return subject;
      const { namespace: _, ...rest } = subject;
      return rest;
    }),
  };
}

/** ConfigMaps of what is kept running become files of kustomize; those of Jobs stay as they are, like the Jobs themselves. */
function takeSettings(objects: readonly Manifest[]): { settings: SettingFiles[]; rest: Manifest[] } {
  const settings: SettingFiles[] = [];
  const names = new Map<string, string>();
  const kept = JSON.stringify(
    objects.filter(({ kind }) => /^(?:Deployment|StatefulSet|DaemonSet|CronJob)$/.test(kind)),
  );
  const isTaken = (object: Manifest): boolean =>
    object.kind === 'ConfigMap' && object.binaryData === undefined && kept.includes(`"${object.metadata.name}"`);
  for (const object of objects.filter(isTaken)) {
    const labels = { ...object.metadata.labels };
    const name = labels[SETTINGS_LABEL] ?? object.metadata.name;
    const entries = Object.entries(isMap(object.data) ? (object.data as Record<string, string>) : {});
    names.set(object.metadata.name, name);
    settings.push({
      name,
      labels,
      lines: entries.filter(([key, value]) => fitsLine(key, value)),
      files: entries.filter(([key, value]) => !fitsLine(key, value)),
    });
  }
  const rest = objects
    .filter((object) => !isTaken(object))
    .map((object) => mapStrings(object, (text) => names.get(text) ?? text) as Manifest);
  return { settings, rest };
}

function workloadOf(object: Manifest, images: ReadonlySet<string>): Workload[] {
  const { kind } = object;
  if (kind !== 'Deployment' && kind !== 'StatefulSet' && kind !== 'DaemonSet') return [];
  const container = podSpecOf(object)?.spec.containers.find(({ image }) => images.has(image ?? ''));
  if (!container) return [];
  const spec = isMap(object.spec) ? object.spec : {};
  const strategy = isMap(spec.strategy) ? spec.strategy.type : undefined;
  const replicas = typeof spec.replicas === 'number' ? spec.replicas : 1;
  const single = strategy === 'Recreate' || kind !== 'Deployment';
  return [{ kind, name: object.metadata.name, container: container.name, replicas, single }];
}
