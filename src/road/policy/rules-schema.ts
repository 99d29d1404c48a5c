import {
  applyDefaults,
  conform,
  copy,
  faultBody,
  type KubeObject,
  type ResourceInfo,
  type Schema,
  validateObjectMeta,
} from '../../engine/kinds/index.ts';
import type { Hit, Path, PolicyRule, Scope, Subject } from './contract.ts';
import { pathOf } from './documents.ts';
import { isMap, resourceOf } from './subjects.ts';
import { nearest, versionOf } from './versions.ts';

/** What an API server would refuse, or silently drop. */
export const SCHEMA_RULES: readonly PolicyRule[] = [
  {
    id: 'unknown-field',
    severity: 'error',
    kinds: [],
    what: 'a field that the kind does not have',
    why: 'A cluster refuses it, or drops it without a word: what it was meant to do does not happen.',
    fix: 'Take it away, or move it where it belongs: kubectl explain KIND --recursive',
    *find(subject) {
      for (const { path, schema, field } of walk(subject).unknown) {
        const meant = nearest(field, Object.keys(schema.fields ?? {}));
        yield {
          path,
          message: `unknown field ${textOf(path)}`,
          ...(meant === undefined ? {} : { fix: `Did you mean ${meant}?` }),
        };
      }
    },
  },
  {
    id: 'wrong-type',
    severity: 'error',
    kinds: [],
    what: 'a value of another type than the field has',
    why: 'A cluster refuses the whole object.',
    fix: 'Write the value as the type says; quote a text that looks like a number or like true.',
    *find(subject) {
      for (const { path, message } of walk(subject).mistyped) yield { path, message };
    },
  },
  {
    id: 'duplicate-field',
    severity: 'error',
    kinds: [],
    what: 'a key that stands twice',
    why: 'Only one of the two counts, and programs differ on which.',
    fix: 'Keep one of them.',
    *find(subject) {
      for (const text of subject.at.length === 0 ? subject.document.duplicates : [])
        yield { path: pathOf(/"(.+)"/.exec(text)?.[1] ?? ''), message: text };
    },
  },
  {
    id: 'invalid-value',
    severity: 'error',
    kinds: [],
    what: 'a value that the API does not take, or a field that lacks',
    why: 'A cluster refuses the whole object.',
    fix: 'Mend the value as the message says.',
    *find(subject, scope) {
      yield* invalid(subject, scope);
    },
  },
  {
    id: 'unknown-kind',
    severity: 'warning',
    kinds: [],
    what: 'a kind that is neither of Kubernetes nor defined beside it',
    why: 'Nothing can be said of its fields, and a cluster without its definition refuses it.',
    fix: 'Mind the spelling; a custom kind needs its CustomResourceDefinition in the cluster first.',
    *find(subject, scope) {
      if (resourceOf(subject.apiVersion, subject.kind) || versionOf(subject)) return;
      const defined = scope.ofKind('CustomResourceDefinition').some(({ object }) => {
        const spec = isMap(object.spec) ? object.spec : {};
        return isMap(spec.names) && spec.names.kind === subject.kind;
      });
      if (!defined) yield { path: ['kind'], message: `${subject.apiVersion} ${subject.kind} is not known here` };
    },
  },
  {
    id: 'removed-api',
    severity: 'error',
    kinds: [],
    what: 'an API version that clusters serve no more',
    why: 'A cluster of today refuses the object.',
    fix: 'Use the version that took its place.',
    *find(subject) {
      const old = versionOf(subject);
      if (old?.removed)
        yield {
          path: ['apiVersion'],
          message: `${subject.apiVersion} ${subject.kind} is gone since Kubernetes ${old.removed}`,
          fix: old.instead,
        };
    },
  },
  {
    id: 'deprecated-api',
    severity: 'warning',
    kinds: [],
    what: 'an API version that will go, or is off unless a cluster turns it on',
    why: 'The object works today on some clusters only.',
    fix: 'Use the stable version.',
    *find(subject) {
      const info = resourceOf(subject.apiVersion, subject.kind);
      if (info?.deprecation) yield { path: ['apiVersion'], message: info.deprecation };
      else if (info && !info.onByDefault)
        yield {
          path: ['apiVersion'],
          message: `${subject.apiVersion} ${subject.kind} is not stable: most clusters do not serve it`,
        };
    },
  },
  {
    id: 'duplicate-name',
    severity: 'error',
    kinds: [],
    what: 'two objects of one kind with one name',
    why: 'The later one replaces the earlier one.',
    fix: 'Give one of them another name or take it away.',
    *find(subject, scope) {
      const group = (one: Subject): string => one.apiVersion.replace(/\/?[^/]+$/, '');
      const first = scope.subjects.find(
        (one) =>
          one.kind === subject.kind &&
          one.name === subject.name &&
          one.namespace === subject.namespace &&
          group(one) === group(subject),
      );
      if (first && first !== subject && subject.name !== '')
        yield {
          path: ['metadata', 'name'],
          message: `stands in ${first.document.file}:${first.document.lineOf([...first.at, 'metadata', 'name'])} already`,
        };
    },
  },
];

interface Walked {
  readonly unknown: { path: Path; schema: Schema; field: string }[];
  readonly mistyped: { path: Path; message: string }[];
}

const walked = new WeakMap<Subject, Walked>();

/** Each fault with its exact place, which the decoder's own words do not carry. */
function walk(subject: Subject): Walked {
  const known = walked.get(subject);
  if (known) return known;
  const result: Walked = { unknown: [], mistyped: [] };
  const info = resourceOf(subject.apiVersion, subject.kind);
  if (info && !info.custom) into(subject.written, info.schema, [], result);
  walked.set(subject, result);
  return result;
}

function into(value: unknown, schema: Schema, path: Path, result: Walked): void {
  if (value === null || value === undefined || schema.type === 'any') return;
  if (schema.type === 'object' && isMap(value)) {
    if (!schema.fields) return;
    for (const [key, inner] of Object.entries(value)) {
      const field = schema.fields[key];
      if (field) into(inner, field.schema, [...path, key], result);
      else if (!schema.preserveUnknownFields) result.unknown.push({ path: [...path, key], schema, field: key });
    }
  } else if (schema.type === 'map' && isMap(value)) {
    for (const [key, inner] of Object.entries(value))
      if (schema.items) into(inner, schema.items, [...path, key], result);
  } else if (schema.type === 'list' && Array.isArray(value)) {
    value.forEach((inner, index) => {
      if (schema.items) into(inner, schema.items, [...path, index], result);
    });
  } else if (conform(value, schema).typeFaults.length > 0) {
    const shown = JSON.stringify(value) ?? String(value);
    result.mistyped.push({
      path,
      message: `${textOf(path)} must be ${WORDS[schema.type]}, and is ${shown.length > 60 ? `${shown.slice(0, 60)}…` : shown}`,
    });
  }
}

const WORDS: Readonly<Record<Schema['type'], string>> = {
  object: 'a map of fields',
  map: 'a map of texts',
  list: 'a list',
  string: 'a text (quote it)',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false, without quotes',
  bytes: 'base64',
  time: 'a time like 2026-01-31T12:00:00Z',
  microTime: 'a time like 2026-01-31T12:00:00.000000Z',
  quantity: 'a quantity like 100m, 512Mi or 2',
  intOrString: 'a whole number or a text',
  any: 'a value',
};

/** The API's own validation, on the object as a create would see it. */
function* invalid(subject: Subject, scope: Scope): Iterable<Hit> {
  const info = resourceOf(subject.apiVersion, subject.kind);
  if (!info || walk(subject).mistyped.length > 0) return;
  if (!scope.partial && subject.generated && subject.kind !== 'ConfigMap' && subject.kind !== 'Secret') return;
  const object = copy(subject.object) as unknown as KubeObject & { metadata: Record<string, unknown> };
  if (!isMap(object.metadata)) Object.assign(object, { metadata: {} });
  if (info.namespaced) object.metadata.namespace ??= 'default';
  // A create gives it one, and puts it into labels of Jobs.
  object.metadata.uid ??= '00000000-0000-4000-8000-000000000000';
  const seen = new Set<string>();
  for (const fault of faultsOf(object, info)) {
    const path = pathOf(fault.path);
    const message = `${fault.path}: ${faultBody(fault)}`;
    if (!seen.has(message)) yield { path, message };
    seen.add(message);
  }
}

function faultsOf(object: KubeObject, info: ResourceInfo): ReturnType<typeof validateObjectMeta> {
  applyDefaults(object, info);
  info.behaviour.prepareForCreate?.(object);
  const own = info.onByDefault ? (info.behaviour.validate?.(object) ?? []) : [];
  return [...validateObjectMeta(object.metadata, info), ...own];
}

function textOf(path: Path): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  );
}
