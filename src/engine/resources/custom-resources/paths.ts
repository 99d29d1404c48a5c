import { isPlain, type Plain } from '../object.ts';

/** The steps of a simple JSON path: `.spec.replicas` (and `.spec['a.b']`). */
function stepsOf(path: string): string[] {
  const steps: string[] = [];
  for (const match of path.matchAll(/\.([^.[\]]+)|\[['"]([^'"]+)['"]\]/g)) steps.push(match[1] ?? match[2] ?? '');
  return steps;
}

/** The value at a simple JSON path, or undefined. */
export function readPath(object: unknown, path: string): unknown {
  let value = object;
  for (const step of stepsOf(path)) {
    if (!isPlain(value)) return undefined;
    value = value[step];
  }
  return value;
}

/** Sets the value at a simple JSON path, making what is missing on the way. */
export function writePath(object: object, path: string, value: unknown): void {
  const steps = stepsOf(path);
  const last = steps.pop();
  let place = object as Plain;
  for (const step of steps) {
    const below = place[step];
    if (isPlain(below)) place = below;
    else {
      const made: Plain = {};
      place[step] = made;
      place = made;
    }
  }
  if (last !== undefined) place[last] = value;
}
