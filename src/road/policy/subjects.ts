import {
  type Catalogue,
  type Container,
  conform,
  createCatalogue,
  type PodSpec,
  type ResourceInfo,
} from '../../engine/kinds/index.ts';
import type { ContainerView, Path, PodView, Scope, SourceDocument, Subject } from './contract.ts';

let catalogue: Catalogue | undefined;

/** Every resource of v1.36, versions included that a cluster does not serve by itself. */
export function resourceOf(apiVersion: string, kind: string): ResourceInfo | undefined {
  catalogue ??= createCatalogue({ runtimeConfig: { 'api/all': true } });
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/', 2) : ['', apiVersion];
  return catalogue.findKind(group ?? '', version ?? '', kind);
}

const PODS_AT: Readonly<Record<string, Path>> = {
  Pod: ['spec'],
  Deployment: ['spec', 'template', 'spec'],
  StatefulSet: ['spec', 'template', 'spec'],
  DaemonSet: ['spec', 'template', 'spec'],
  ReplicaSet: ['spec', 'template', 'spec'],
  ReplicationController: ['spec', 'template', 'spec'],
  Job: ['spec', 'template', 'spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
};

/** The objects of a document: itself, or what its List holds. Documents that are no object give none. */
export function subjectsOf(document: SourceDocument, generated = false): Subject[] {
  const { value } = document;
  if (!isMap(value)) return [];
  if (/List$/.test(String(value.kind)) && Array.isArray(value.items)) {
    return value.items.flatMap((item, index) => subjectOf(item, document, ['items', index], generated) ?? []);
  }
  const subject = subjectOf(value, document, [], generated);
  return subject ? [subject] : [];
}

function subjectOf(value: unknown, document: SourceDocument, at: Path, generated: boolean): Subject | undefined {
  if (!isMap(value) || typeof value.apiVersion !== 'string' || typeof value.kind !== 'string') return undefined;
  const { apiVersion, kind } = value;
  const info = resourceOf(apiVersion, kind);
  const conformed = info ? conform(value, info.schema).object : value;
  const object = isMap(conformed) ? conformed : value;
  const metadata = isMap(object.metadata) ? object.metadata : {};
  const made: Subject = {
    apiVersion,
    kind,
    name: textOf(metadata.name) ?? textOf(metadata.generateName) ?? '',
    namespace: textOf(metadata.namespace),
    written: value,
    object,
    document,
    at,
    pod: podOf(kind, object),
    generated,
  };
  return made;
}

function podOf(kind: string, object: Readonly<Record<string, unknown>>): PodView | undefined {
  const path = Object.hasOwn(PODS_AT, kind) ? PODS_AT[kind] : undefined;
  if (!path) return undefined;
  const spec = valueAt(object, path);
  if (!isMap(spec)) return undefined;
  const labels = valueAt(object, [...path.slice(0, -1), 'metadata', 'labels']);
  const containers = (field: 'containers' | 'initContainers'): ContainerView[] => {
    const list = spec[field];
    if (!Array.isArray(list)) return [];
    return list.filter(isMap).map((container, index) => ({
      container: container as unknown as Container,
      path: [...path, field, index],
      initial: field === 'initContainers' && container.restartPolicy !== 'Always',
    }));
  };
  return {
    spec: spec as unknown as PodSpec,
    path,
    labels: isMap(labels) ? (labels as Record<string, string>) : {},
    containers: [...containers('initContainers'), ...containers('containers')],
  };
}

/** What is applied together. `partial`: only some files were named. */
export function scopeOf(subjects: readonly Subject[], partial: boolean): Scope {
  const scope: Scope = {
    subjects,
    partial,
    ofKind: (...kinds) => subjects.filter(({ kind }) => kinds.includes(kind)),
    find: (kind, name, from) =>
      subjects.find((subject) => subject.kind === kind && subject.name === name && together(subject, from)),
    withPods: (selector, from) =>
      subjects.filter(({ pod, ...subject }) => pod && selects(selector, pod.labels) && together(subject, from)),
    servicesOf: (subject) =>
      subject.pod
        ? scope.ofKind('Service').filter((service) => {
            const selector = selectorOf(service);
            return selector && subject.pod && selects(selector, subject.pod.labels) && together(service, subject);
          })
        : [],
  };
  return scope;
}

/** The plain selector of a Service; undefined when it has none. */
export function selectorOf(service: Subject): Readonly<Record<string, string>> | undefined {
  const selector = valueAt(service.object, ['spec', 'selector']);
  return isMap(selector) && Object.keys(selector).length > 0 ? (selector as Record<string, string>) : undefined;
}

function selects(selector: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

function together(one: Pick<Subject, 'namespace'>, other: Pick<Subject, 'namespace'>): boolean {
  return one.namespace === other.namespace || one.namespace === undefined || other.namespace === undefined;
}

export function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string | number, unknown>)[step];
  }
  return at;
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
