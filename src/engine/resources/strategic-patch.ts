import { badRequest, type Field, type Schema, StatusError } from '../kinds/index.ts';
import { equal, isPlain, type Plain } from './object.ts';

const DIRECTIVE = '$patch';
const RETAIN_KEYS = '$retainKeys';
const DELETE_PRIMITIVES = '$deleteFromPrimitiveList/';
const ELEMENT_ORDER = '$setElementOrder/';
const ANY: Schema = { type: 'any' };

/**
 * Strategic merge patch, by the patchStrategy and patchMergeKey of the schema (apimachinery's strategicpatch). Directives:
 * `$patch: delete|replace|merge`, `$retainKeys`, `$deleteFromPrimitiveList/x`, `$setElementOrder/x`. Shares what does not
 * change.
 * @throws StatusError 400, 422 for directives that cannot be followed
 */
export function strategicPatch(target: unknown, patch: unknown, schema: Schema): unknown {
  if (!isPlain(patch)) throw badRequest('json: cannot unmarshal array into Go value of type map[string]interface {}');
  return mergeMap(isPlain(target) ? target : {}, patch, schema);
}

function mergeMap(target: Plain, patch: Plain, schema: Schema): Plain {
  const directive = patch[DIRECTIVE];
  if (directive !== undefined) {
    if (directive === 'replace') return withoutDirectives(patch) as Plain;
    if (directive === 'delete') return {};
    if (directive !== 'merge') throw badDirective(directive);
  }
  const made: Plain = { ...target };
  retain(made, patch);
  for (const [key, value] of Object.entries(patch)) {
    if (key === DIRECTIVE || key === RETAIN_KEYS || key.startsWith(ELEMENT_ORDER)) continue;
    if (key.startsWith(DELETE_PRIMITIVES)) {
      const name = key.slice(DELETE_PRIMITIVES.length);
      // The same patch may add to the list, which is done with the list's own key.
      if (!(name in patch)) setList(made, name, withoutItems(listOf(made[name]), value), patch, target);
      continue;
    }
    if (value === null) {
      delete made[key];
      continue;
    }
    const field = schema.fields?.[key];
    const below = field?.schema ?? schema.items ?? ANY;
    if (isPlain(value)) {
      const replaces = field?.patchStrategy?.includes('replace') ?? false;
      made[key] = isPlain(made[key]) && !replaces ? mergeMap(made[key], value, below) : mergeMap({}, value, below);
      if (value[DIRECTIVE] === 'delete' && Object.keys(made[key] as Plain).length === 0) delete made[key];
    } else if (Array.isArray(value)) {
      if (field?.patchStrategy?.includes('merge')) made[key] = mergeList(key, made[key], value, patch, field);
      else made[key] = replacedList(value);
    } else made[key] = value;
  }
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(ELEMENT_ORDER)) continue;
    const name = key.slice(ELEMENT_ORDER.length);
    if (name in patch || `${DELETE_PRIMITIVES}${name}` in patch) continue;
    const field = schema.fields?.[name];
    if (Array.isArray(made[name]))
      made[name] = ordered(made[name], listOf(patch[key]), made[name], field?.patchMergeKey);
  }
  return made;
}

function setList(made: Plain, name: string, list: unknown[], patch: Plain, target: Plain): void {
  const order = patch[`${ELEMENT_ORDER}${name}`];
  made[name] = order === undefined ? list : ordered(list, listOf(order), listOf(target[name]), undefined);
}

/** Only the keys named stay, of those that are there. */
function retain(made: Plain, patch: Plain): void {
  const kept = patch[RETAIN_KEYS];
  if (kept === undefined) return;
  const names = new Set(listOf(kept));
  for (const key of Object.keys(patch)) {
    if (key !== RETAIN_KEYS && key !== DIRECTIVE && patch[key] !== null && !names.has(key)) {
      throw badPatch(`invalid patch format of retainKeys: ${JSON.stringify(patch)}`);
    }
  }
  for (const key of Object.keys(made)) if (!names.has(key)) delete made[key];
}

function mergeList(name: string, target: unknown, patch: unknown[], parent: Plain, field: Field): unknown[] {
  const current = listOf(target);
  const order = parent[`${ELEMENT_ORDER}${name}`];
  const key = field.patchMergeKey;
  if (key === undefined || !isPlain(patch[0] ?? current[0])) {
    const dropped = parent[`${DELETE_PRIMITIVES}${name}`];
    const kept = dropped === undefined ? [...current] : withoutItems(current, dropped);
    const added = patch.filter((one) => !kept.some((other) => equal(one, other)));
    const whole = [...kept, ...unique(added)];
    return ordered(whole, order === undefined ? patch : listOf(order), current, undefined);
  }
  if (patch.some((one) => isPlain(one) && one[DIRECTIVE] === 'replace' && one[key] === undefined)) {
    return patch.filter((one) => !(isPlain(one) && one[DIRECTIVE] !== undefined)).map(withoutDirectives);
  }
  let made = [...current];
  const items = field.schema.items ?? ANY;
  for (const one of patch) {
    if (!isPlain(one)) throw badPatch(`expected element of the list ${name} to be a map`);
    const id = one[key];
    if (id === undefined) throw badPatch(`map: ${JSON.stringify(one)} does not contain declared merge key: ${key}`);
    const same = (other: unknown) => isPlain(other) && equal(other[key], id);
    const directive = one[DIRECTIVE];
    if (directive === 'delete') {
      made = made.filter((other) => !same(other));
      continue;
    }
    const at = made.findIndex(same);
    const before = made[at];
    if (directive === 'replace' || at < 0) {
      const item = directive === 'replace' ? (withoutDirectives(one) as Plain) : mergeMap({}, one, items);
      if (at < 0) made.push(item);
      else made[at] = item;
    } else made[at] = mergeMap(before as Plain, one, items);
  }
  // Without an order of its own a patch orders by its items: new ones come before those it does not name.
  const given = patch.filter((one) => isPlain(one) && one[DIRECTIVE] === undefined);
  return ordered(made, order === undefined ? given : listOf(order), current, key);
}

/** A list without merge strategy replaces; its `$patch: replace` element only says so. */
function replacedList(list: readonly unknown[]): unknown[] {
  return list
    .filter((one) => !(isPlain(one) && one[DIRECTIVE] !== undefined && Object.keys(one).length === 1))
    .map(withoutDirectives);
}

/**
 * The order asked for, or the patch's own. An item that it does not name goes before a named one only where it stood before it in `server`,
 * the list as it was (upstream's mergeSortedSlice).
 */
function ordered(
  list: readonly unknown[],
  order: readonly unknown[],
  server: readonly unknown[],
  mergeKey: string | undefined,
): unknown[] {
  const idOf = (item: unknown) => JSON.stringify(mergeKey !== undefined && isPlain(item) ? item[mergeKey] : item);
  const placesOf = (items: readonly unknown[]) => new Map(items.map((item, at) => [idOf(item), at]));
  const [wanted, stood] = [placesOf(order), placesOf(server)];
  const named = list.filter((item) => wanted.has(idOf(item)));
  named.sort((a, b) => (wanted.get(idOf(a)) ?? 0) - (wanted.get(idOf(b)) ?? 0));
  const made: unknown[] = [];
  let next = 0;
  for (const item of list.filter((one) => !wanted.has(idOf(one)))) {
    const place = stood.get(idOf(item));
    for (; next < named.length; next++) {
      const other = stood.get(idOf(named[next]));
      if (place !== undefined && other !== undefined && place < other) break;
      made.push(named[next]);
    }
    made.push(item);
  }
  return [...made, ...named.slice(next)];
}

function withoutItems(list: readonly unknown[], dropped: unknown): unknown[] {
  const gone = listOf(dropped);
  return list.filter((one) => !gone.some((other) => equal(one, other)));
}

function unique(list: readonly unknown[]): unknown[] {
  return list.filter((one, at) => list.findIndex((other) => equal(one, other)) === at);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** New values must not carry directives (nor nulls) into the object. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives);
  if (!isPlain(value)) return value;
  const made: Plain = {};
  for (const [key, one] of Object.entries(value)) {
    if (key === DIRECTIVE || key === RETAIN_KEYS || one === null) continue;
    if (key.startsWith(ELEMENT_ORDER) || key.startsWith(DELETE_PRIMITIVES)) continue;
    made[key] = withoutDirectives(one);
  }
  return made;
}

function badDirective(directive: unknown): StatusError {
  return badPatch(`unknown patch type found: ${JSON.stringify(directive)}`);
}

function badPatch(message: string): StatusError {
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason: 'BadRequest',
    code: 400,
  });
}
