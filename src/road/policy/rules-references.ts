import type { EnvFromSource, EnvVar, Volume } from '../../engine/kinds/index.ts';
import type { Path, PolicyRule, PolicySeverity, Scope, Subject } from './contract.ts';
import { isMap } from './subjects.ts';

const WITH_PODS = [
  'Pod',
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'Job',
  'CronJob',
];

interface Reference {
  readonly kind: 'ConfigMap' | 'Secret' | 'PersistentVolumeClaim' | 'ServiceAccount';
  readonly name: string;
  readonly key?: string | undefined;
  readonly path: Path;
}

/** What pods name must be there. */
export const REFERENCE_RULES: readonly PolicyRule[] = [
  {
    id: 'reference-missing',
    severity: 'error',
    kinds: WITH_PODS,
    what: 'a ConfigMap, Secret, claim or account that is nowhere',
    why: 'The pod waits for it without end.',
    fix: 'Add it beside the others, or mind the name.',
    *find(subject, scope) {
      for (const reference of referencesOf(subject)) {
        if (scope.find(reference.kind, reference.name, subject) || isGiven(reference, subject)) continue;
        yield {
          path: reference.path,
          message: `there is no ${reference.kind} ${reference.name}`,
          ...elsewhere(reference, scope),
        };
      }
    },
  },
  {
    id: 'key-missing',
    severity: 'error',
    kinds: WITH_PODS,
    what: 'a key that its ConfigMap or Secret does not have',
    why: 'The pod waits for it without end.',
    fix: 'Add the key, or mind its spelling.',
    *find(subject, scope) {
      for (const { kind, name, key, path } of referencesOf(subject)) {
        const target = key === undefined ? undefined : scope.find(kind, name, subject);
        if (!target || key === undefined) continue;
        const keys = keysOf(target);
        // A generator that could not be run has no keys to compare with.
        if (keys.length === 0 && target.generated) continue;
        if (!keys.includes(key))
          yield { path, message: `${kind} ${name} has no key ${key} (it has ${keys.join(', ') || 'none'})` };
      }
    },
  },
];

/** A Secret is often, and rightly, kept apart from the files; whoever names single files has the rest elsewhere. */
function elsewhere(reference: Reference, scope: Scope): { severity?: PolicySeverity; fix?: string } {
  if (reference.kind === 'Secret')
    return {
      severity: 'warning',
      fix: `Make it before the pods: kubectl create secret generic ${reference.name} --from-env-file=FILE`,
    };
  return scope.partial ? { severity: 'warning' } : {};
}

/** Every namespace has the account `default` and the ConfigMap with the API's certificate. */
function isGiven({ kind, name }: Reference, subject: Subject): boolean {
  if (kind === 'ServiceAccount') return name === 'default';
  if (kind === 'ConfigMap') return name === 'kube-root-ca.crt';
  if (kind !== 'PersistentVolumeClaim' || subject.kind !== 'StatefulSet') return false;
  const templates = (subject.object.spec as { volumeClaimTemplates?: { metadata?: { name?: string } }[] } | undefined)
    ?.volumeClaimTemplates;
  return (templates ?? []).some(({ metadata }) => metadata?.name === name);
}

function keysOf({ object }: Subject): string[] {
  return ['data', 'binaryData', 'stringData'].flatMap((field) => {
    const values = object[field];
    return isMap(values) ? Object.keys(values) : [];
  });
}

function* referencesOf(subject: Subject): Iterable<Reference> {
  const { pod } = subject;
  if (!pod) return;
  for (const [index, volume] of (pod.spec.volumes ?? []).entries())
    yield* ofVolume(volume, [...pod.path, 'volumes', index]);
  for (const { container, path } of pod.containers) {
    for (const [index, source] of (container.envFrom ?? []).entries())
      yield* ofEnvironment(source, [...path, 'envFrom', index]);
    for (const [index, variable] of (container.env ?? []).entries())
      yield* ofVariable(variable, [...path, 'env', index]);
  }
  const account = pod.spec.serviceAccountName;
  if (account) yield { kind: 'ServiceAccount', name: account, path: [...pod.path, 'serviceAccountName'] };
  for (const [index, { name }] of (pod.spec.imagePullSecrets ?? []).entries())
    if (name) yield { kind: 'Secret', name, path: [...pod.path, 'imagePullSecrets', index] };
}

function* ofVolume(volume: Volume, path: Path): Iterable<Reference> {
  const { configMap, secret, persistentVolumeClaim, projected } = volume;
  if (configMap?.name && !configMap.optional) {
    yield { kind: 'ConfigMap', name: configMap.name, path: [...path, 'configMap', 'name'] };
    for (const [index, { key }] of (configMap.items ?? []).entries())
      yield { kind: 'ConfigMap', name: configMap.name, key, path: [...path, 'configMap', 'items', index] };
  }
  if (secret?.secretName && !secret.optional) {
    yield { kind: 'Secret', name: secret.secretName, path: [...path, 'secret', 'secretName'] };
    for (const [index, { key }] of (secret.items ?? []).entries())
      yield { kind: 'Secret', name: secret.secretName, key, path: [...path, 'secret', 'items', index] };
  }
  if (persistentVolumeClaim?.claimName)
    yield {
      kind: 'PersistentVolumeClaim',
      name: persistentVolumeClaim.claimName,
      path: [...path, 'persistentVolumeClaim', 'claimName'],
    };
  for (const [index, source] of (projected?.sources ?? []).entries()) {
    const at: Path = [...path, 'projected', 'sources', index];
    if (source.configMap?.name && !source.configMap.optional)
      yield { kind: 'ConfigMap', name: source.configMap.name, path: [...at, 'configMap', 'name'] };
    if (source.secret?.name && !source.secret.optional)
      yield { kind: 'Secret', name: source.secret.name, path: [...at, 'secret', 'name'] };
  }
}

function* ofEnvironment({ configMapRef, secretRef }: EnvFromSource, path: Path): Iterable<Reference> {
  if (configMapRef?.name && !configMapRef.optional)
    yield { kind: 'ConfigMap', name: configMapRef.name, path: [...path, 'configMapRef', 'name'] };
  if (secretRef?.name && !secretRef.optional)
    yield { kind: 'Secret', name: secretRef.name, path: [...path, 'secretRef', 'name'] };
}

function* ofVariable({ valueFrom }: EnvVar, path: Path): Iterable<Reference> {
  const configuration = valueFrom?.configMapKeyRef;
  const secret = valueFrom?.secretKeyRef;
  for (const [kind, field, reference] of [
    ['ConfigMap', 'configMapKeyRef', configuration],
    ['Secret', 'secretKeyRef', secret],
  ] as const) {
    if (!reference?.name || reference.optional) continue;
    const at: Path = [...path, 'valueFrom', field];
    yield { kind, name: reference.name, path: [...at, 'name'] };
    yield { kind, name: reference.name, key: reference.key, path: [...at, 'key'] };
  }
}
