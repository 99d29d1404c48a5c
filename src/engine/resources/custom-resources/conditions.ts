import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
} from '../../kinds/index.ts';

/** Keeps a definition until its objects are gone. */
export const CLEANUP = 'customresourcecleanup.apiextensions.k8s.io';

/** Sets a condition; its time moves only when its status changes. */
export function setCondition(
  definition: CustomResourceDefinition,
  condition: Omit<CustomResourceDefinitionCondition, 'lastTransitionTime'>,
  now: string,
): void {
  const conditions = definition.status.conditions ?? [];
  const before = conditions.find((one) => one.type === condition.type);
  const lastTransitionTime = before?.status === condition.status ? (before.lastTransitionTime ?? now) : now;
  const made = { lastTransitionTime, ...condition };
  definition.status.conditions = before
    ? conditions.map((one) => (one === before ? made : one))
    : [...conditions, made];
}

export function hasCondition(definition: CustomResourceDefinition, type: string): boolean {
  return definition.status?.conditions?.some((one) => one.type === type && one.status === 'True') ?? false;
}

/** Settles the names against those of the group's other definitions, and establishes the definition when they are free. */
export function settleNames(
  definition: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
  now: string,
): void {
  const taken = takenNames(definition, others);
  const { names } = definition.spec;
  const accepted: CustomResourceDefinitionNames = { ...(definition.status.acceptedNames ?? { plural: '', kind: '' }) };
  const conflicts: { reason: string; message: string }[] = [];
  const conflict = (reason: string, name: string) =>
    conflicts.push({ reason, message: `${JSON.stringify(name)} is already in use` });
  if (taken.plurals.has(names.plural)) conflict('PluralConflict', names.plural);
  else accepted.plural = names.plural;
  if (names.singular && taken.plurals.has(names.singular)) conflict('SingularConflict', names.singular);
  else if (names.singular) accepted.singular = names.singular;
  const shortNames = (names.shortNames ?? []).filter((one) => !taken.plurals.has(one));
  const clashing = (names.shortNames ?? []).filter((one) => taken.plurals.has(one));
  if (clashing.length > 0) conflict('ShortNamesConflict', clashing.join(','));
  else if (shortNames.length > 0) accepted.shortNames = shortNames;
  else delete accepted.shortNames;
  if (taken.kinds.has(names.kind)) conflict('KindConflict', names.kind);
  else accepted.kind = names.kind;
  if (names.listKind && taken.kinds.has(names.listKind)) conflict('ListKindConflict', names.listKind);
  else if (names.listKind) accepted.listKind = names.listKind;
  if (names.categories) accepted.categories = names.categories;
  else delete accepted.categories;

  definition.status.acceptedNames = accepted;
  // Of several conflicts the last one found is told.
  const conflicting = conflicts.at(-1);
  const accept = conflicting
    ? {
        type: 'NamesAccepted',
        status: 'False',
        reason: conflicting.reason,
        message: conflicting.message,
      }
    : { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' };
  setCondition(definition, accept, now);
  if (hasCondition(definition, 'Established')) return;
  const establish = conflicting
    ? { status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' }
    : { status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' };
  setCondition(definition, { type: 'Established', ...establish }, now);
}

function takenNames(
  { metadata, spec }: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
): { plurals: Set<string>; kinds: Set<string> } {
  const [plurals, kinds] = [new Set<string>(), new Set<string>()];
  for (const other of others) {
    if (other.metadata.name === metadata.name || other.spec.group !== spec.group) continue;
    const names = other.status?.acceptedNames;
    if (!names) continue;
    for (const name of [names.plural, names.singular, ...(names.shortNames ?? [])]) if (name) plurals.add(name);
    for (const kind of [names.kind, names.listKind]) if (kind) kinds.add(kind);
  }
  return { plurals, kinds };
}
