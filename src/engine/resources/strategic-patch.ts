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
      if (!(name in patch)) setList(made, name, withoutItems(listOf(made[name]), value), patch);
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
    if (Array.isArray(made[name])) made[name] = ordered(made[name], listOf(patch[key]), field?.patchMergeKey);
  }
  return made;
}

function setList(made: Plain, name: string, list: unknown[], patch: Plain): void {
  const order = patch[`${ELEMENT_ORDER}${name}`];
  made[name] = order === undefined ? list : ordered(list, listOf(order), undefined);
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
    return order === undefined ? whole : ordered(whole, listOf(order), undefined);
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
  return order === undefined ? made : ordered(made, listOf(order), key);
}

/** A list without merge strategy replaces; its `$patch: replace` element only says so. */
function replacedList(list: readonly unknown[]): unknown[] {
  return list
    .filter((one) => !(isPlain(one) && one[DIRECTIVE] !== undefined && Object.keys(one).length === 1))
    .map(withoutDirectives);
}

/**
 * The order asked for; items that it does not name keep their place relative to the named ones around them: each stays
 * behind the item it stood behind.
 */
function ordered(list: readonly unknown[], order: readonly unknown[], mergeKey: string | undefined): unknown[] {
  const idOf = (item: unknown) => JSON.stringify(mergeKey !== undefined && isPlain(item) ? item[mergeKey] : item);
  const wanted = order.map(idOf);
  const place = new Map(wanted.map((id, at) => [id, at]));
  const named = list.filter((item) => place.has(idOf(item)));
  named.sort((a, b) => (place.get(idOf(a)) ?? 0) - (place.get(idOf(b)) ?? 0));
  const made: unknown[] = [];
  let next = 0;
  const others = list.filter((item) => !place.has(idOf(item)));
  const positions = new Map(list.map((item, at) => [item, at]));
  for (const item of others) {
    const at = positions.get(item) ?? 0;
    while (next < named.length && (positions.get(named[next]) ?? 0) < at) made.push(named[next++]);
    made.push(item);
  }
  made.push(...named.slice(next));
  return made;
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
