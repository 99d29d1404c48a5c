/** Texts with more lines than this are told as one change from top to bottom. */
const LINES_MAX = 5_000;
const CONTEXT_LINES = 3;

type Edit = readonly [sign: ' ' | '-' | '+', line: string];

/** A unified diff, as `diff -u` and `git apply` have it; empty when the texts are equal. */
export function unifiedDiff(before: string, after: string, path: string): string {
  if (before === after) return '';
  const edits = editsOf(linesOf(before), linesOf(after));
  const lines = [`--- ${before === '' ? '/dev/null' : `a/${path}`}`, `+++ b/${path}`];
  for (const [from, to] of hunksOf(edits)) {
    const hunk = edits.slice(from, to);
    const at = (sign: '-' | '+'): string => {
      const start = edits.slice(0, from).filter(([one]) => one !== other(sign)).length;
      const count = hunk.filter(([one]) => one !== other(sign)).length;
      return `${sign}${count === 0 ? start : start + 1},${count}`;
    };
    lines.push(`@@ ${at('-')} ${at('+')} @@`);
    for (const [sign, line] of hunk) {
      lines.push(sign + line.replace(/\n$/, ''));
      if (!line.endsWith('\n')) lines.push('\\ No newline at end of file');
    }
  }
  return `${lines.join('\n')}\n`;
}

function other(sign: '-' | '+'): '-' | '+' {
  return sign === '-' ? '+' : '-';
}

/** Each with its line end; the last may lack one. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** The longest common subsequence, by the table of its lengths, between what the two begin and end with alike. */
function editsOf(before: readonly string[], after: readonly string[]): Edit[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  )
    end++;
  const one = before.slice(start, before.length - end);
  const two = after.slice(start, after.length - end);
  const same = (lines: readonly string[]): Edit[] => lines.map((line) => [' ', line]);
  return [
    ...same(before.slice(0, start)),
    ...(one.length + two.length > LINES_MAX ? replaced(one, two) : shortest(one, two)),
    ...same(before.slice(before.length - end)),
  ];
}

function replaced(one: readonly string[], two: readonly string[]): Edit[] {
  return [...one.map((line): Edit => ['-', line]), ...two.map((line): Edit => ['+', line])];
}

function shortest(one: readonly string[], two: readonly string[]): Edit[] {
  const width = two.length + 1;
  const lengths = new Uint16Array((one.length + 1) * width);
  const lengthAt = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = one.length - 1; i >= 0; i--)
    for (let j = two.length - 1; j >= 0; j--)
      lengths[i * width + j] =
        one[i] === two[j] ? lengthAt(i + 1, j + 1) + 1 : Math.max(lengthAt(i + 1, j), lengthAt(i, j + 1));
  const edits: Edit[] = [];
  let [i, j] = [0, 0];
  while (i < one.length || j < two.length) {
    const [left, right] = [one[i], two[j]];
    if (left !== undefined && left === right) {
      edits.push([' ', left]);
      i++;
      j++;
    } else if (left !== undefined && (right === undefined || lengthAt(i + 1, j) >= lengthAt(i, j + 1))) {
      edits.push(['-', left]);
      i++;
    } else if (right !== undefined) {
      edits.push(['+', right]);
      j++;
    }
  }
  return edits;
}

/** Ranges of edits with their context; those that touch are one. */
function hunksOf(edits: readonly Edit[]): [from: number, to: number][] {
  const hunks: [number, number][] = [];
  edits.forEach(([sign], index) => {
    if (sign === ' ') return;
    const from = Math.max(0, index - CONTEXT_LINES);
    const to = Math.min(edits.length, index + CONTEXT_LINES + 1);
    const last = hunks.at(-1);
    if (last && from <= last[1]) last[1] = to;
    else hunks.push([from, to]);
  });
  return hunks;
}
