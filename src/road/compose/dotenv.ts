import { UserError } from '../../base/index.ts';
import { InterpolationFault, interpolate } from './interpolate.ts';

export interface DotenvEntry {
  readonly name: string;
  readonly value: string;
  /** From 1. */
  readonly line: number;
}

const KEY = /^(?:export[ \t]+)?([^\s=:#]+)[ \t]*/;
const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '"': '"',
  '\\': '\\',
};

/**
 * Reads an env file as compose does: comments, `export`, quotes over several lines, escapes in double quotes, variables
 * in all but single quotes; a name alone takes its value from `lookup` and is left out when that has none.
 * @param format `raw`: everything after the first `=` as it stands
 * @throws UserError `name:line: fault`
 */
export function parseDotenv(
  text: string,
  name: string,
  lookup: (variable: string) => string | undefined,
  format?: 'raw',
): DotenvEntry[] {
  const source = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  const found = new Map<string, DotenvEntry>();
  const resolve = (variable: string): string | undefined => lookup(variable) ?? found.get(variable)?.value;
  let rest = source;
  const lineNow = (): number => source.slice(0, source.length - rest.length).split('\n').length;
  while (rest !== '') {
    rest = rest.replace(/^(?:\s+|#[^\n]*)+/, '');
    if (rest === '') break;
    const line = lineNow();
    const place = `${name}:${line}`;
    const statement = rest.slice(0, rest.indexOf('\n') < 0 ? undefined : rest.indexOf('\n'));
    const key = format === 'raw' ? /^([^=\n]+)/.exec(rest) : KEY.exec(rest);
    const variable = key?.[1] ?? '';
    if (!key || !(format === 'raw' || /^[\w.\-[\]]+$/.test(variable))) {
      throw new UserError(place, `${JSON.stringify(shown(statement))} is no NAME=value`, 'Mend or remove the line.');
    }
    rest = rest.slice(key[0].length);
    if (rest === '' || rest.startsWith('\n') || rest.startsWith('#')) {
      const value = resolve(variable);
      if (value !== undefined) found.set(variable, { name: variable, value, line });
      continue;
    }
    if (!/^[=:]/.test(rest)) {
      throw new UserError(place, `${JSON.stringify(shown(statement))} has a space in its name`, 'Write NAME=value.');
    }
    rest = rest.slice(1);
    const read = format === 'raw' ? rawValue(rest) : valueAt(rest, place);
    rest = read.rest;
    const value = read.fill ? filled(read.value, resolve, place) : read.value;
    found.set(variable, { name: variable, value, line });
  }
  return [...found.values()];
}

interface Read {
  readonly value: string;
  readonly rest: string;
  readonly fill: boolean;
}

function rawValue(text: string): Read {
  const end = text.indexOf('\n');
  return { value: end < 0 ? text : text.slice(0, end), rest: end < 0 ? '' : text.slice(end), fill: false };
}

function valueAt(text: string, place: string): Read {
  const start = text.replace(/^[ \t]+/, '');
  const quote = start[0];
  if (quote !== '"' && quote !== "'") {
    const { value, rest } = rawValue(start);
    return { value: value.replace(/(?:^|\s)#.*$/, '').trimEnd(), rest, fill: true };
  }
  let value = '';
  for (let at = 1; at < start.length; at++) {
    const letter = start[at] ?? '';
    if (letter === quote) return { value, rest: start.slice(at + 1), fill: quote === '"' };
    if (letter !== '\\') {
      value += letter;
      continue;
    }
    const next = start[++at] ?? '';
    if (next === quote) value += quote;
    else if (quote === "'") value += `\\${next}`;
    else value += next === '$' ? '$$' : (ESCAPES[next] ?? `\\${next}`);
  }
  throw new UserError(
    place,
    `a ${quote === '"' ? 'double' : 'single'} quote is never closed`,
    `Close it with ${quote}.`,
  );
}

function filled(value: string, resolve: (name: string) => string | undefined, place: string): string {
  try {
    return interpolate(value, resolve).text;
  } catch (error) {
    if (error instanceof InterpolationFault) throw new UserError(place, error.message, error.wayOut, { cause: error });
    throw error;
  }
}

/** Only the name of what may be a secret. */
function shown(statement: string): string {
  const name = statement.split(/[=:]/)[0] ?? '';
  return name.length > 40 ? `${name.slice(0, 37)}...` : name;
}
