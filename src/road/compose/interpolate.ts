/** What a template could not be filled in for; `offset` counts characters from its start. */
export class InterpolationFault extends Error {
  override readonly name = 'InterpolationFault';
  readonly offset: number;
  readonly wayOut: string;

  constructor(message: string, offset: number, wayOut: string) {
    super(message);
    this.offset = offset;
    this.wayOut = wayOut;
  }
}

export interface Filled {
  readonly text: string;
  /** Variables without a value and without a default: read as empty. */
  readonly unset: readonly string[];
}

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const OPERATORS = [':-', ':+', ':?', '-', '+', '?'] as const;
const NESTING_MAX = 20;

/**
 * Fills in `$X`, `${X}`, `${X:-default}`, `${X-default}`, `${X:?message}`, `${X?message}`, `${X:+value}` and `${X+value}`,
 * also one in another; `$$` is a dollar. A dollar before anything else stays. (Compose specification, 12-interpolation.)
 * @throws InterpolationFault
 */
export function interpolate(template: string, lookup: (name: string) => string | undefined): Filled {
  if (!template.includes('$')) return { text: template, unset: [] };
  const unset: string[] = [];
  return { text: fill(template, lookup, unset, 0, 0), unset };
}

type Lookup = (name: string) => string | undefined;

function fill(template: string, lookup: Lookup, unset: string[], offset: number, depth: number): string {
  if (depth > NESTING_MAX) throw new InterpolationFault('variables nested too deep', offset, 'Write it simpler.');
  let text = '';
  let at = 0;
  for (;;) {
    const dollar = template.indexOf('$', at);
    if (dollar < 0) return text + template.slice(at);
    text += template.slice(at, dollar);
    const next = template[dollar + 1];
    if (next === '$') {
      text += '$';
      at = dollar + 2;
    } else if (next === '{') {
      const end = closing(template, dollar + 1);
      if (end < 0) throw malformed(offset + dollar);
      text += braced(template.slice(dollar + 2, end), lookup, unset, offset + dollar, depth);
      at = end + 1;
    } else {
      const name = nameAt(template, dollar + 1);
      text += name === undefined ? '$' : valueFor(name, lookup, unset);
      at = dollar + 1 + (name?.length ?? 0);
    }
  }
}

/** What stands between the braces. */
function braced(inside: string, lookup: Lookup, unset: string[], offset: number, depth: number): string {
  const name = nameAt(inside, 0);
  if (name === undefined) throw malformed(offset);
  const rest = inside.slice(name.length);
  if (rest === '') return valueFor(name, lookup, unset);
  const operator = OPERATORS.find((each) => rest.startsWith(each));
  if (operator === undefined) throw malformed(offset);
  const other = (): string => {
    const start = name.length + operator.length;
    return fill(inside.slice(start), lookup, unset, offset + 2 + start, depth + 1);
  };
  const value = lookup(name);
  const present = value !== undefined && (value !== '' || !operator.startsWith(':'));
  if (operator.endsWith('+')) return present ? other() : '';
  if (present) return value;
  if (operator.endsWith('-')) return other();
  const message = other();
  throw new InterpolationFault(
    `variable ${name} is needed and ${value === undefined ? 'not set' : 'empty'}${message ? `: ${message}` : ''}`,
    offset,
    `Set it: ${name}=... before the command, in .env, or with --env-file.`,
  );
}

function valueFor(name: string, lookup: Lookup, unset: string[]): string {
  const value = lookup(name);
  if (value === undefined && !unset.includes(name)) unset.push(name);
  return value ?? '';
}

function nameAt(text: string, at: number): string | undefined {
  NAME.lastIndex = at;
  return NAME.exec(text)?.[0];
}

/** Where the brace at `open` is closed; -1 when it is not. Braces inside count, so a default may be JSON. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === '{') depth++;
    else if (text[at] === '}' && --depth === 0) return at;
  }
  return -1;
}

/** What stands there is not shown: it may be part of a password. */
function malformed(offset: number): InterpolationFault {
  return new InterpolationFault(
    '"${" begins no variable here',
    offset,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it shows how a variable is written
    'Write it as $NAME, ${NAME} or ${NAME:-default}; for a dollar of its own write $$.',
  );
}
