import type { Fact } from '../project/index.ts';

/** An assignment of a unit file, in the order of the file. */
export interface Assignment extends Fact<string> {
  readonly section: string;
  readonly key: string;
}

/**
 * The assignments of a unit file (systemd.syntax(7)): continued lines joined, comments left out. An empty value empties
 * the list of its key, in this file and those read before.
 */
export function assignmentsOf(path: string, text: string): Assignment[] {
  const found: Assignment[] = [];
  let section = '';
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index++) {
    const source = `${path}:${index + 1}`;
    let line = lines[index] ?? '';
    if (/^\s*(?:[#;]|$)/.test(line)) continue;
    while (/\\\s*$/.test(line) && index + 1 < lines.length) {
      index++;
      const next = lines[index] ?? '';
      // A comment between continued lines is passed over.
      line = /^\s*[#;]/.test(next) ? line : `${line.replace(/\s*\\\s*$/, ' ')}${next.trim()}`;
    }
    const header = /^\s*\[([^\]]+)\]/.exec(line)?.[1];
    if (header !== undefined) section = header;
    else {
      const match = /^\s*([A-Za-z][\w-]*)\s*=\s*(.*?)\s*$/.exec(line);
      if (match) found.push({ section, key: match[1] ?? '', value: match[2] ?? '', source });
    }
  }
  return found;
}

/** Words of a value: quotes of both kinds, and the escapes of C (systemd.service(5), command lines). */
export function wordsOf(value: string): string[] {
  const words: string[] = [];
  for (const match of value.matchAll(/(?:[^\s"'\\]|\\.|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')+/g)) {
    words.push(
      match[0]
        .replace(
          /"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'/g,
          (_, double?: string, single?: string) => double ?? single ?? '',
        )
        .replace(/\\(["'\\ ])/g, '$1'),
    );
  }
  return words;
}

/** `90`, `1min 30s`, `500ms`; undefined for `infinity` (systemd.time(7)). */
export function secondsOf(value: string): number | undefined {
  const units: Readonly<Record<string, number>> = {
    us: 1e-6,
    ms: 1e-3,
    s: 1,
    sec: 1,
    second: 1,
    seconds: 1,
    m: 60,
    min: 60,
    minute: 60,
    minutes: 60,
    h: 3600,
    hr: 3600,
    hour: 3600,
    hours: 3600,
    d: 86_400,
  };
  if (!/^\s*(?:\d+(?:\.\d+)?\s*[a-z]*\s*)+$/.test(value)) return undefined;
  let sum = 0;
  for (const match of value.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]*)/g)) {
    const unit = match[2] === '' ? 1 : units[match[2] ?? ''];
    if (unit === undefined) return undefined;
    sum += Number(match[1]) * unit;
  }
  return sum;
}
