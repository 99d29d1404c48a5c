import type { Pod } from '../../kinds/index.ts';

export const INDEX_ANNOTATION = 'batch.kubernetes.io/job-completion-index';

/** Reads `1,3-5,7`; what is no number, or not below `completions`, is left out. */
export function parseIndexes(text: string | undefined, completions: number): Set<number> {
  const indexes = new Set<number>();
  for (const part of text === undefined || text === '' ? [] : text.split(',')) {
    const [first, last] = part.split('-');
    const from = Number(first);
    const to = Math.min(last === undefined ? from : Number(last), completions - 1);
    for (let index = from; index <= to; index++) indexes.add(index);
  }
  return indexes;
}

/** The other way round: runs of three and more become `3-5`, as runs of two become `3,4`. */
export function formatIndexes(indexes: ReadonlySet<number>): string {
  const sorted = [...indexes].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let at = 0; at < sorted.length; ) {
    let end = at;
    while (sorted[end + 1] === (sorted[end] ?? 0) + 1) end++;
    if (end === at) parts.push(String(sorted[at]));
    else if (end === at + 1) parts.push(`${sorted[at]},${sorted[end]}`);
    else parts.push(`${sorted[at]}-${sorted[end]}`);
    at = end + 1;
  }
  return parts.join(',');
}

/** The index a pod works on; -1 without one. */
export function completionIndex(pod: Pod): number {
  const text = pod.metadata.annotations?.[INDEX_ANNOTATION];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : -1;
}
