/**
 * A set of field paths in the form of metav1.FieldsV1: each name is a step (`f:spec`, `k:{"name":"web"}`, `v:"a"`).
 * A node without steps, or with a `.`, is in the set itself. The root is never in the set; an empty root is the empty set.
 * Trees are immutable and share their parts.
 */
export interface FieldTree {
  readonly [step: string]: FieldTree;
}

type Growing = Record<string, FieldTree>;

export const LEAF: FieldTree = Object.freeze({});
const SELF = '.';

export function isEmpty(tree: FieldTree): boolean {
  for (const _ in tree) return false;
  return true;
}

/** Whether a node (not a root) is in the set itself, not only what is below it. */
export function isMember(node: FieldTree): boolean {
  return SELF in node || isEmpty(node);
}

export function union(one: FieldTree, two: FieldTree): FieldTree {
  if (one === two || isEmpty(two)) return one;
  if (isEmpty(one)) return two;
  const made: Growing = { ...one };
  for (const step in two) {
    const [a, b] = [one[step], two[step]];
    if (b) made[step] = a && step !== SELF ? unionNode(a, b) : b;
  }
  return made;
}

function unionNode(one: FieldTree, two: FieldTree): FieldTree {
  if (isEmpty(one)) return isEmpty(two) || SELF in two ? two : { [SELF]: LEAF, ...two };
  if (isEmpty(two)) return SELF in one ? one : { [SELF]: LEAF, ...one };
  return union(one, two);
}

/** What is in `one` and not in `two`; `one` itself when nothing is in both. */
export function difference(one: FieldTree, two: FieldTree): FieldTree {
  let made: Growing | undefined;
  for (const step in one) {
    const [a, b] = [one[step], two[step]];
    if (!a || !b) continue;
    const left = step === SELF ? undefined : differenceNode(a, b);
    if (left === a) continue;
    made ??= { ...one };
    if (left) made[step] = left;
    else delete made[step];
  }
  return made ?? one;
}

function differenceNode(one: FieldTree, two: FieldTree): FieldTree | undefined {
  if (isEmpty(one)) return isMember(two) ? undefined : one;
  // A leaf of the other takes this node alone, not what is below it.
  const left = difference(one, isEmpty(two) ? { [SELF]: LEAF } : two);
  return isEmpty(left) ? undefined : left;
}

/** What is in both. */
export function intersection(one: FieldTree, two: FieldTree): FieldTree {
  const made: Growing = {};
  for (const step in one) {
    const [a, b] = [one[step], two[step]];
    if (!a || !b) continue;
    if (step === SELF) {
      made[SELF] = LEAF;
      continue;
    }
    const member = isMember(a) && isMember(b);
    const below = intersection(a, b);
    if (isEmpty(below)) {
      if (member) made[step] = LEAF;
    } else made[step] = member && !(SELF in below) ? { [SELF]: LEAF, ...below } : below;
  }
  return made;
}

export function same(one: FieldTree, two: FieldTree): boolean {
  if (one === two) return true;
  for (const step in one) {
    const [a, b] = [one[step], two[step]];
    if (!a || !b || !same(a, b)) return false;
  }
  for (const step in two) if (!(step in one)) return false;
  return true;
}

/** Every member's path, worded as in conflicts: `.spec.containers[name="web"].image`. */
export function paths(tree: FieldTree, limit = 1000): string[] {
  const found: string[] = [];
  const walk = (node: FieldTree, path: string) => {
    for (const step of Object.keys(node).sort()) {
      if (found.length >= limit) return;
      const below = node[step];
      if (step === SELF || !below) continue;
      const place = path + stepText(step);
      if (isMember(below)) found.push(place);
      walk(below, place);
    }
  };
  walk(tree, '');
  return found;
}

function stepText(step: string): string {
  const value = step.slice(2);
  switch (step.slice(0, 2)) {
    case 'k:': {
      const keys = JSON.parse(value) as Record<string, unknown>;
      return `[${Object.keys(keys)
        .sort()
        .map((key) => `${key}=${JSON.stringify(keys[key])}`)
        .join(',')}]`;
    }
    case 'v:':
      return `[=${value}]`;
    case 'i:':
      return `[${value}]`;
    default:
      return `.${value}`;
  }
}
