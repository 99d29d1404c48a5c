import { bytesOf, durationMs } from './amounts.ts';
import type { ComposeMap, ComposeScalar, ComposeValue } from './contract.ts';
import { nearest } from './nearest.ts';
import { keyOf, type Path } from './path.ts';
import type { EitherShape, ListShape, MapShape, NamedShape, PairsShape, ScalarShape, Shape } from './shape.ts';
import { faultAt, flagOf, isNothing, numberOf, scalarOf, withText } from './value.ts';

/**
 * Holds a value against its shape and writes short forms out (`build: .` is `build: {context: .}`).
 * @throws UserError `file:line:column` for an unknown key, with the nearest known one, or a value of the wrong type
 */
export function checked(value: ComposeValue, shape: Shape, path: Path): ComposeValue {
  // What is taken away by `!reset` may be of any type.
  if (value.directive === 'reset') return value;
  if (isNothing(value) && !(shape.is === 'map' && shape.mayBeEmpty)) return value;
  switch (shape.is) {
    case 'scalar':
      return scalarChecked(value, shape, path);
    case 'map':
      return mapChecked(value, shape, path);
    case 'named':
      return namedChecked(value, shape, path);
    case 'list':
      return listChecked(value, shape, path);
    case 'pairs':
      return pairsChecked(value, shape, path);
    case 'command':
      return commandChecked(value, path);
    case 'either':
      return eitherChecked(value, shape, path);
  }
}

function scalarChecked(value: ComposeValue, shape: ScalarShape, path: Path): ComposeValue {
  const wanted = {
    text: 'a text',
    scalar: 'a text or a number',
    number: 'a number',
    flag: 'true or false',
    duration: 'a time such as 90s or 1m30s',
    bytes: 'a size such as 512m',
  }[shape.type];
  if (value.is !== 'scalar') throw wrongType(value, path, wanted);
  const bad =
    (shape.type === 'number' && numberOf(value) === undefined) ||
    (shape.type === 'flag' && flagOf(value) === undefined) ||
    (shape.type === 'duration' && durationMs(value.text) === undefined) ||
    (shape.type === 'bytes' && bytesOf(value.text) === undefined && value.text !== '-1');
  if (bad) throw wrongType(value, path, wanted);
  if (shape.oneOf && !shape.oneOf.includes(value.text)) {
    const near = nearest(value.text, shape.oneOf);
    throw faultAt(
      value.at,
      `${keyOf(path)} cannot be ${JSON.stringify(value.text)}`,
      `${near === undefined ? '' : `Did you mean ${near}? `}It is one of: ${shape.oneOf.join(', ')}.`,
    );
  }
  return value;
}

function mapChecked(value: ComposeValue, shape: MapShape, path: Path): ComposeValue {
  if (isNothing(value)) return { is: 'map', entries: new Map(), at: value.at };
  if (value.is === 'scalar' && shape.short !== undefined) {
    const inner = shape.keys[shape.short];
    const long = inner ? checked(value, inner, [...path, shape.short]) : value;
    return { is: 'map', entries: new Map([[shape.short, long]]), at: value.at };
  }
  if (value.is !== 'map') throw wrongType(value, path, shape.short === undefined ? 'a map' : 'a map or a text');
  const entries = new Map<string, ComposeValue>();
  for (const [key, each] of value.entries) {
    if (key.startsWith('x-')) {
      entries.set(key, each);
      continue;
    }
    const inner = Object.hasOwn(shape.keys, key) ? shape.keys[key] : undefined;
    if (!inner) throw unknownKey(key, each, shape, path);
    entries.set(key, checked(each, inner, [...path, key]));
  }
  for (const key of shape.required ?? []) {
    if (isNothing(entries.get(key)) && value.directive === undefined) {
      throw faultAt(value.at, `${keyOf(path)} has no ${key}`, `Give it one: ${key}: ...`);
    }
  }
  return { ...value, entries };
}

function unknownKey(key: string, value: ComposeValue, shape: MapShape, path: Path): Error {
  const known = Object.keys(shape.keys).sort();
  const near = nearest(key, known);
  const where = path.length === 0 ? 'a compose file' : keyOf(path);
  const all = known.length <= 12 ? `It knows: ${known.join(', ')}.` : '';
  const meant = near === undefined ? all : `Did you mean ${near}?`;
  return faultAt(
    value.at,
    `${where} has no key ${JSON.stringify(key)}`,
    `${meant} A key of your own begins with x-.`.trim(),
  );
}

function namedChecked(value: ComposeValue, shape: NamedShape, path: Path): ComposeValue {
  const named: [string, ComposeValue][] = [];
  if (value.is === 'list' && shape.fromList !== undefined) {
    for (const item of value.items) {
      if (item.is !== 'scalar') throw wrongType(item, path, 'a list of names');
      named.push([item.text, standsFor(item, shape.fromList)]);
    }
  } else if (value.is === 'map') named.push(...value.entries);
  else throw wrongType(value, path, shape.fromList === undefined ? 'a map' : 'a map or a list of names');
  const entries = new Map<string, ComposeValue>();
  for (const [name, each] of named) {
    if (name.startsWith('x-')) {
      entries.set(name, each);
      continue;
    }
    if (shape.names && !shape.names.test(name)) {
      throw faultAt(
        each.at,
        `${JSON.stringify(name)} cannot be a name in ${keyOf(path)}`,
        'Use letters, digits, . _ and -.',
      );
    }
    entries.set(name, checked(each, shape.of, [...path, name]));
  }
  return { is: 'map', entries, at: value.at, ...(value.directive ? { directive: value.directive } : {}) };
}

function standsFor(item: ComposeScalar, meaning: Readonly<Record<string, string | boolean>> | 'nothing'): ComposeValue {
  if (meaning === 'nothing') return scalarOf(null, item.at);
  const entries = Object.entries(meaning).map(([key, each]) => [key, scalarOf(each, item.at)] as const);
  return { is: 'map', entries: new Map(entries), at: item.at };
}

function listChecked(value: ComposeValue, shape: ListShape, path: Path): ComposeValue {
  if (value.is !== 'list') {
    if (!shape.orOne) throw wrongType(value, path, 'a list');
    return { is: 'list', items: [checked(value, shape.of, path)], at: value.at };
  }
  const items = value.items
    .filter((item) => !isNothing(item))
    .map((item, index) => checked(item, shape.of, [...path, index]));
  return { ...value, items };
}

function pairsChecked(value: ComposeValue, shape: PairsShape, path: Path): ComposeValue {
  const entries = new Map<string, ComposeValue>();
  if (value.is === 'map') {
    for (const [name, each] of value.entries) {
      if (each.is === 'scalar' || each.directive === 'reset') entries.set(name, each);
      else if (shape.colon && each.is === 'list') entries.set(name, each);
      else throw wrongType(each, [...path, name], 'a text or a number');
    }
  } else if (value.is === 'list') {
    for (const item of value.items) addPair(entries, item, shape, path);
  } else throw wrongType(value, path, 'a map, or a list of NAME=value');
  return { is: 'map', entries, at: value.at, ...(value.directive ? { directive: value.directive } : {}) };
}

function addPair(entries: Map<string, ComposeValue>, item: ComposeValue, shape: PairsShape, path: Path): void {
  if (item.is !== 'scalar') throw wrongType(item, path, 'a list of NAME=value');
  const { text } = item;
  const equals = text.indexOf('=');
  const split = equals < 0 && shape.colon ? text.indexOf(':') : equals;
  if (split < 0) {
    entries.set(text, scalarOf(null, item.at));
    return;
  }
  const name = text.slice(0, split);
  const value = withText(item, text.slice(split + 1));
  const earlier = entries.get(name);
  if (shape.colon && earlier) {
    const items = earlier.is === 'list' ? earlier.items : [earlier];
    entries.set(name, { is: 'list', items: [...items, value], at: earlier.at });
  } else entries.set(name, value);
}

function commandChecked(value: ComposeValue, path: Path): ComposeValue {
  if (value.is === 'map') throw wrongType(value, path, 'a text or a list of texts');
  if (value.is === 'list') {
    for (const item of value.items) if (item.is !== 'scalar') throw wrongType(item, path, 'a list of texts');
  }
  return value;
}

function eitherChecked(value: ComposeValue, shape: EitherShape, path: Path): ComposeValue {
  return value.is === 'scalar' ? scalarChecked(value, shape.short, path) : checked(value, shape.long, path);
}

function wrongType(value: ComposeValue, path: Path, wanted: string): Error {
  const found =
    value.is === 'scalar'
      ? shown(value)
      : value.is === 'list'
        ? 'a list'
        : value.entries.size === 0
          ? 'empty'
          : 'a map';
  return faultAt(value.at, `${keyOf(path)} must be ${wanted}, not ${found}`, 'Correct it there.');
}

/** Of a value that may be a secret only its type is told. */
function shown(value: ComposeScalar): string {
  return typeof value.value === 'string' && value.text.length > 40 ? 'a long text' : JSON.stringify(value.value);
}

export function checkedMap(value: ComposeMap, shape: MapShape, path: Path): ComposeMap {
  const result = checked(value, shape, path);
  return result.is === 'map' ? result : value;
}
