import type { Schema } from '../../kinds/index.ts';
import { isPlain, type Plain } from '../object.ts';
import { type FieldTree, isMember } from './field-tree.ts';
import { formOf, itemSchema, itemsOf, schemaBelow, stepOf } from './structure.ts';

const NOTHING: FieldTree = {};

/** structured-merge-diff's merge: the live value with the applied one laid over it. Shares what does not change. */
export function mergeValue(live: unknown, applied: unknown, schema: Schema): unknown {
  if (applied === undefined) return live;
  if (applied === null || live === undefined || live === null) return applied;
  const form = formOf(schema, applied);
  if (form === 'leaf' || form !== formOf(schema, live)) return applied;
  if (form === 'list') return mergeList(live, applied, schema);
  const made: Plain = { ...(live as Plain) };
  for (const [key, value] of Object.entries(applied as Plain)) {
    made[key] = mergeValue(made[key], value, schemaBelow(schema, key));
  }
  return made;
}

/** Items of both, the applied order leading, items of the live list alone staying where they were. */
function mergeList(live: unknown, applied: unknown, schema: Schema): unknown[] {
  const [left, right] = [itemsOf(live, schema), itemsOf(applied, schema)];
  const [leftSteps, rightSteps] = [[...left.keys()], [...right.keys()]];
  const shared = rightSteps.filter((step) => left.has(step));
  const items = itemSchema(schema);
  const made: unknown[] = [];
  let [leftAt, rightAt, sharedAt] = [0, 0, 0];
  while (leftAt < leftSteps.length || rightAt < rightSteps.length) {
    const leftStep = leftSteps[leftAt];
    const rightStep = rightSteps[rightAt];
    if (leftStep !== undefined && leftStep !== rightStep) {
      if (!right.has(leftStep)) {
        made.push(left.get(leftStep));
        leftAt++;
        continue;
      }
      if (leftStep !== shared[sharedAt]) {
        leftAt++;
        continue;
      }
    }
    if (rightStep === undefined) break;
    made.push(mergeValue(left.get(rightStep), right.get(rightStep), items));
    if (leftStep === rightStep) leftAt++;
    if (rightStep === shared[sharedAt]) sharedAt++;
    rightAt++;
  }
  return made;
}

/**
 * Takes out what the manager applied before and nobody owns now.
 * `last`: its former set; `owned`: the sets of all managers now, the applying one's new set included.
 */
export function pruneValue(value: unknown, last: FieldTree, owned: FieldTree, schema: Schema): unknown {
  if (Array.isArray(value)) {
    if (formOf(schema, value) !== 'list') return value;
    const items = itemSchema(schema);
    const made: unknown[] = [];
    for (const item of value) {
      const step = stepOf(item, schema);
      const [before, now] = [last[step], owned[step]];
      if (!before) made.push(item);
      // An item is kept by who owns the item, not by who owns a field of it.
      else if (now && (isMember(now) || !isMember(before))) made.push(pruneValue(item, before, now, items));
    }
    return made;
  }
  if (!isPlain(value)) return value;
  let made: Plain | undefined;
  for (const step in last) {
    if (!step.startsWith('f:')) continue;
    const key = step.slice(2);
    const below = value[key];
    const [before, now] = [last[step], owned[step]];
    if (below === undefined || !before) continue;
    // Who owned a field of a map without owning the map takes the field with it, never the map: others' fields are there.
    // A field that the schema names goes as a whole, with what was defaulted below it (structured-merge-diff's
    // EnsureNamedFieldsAreMembers): a probe taken away must not leave its default scheme and threshold behind. Metadata
    // stays: every configuration has a name in it, which no set of fields keeps.
    const named = key !== 'metadata' && schema.fields !== undefined && Object.hasOwn(schema.fields, key);
    const gone = !now && (isMember(before) || named || (!isPlain(below) && !Array.isArray(below)));
    const kept = gone ? undefined : pruneValue(below, before, now ?? NOTHING, schemaBelow(schema, key));
    if (kept === below) continue;
    made ??= { ...value };
    if (kept === undefined) delete made[key];
    else made[key] = kept;
  }
  // A map that has lost its last field is gone, as structured-merge-diff's removing walker has it.
  if (made && Object.keys(made).length === 0) return undefined;
  return made ?? value;
}
