import type { ComposeList, ComposeMap, ComposeValue } from './contract.ts';
import { keyOf, type Path } from './path.ts';
import type { Shape } from './shape.ts';
import { childOf, faultAt, isNothing, textOf } from './value.ts';

/**
 * Lays one value over another (compose specification, 13-merge): maps key by key, lists one after the other with the
 * later of two equal items, all else replaced; `!reset` takes away, `!override` replaces whatever it is.
 * @throws UserError at the later place when the two are of different types
 */
export function merged(base: ComposeValue, over: ComposeValue, shape: Shape | undefined, path: Path): ComposeValue {
  if (over.directive === 'override') return over;
  if (isNothing(over)) return base;
  if (isNothing(base) || shape?.merging === 'replace') return over;
  if (base.is === 'map' && over.is === 'map') {
    return shape?.merging === 'logging' && !sameDriver(base, over) ? over : mergedMaps(base, over, shape, path);
  }
  if (base.is === 'list' && over.is === 'list') {
    const items = [...base.items, ...over.items];
    return { is: 'list', items: shape?.is === 'list' ? unique(items, shape.identity) : items, at: over.at };
  }
  // An entry that has a short and a long form: the later wins as it stands.
  if (base.is === 'scalar' || shape?.is === 'either' || shape?.is === 'pairs') return over;
  throw faultAt(
    over.at,
    `${keyOf(path)} is a ${over.is === 'scalar' ? 'single value' : over.is} here and a ${base.is} before`,
    'Write both the same way, or put !override before the later.',
  );
}

function mergedMaps(base: ComposeMap, over: ComposeMap, shape: Shape | undefined, path: Path): ComposeMap {
  const entries = new Map(base.entries);
  for (const [key, value] of over.entries) {
    const before = entries.get(key);
    if (value.directive === 'reset') entries.delete(key);
    else if (before === undefined) entries.set(key, value);
    else entries.set(key, merged(before, value, shapeBelow(shape, key), [...path, key]));
  }
  return { is: 'map', entries, at: base.at };
}

function shapeBelow(shape: Shape | undefined, key: string): Shape | undefined {
  if (shape?.is === 'map') return Object.hasOwn(shape.keys, key) ? shape.keys[key] : undefined;
  if (shape?.is === 'named') return shape.of;
  return shape?.is === 'either' ? shapeBelow(shape.long, key) : undefined;
}

/** Options of a log driver are of no use to another. */
function sameDriver(base: ComposeMap, over: ComposeMap): boolean {
  const [before, after] = [textOf(childOf(base, 'driver')), textOf(childOf(over, 'driver'))];
  return before === undefined || after === undefined || before === after;
}

function unique(
  items: readonly ComposeValue[],
  identity: ((value: ComposeValue) => string) | undefined,
): readonly ComposeValue[] {
  if (!identity) return items;
  const kept = new Map<string, ComposeValue>();
  for (const item of items) kept.set(identity(item), item);
  return [...kept.values()];
}

/** The value without the marks of `!reset` and `!override`, which have done their work, and with equal items once. */
export function settled(value: ComposeValue, shape: Shape | undefined): ComposeValue {
  if (value.is === 'map') {
    const entries = [...value.entries].flatMap(([key, each]) =>
      each.directive === 'reset' ? [] : [[key, settled(each, shapeBelow(shape, key))] as const],
    );
    return { is: 'map', entries: new Map(entries), at: value.at };
  }
  if (value.is === 'list') {
    const inner = shape?.is === 'list' ? shape.of : shape?.is === 'either' ? shape.long : undefined;
    const items = value.items.filter(({ directive }) => directive !== 'reset').map((each) => settled(each, inner));
    const list: ComposeList = { is: 'list', items, at: value.at };
    return shape?.is === 'list' ? { ...list, items: unique(items, shape.identity) } : list;
  }
  if (value.directive === undefined) return value;
  const { directive: _done, ...scalar } = value;
  return scalar;
}
