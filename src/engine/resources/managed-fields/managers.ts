import { applyConflict, type ManagedFieldsEntry, type Schema, type StatusError } from '../../kinds/index.ts';
import type { Mutable, Plain } from '../object.ts';
import { compareObjects, fieldSetOf, type Owned } from './compare.ts';
import { difference, type FieldTree, intersection, isEmpty, paths, same, union } from './field-tree.ts';
import { fieldsLastApplied, KUBECTL } from './last-applied.ts';
import { mergeValue, pruneValue } from './merge.ts';

const UPDATERS_MAX = 10;
const OLDEST = 'ancient-changes';
const EMPTY: FieldTree = Object.freeze({});

/** Who writes, in which version and on which subresource. */
export interface Writer {
  readonly manager: string;
  readonly apiVersion: string;
  /** Empty for the main resource. */
  readonly subresource: string;
  /** metav1.Time. */
  readonly now: string;
}

/** What a write sees of managed fields. */
export interface Scope {
  readonly schema: Schema;
  readonly owned: Owned;
}

/** The fields that a write to this path owns: not the status on the main resource, nothing but it on /status. */
export function ownedOn(subresource: string, hasStatus: boolean): Owned {
  if (subresource === 'status') return (field) => field === 'status' || field === 'metadata';
  return hasStatus ? (field) => field !== 'status' : () => true;
}

interface Managed {
  readonly entry: ManagedFieldsEntry;
  readonly fields: FieldTree;
}

function managedOf(entries: readonly ManagedFieldsEntry[] | undefined): Managed[] {
  return (entries ?? []).map((entry) => ({ entry, fields: (entry.fieldsV1 ?? EMPTY) as FieldTree }));
}

const isWriter = (entry: ManagedFieldsEntry, writer: Writer, operation: string) =>
  entry.operation === operation &&
  entry.manager === writer.manager &&
  (entry.subresource ?? '') === writer.subresource &&
  (operation === 'Apply' || entry.apiVersion === writer.apiVersion);

/**
 * Sets `after.metadata.managedFields` for a create or update: the writer owns what it added or changed, nobody what it
 * removed. A client may send the list itself; `[{}]` begins anew.
 */
export function trackUpdate(before: Mutable | undefined, after: Mutable, scope: Scope, writer: Writer): void {
  const sent = after.metadata.managedFields;
  const reset = sent?.length === 1 && sent[0] !== undefined && Object.keys(sent[0]).length === 0;
  const entries = reset
    ? []
    : sent && sent.length > 0 && sent !== before?.metadata.managedFields
      ? sent
      : before?.metadata.managedFields;
  const { changed, removed } = compareObjects((before ?? {}) as Plain, after, scope.schema, scope.owned);
  if (isEmpty(changed) && isEmpty(removed)) {
    setEntries(after, entries ?? []);
    return;
  }
  const made: Managed[] = [];
  let own: Managed | undefined;
  for (const managed of managedOf(entries)) {
    let fields = isEmpty(removed) ? managed.fields : difference(managed.fields, removed);
    if (isWriter(managed.entry, writer, 'Update')) {
      own = { entry: managed.entry, fields };
      continue;
    }
    fields = difference(fields, changed);
    if (!isEmpty(fields)) made.push(fields === managed.fields ? managed : { entry: managed.entry, fields });
  }
  const fields = union(own?.fields ?? EMPTY, changed);
  if (!isEmpty(fields)) {
    // The time moves only when the writer took something.
    const time = isEmpty(changed) ? own?.entry.time : writer.now;
    made.push({ entry: entryOf(writer, 'Update', time), fields });
  }
  setEntries(after, cap(made, writer.now).map(toEntry));
}

export interface ApplyOutcome {
  readonly object: Mutable;
  /** Nothing but managed fields may differ from the live object. */
  readonly entries: readonly ManagedFieldsEntry[];
}

/**
 * Server-side apply: lays `config` over `live`, takes out what this manager applied before and no one owns now, and
 * settles who owns what.
 * @throws StatusError 409 with one cause a conflicting field, unless `force`.
 */
export function applyConfiguration(
  live: Mutable | undefined,
  config: Mutable,
  scope: Scope,
  writer: Writer,
  force: boolean,
): ApplyOutcome {
  const others: Managed[] = [];
  let last: Managed | undefined;
  let known = managedOf(live?.metadata.managedFields);
  if (live && known.length === 0) known = [beforeFirstApply(live, scope, writer)];
  for (const managed of known) {
    if (isWriter(managed.entry, writer, 'Apply')) last = managed;
    else others.push(managed);
  }
  const set = fieldSetOf(config, scope.schema, scope.owned);
  let merged = (live ? mergeValue(withoutManaged(live), config, scope.schema) : config) as Mutable;
  if (last) {
    const owned = others.reduce((all, one) => union(all, one.fields), set);
    merged = pruneValue(merged, last.fields, owned, scope.schema) as Mutable;
  }
  const { changed, removed } = compareObjects((live ?? {}) as Plain, merged, scope.schema, scope.owned);
  const conflicts = others
    .map((managed) => ({ managed, fields: intersection(managed.fields, changed) }))
    .filter(({ fields }) => !isEmpty(fields));
  if (conflicts.length > 0 && !force) refuseConflicts(conflicts, live, scope, writer);
  const made: Managed[] = [];
  for (const managed of others) {
    const fields = difference(difference(managed.fields, changed), removed);
    if (!isEmpty(fields)) made.push(fields === managed.fields ? managed : { entry: managed.entry, fields });
  }
  const untouched = isEmpty(changed) && isEmpty(removed) && last !== undefined && same(last.fields, set);
  if (!isEmpty(set)) {
    made.push(untouched && last ? last : { entry: entryOf(writer, 'Apply', writer.now), fields: set });
  }
  return { object: merged, entries: made.map(toEntry).sort(entryOrder) };
}

/** An object that nobody's fields are known of counts as written by one who came before. */
function beforeFirstApply(live: Mutable, scope: Scope, writer: Writer): Managed {
  const who = { manager: 'before-first-apply', apiVersion: live.apiVersion, subresource: '', now: writer.now };
  return { entry: entryOf(who, 'Update', writer.now), fields: fieldSetOf(live, scope.schema, scope.owned) };
}

function withoutManaged(object: Mutable): Mutable {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** What kubectl applied itself, before it did so on the server's side, is no conflict. */
function refuseConflicts(
  conflicts: readonly { managed: Managed; fields: FieldTree }[],
  live: Mutable | undefined,
  scope: Scope,
  writer: Writer,
): void {
  const allowed = live && writer.manager === KUBECTL ? fieldsLastApplied(live, scope) : undefined;
  const left = allowed
    ? conflicts
        .map(({ managed, fields }) => ({ managed, fields: difference(fields, allowed) }))
        .filter(({ fields }) => !isEmpty(fields))
    : conflicts;
  if (left.length > 0) throw conflictOf(left);
}

function conflictOf(conflicts: readonly { managed: Managed; fields: FieldTree }[]): StatusError {
  const found = conflicts.flatMap(({ managed, fields }) =>
    paths(fields).map((path) => ({ path, manager: managerText(managed.entry) })),
  );
  const causes = found.map(({ path, manager }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${manager}`,
    field: path,
  }));
  return applyConflict(conflictText(found), causes);
}

/** The order and words of structured-merge-diff's Conflicts. */
function conflictText(found: readonly { path: string; manager: string }[]): string {
  const first = found[0];
  const several = found.length > 1 ? 'conflicts' : 'conflict';
  if (first && found.length === 1) {
    return `Apply failed with 1 ${several}: conflict with ${first.manager}: ${first.path}`;
  }
  const byManager = new Map<string, string[]>();
  for (const { path, manager } of found) byManager.set(manager, [...(byManager.get(manager) ?? []), path]);
  const lines = [...byManager]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([manager, fields]) =>
      fields.length === 1
        ? `conflict with ${manager}: ${fields[0]}`
        : [`conflicts with ${manager}:`, ...fields.sort().map((field) => `- ${field}`)].join('\n'),
    );
  return `Apply failed with ${found.length} ${several}: ${lines.join('\n')}`;
}

function managerText(entry: ManagedFieldsEntry): string {
  const name = JSON.stringify(entry.manager ?? '');
  if (entry.operation === 'Apply')
    return entry.subresource ? `${name} with subresource ${JSON.stringify(entry.subresource)}` : name;
  const subresource = entry.subresource ? ` with subresource ${JSON.stringify(entry.subresource)}` : '';
  const time = entry.time ? ` at ${entry.time}` : '';
  return `${name}${subresource} using ${entry.apiVersion ?? ''}${time}`;
}

function entryOf(writer: Writer, operation: 'Apply' | 'Update', time: string | undefined): ManagedFieldsEntry {
  return {
    manager: writer.manager,
    operation,
    apiVersion: writer.apiVersion,
    ...(time !== undefined && { time }),
    fieldsType: 'FieldsV1',
    ...(writer.subresource && { subresource: writer.subresource }),
  };
}

function toEntry({ entry, fields }: Managed): ManagedFieldsEntry {
  if (entry.fieldsV1 === fields) return entry;
  const { manager, operation, apiVersion, time, subresource } = entry;
  return {
    ...(manager !== undefined && { manager }),
    ...(operation !== undefined && { operation }),
    ...(apiVersion !== undefined && { apiVersion }),
    ...(time !== undefined && { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: fields,
    ...(subresource && { subresource }),
  };
}

function setEntries(object: Mutable, entries: readonly ManagedFieldsEntry[]): void {
  if (entries.length === 0) delete object.metadata.managedFields;
  else object.metadata.managedFields = [...entries].sort(entryOrder);
}

/** Many who update are kept apart up to a bound; the oldest of them share one entry past it. */
function cap(managed: Managed[], now: string): Managed[] {
  const updaters = managed.filter(({ entry }) => entry.operation === 'Update');
  if (updaters.length <= UPDATERS_MAX) return managed;
  const oldest = [...updaters]
    .sort((a, b) => entryOrder(a.entry, b.entry))
    .slice(0, updaters.length - UPDATERS_MAX + 1);
  const rest = managed.filter((one) => !oldest.includes(one));
  const byVersion = new Map<string, Managed>();
  for (const one of oldest) {
    const apiVersion = one.entry.apiVersion ?? '';
    const known = byVersion.get(apiVersion);
    byVersion.set(apiVersion, {
      entry: entryOf({ manager: OLDEST, apiVersion, subresource: '', now }, 'Update', one.entry.time),
      fields: known ? union(known.fields, one.fields) : one.fields,
    });
  }
  return [...rest, ...byVersion.values()];
}

/** Upstream's order: appliers first, then by time, name, version and subresource. */
function entryOrder(a: ManagedFieldsEntry, b: ManagedFieldsEntry): number {
  const keys = ['operation', 'time', 'manager', 'apiVersion', 'subresource'] as const;
  for (const key of keys) {
    const [one, two] = [a[key] ?? '', b[key] ?? ''];
    if (one !== two) return one < two ? -1 : 1;
  }
  return 0;
}
