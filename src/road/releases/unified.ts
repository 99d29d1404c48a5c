const CONTEXT = 3;
/** Beyond so many differing lines the shortest way is not sought: all of the old, then all of the new. */
const EDITS_MAX = 600;

type Edit = { readonly sign: ' ' | '-' | '+'; readonly line: string };

/**
 * What differs between two texts, as `diff -u` shows it: hunks with three lines around them. Empty when nothing does.
 * After Myers, "An O(ND) Difference Algorithm and Its Variations" (1986).
 */
export function unified(before: readonly string[], after: readonly string[]): string[] {
  const edits = editsBetween(before, after);
  const changed = edits.flatMap(({ sign }, index) => (sign === ' ' ? [] : [index]));
  const result: string[] = [];
  let at = 0;
  while (at < changed.length) {
    const from = Math.max(0, (changed[at] ?? 0) - CONTEXT);
    let last = changed[at] ?? 0;
    while (at < changed.length && (changed[at] ?? 0) <= last + 2 * CONTEXT) last = changed[at++] ?? last;
    const to = Math.min(edits.length, last + CONTEXT + 1);
    result.push(header(edits, from, to), ...edits.slice(from, to).map(({ sign, line }) => `${sign}${line}`));
  }
  return result;
}

function header(edits: readonly Edit[], from: number, to: number): string {
  const count = (signs: string, until: number, start = 0): number =>
    edits.slice(start, until).filter(({ sign }) => signs.includes(sign)).length;
  const span = (signs: string): string => {
    const lines = count(signs, to, from);
    return `${count(signs, from) + (lines > 0 ? 1 : 0)},${lines}`;
  };
  return `@@ -${span(' -')} +${span(' +')} @@`;
}

function editsBetween(before: readonly string[], after: readonly string[]): Edit[] {
  const trace = shortestTrace(before, after);
  const keep = (line: string): Edit => ({ sign: ' ', line });
  const take = (line: string): Edit => ({ sign: '-', line });
  const add = (line: string): Edit => ({ sign: '+', line });
  if (!trace) return [...before.map(take), ...after.map(add)];
  const edits: Edit[] = [];
  let x = before.length;
  let y = after.length;
  for (let depth = trace.length - 1; depth >= 0; depth--) {
    const reached = trace[depth] ?? new Map<number, number>();
    const diagonal = x - y;
    const down = diagonal === -depth || (diagonal !== depth && at(reached, diagonal - 1) < at(reached, diagonal + 1));
    const previous = down ? diagonal + 1 : diagonal - 1;
    const previousX = depth === 0 ? 0 : at(reached, previous);
    const previousY = depth === 0 ? 0 : previousX - previous;
    while (x > previousX && y > previousY) {
      edits.push(keep(before[--x] ?? ''));
      y--;
    }
    if (depth === 0) break;
    edits.push(down ? add(after[--y] ?? '') : take(before[--x] ?? ''));
  }
  return edits.reverse();
}

/** For each number of edits, how far every diagonal had been reached before it; undefined when there are too many. */
function shortestTrace(before: readonly string[], after: readonly string[]): Map<number, number>[] | undefined {
  const reached = new Map<number, number>([[1, 0]]);
  const trace: Map<number, number>[] = [];
  for (let depth = 0; depth <= before.length + after.length; depth++) {
    if (depth > EDITS_MAX) return undefined;
    trace.push(new Map(reached));
    for (let diagonal = -depth; diagonal <= depth; diagonal += 2) {
      const down = diagonal === -depth || (diagonal !== depth && at(reached, diagonal - 1) < at(reached, diagonal + 1));
      let x = down ? at(reached, diagonal + 1) : at(reached, diagonal - 1) + 1;
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x++;
      reached.set(diagonal, x);
      if (x >= before.length && x - diagonal >= after.length) return trace;
    }
  }
  return trace;
}

function at(reached: ReadonlyMap<number, number>, diagonal: number): number {
  return reached.get(diagonal) ?? 0;
}
