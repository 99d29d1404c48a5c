/** Words that YAML 1.1, which kubectl reads, takes for something else than a text. */
const WORDS = /^(?:y|n|yes|no|true|false|on|off|null|~|)$/i;
const PLAIN = /^[A-Za-z_/][\w./@%+$(){}=,;-]*(?: [\w./@%+$(){}=,;-]+)*$/;

/**
 * Plain data as YAML, as kubectl reads it back: numbers and flags bare, texts bare only where nothing could take them for
 * anything else, several lines as a block. Fields that are undefined are left out.
 */
export function yamlLines(value: unknown): string {
  return below(value, '').replace(/^\n/, '');
}

function below(value: unknown, indent: string): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return ' []';
    return value.map((item: unknown) => `\n${indent}-${inItem(item, `${indent}  `)}`).join('');
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, each]) => each !== undefined);
    if (entries.length === 0) return ' {}';
    return entries.map(([key, each]) => `\n${indent}${scalar(key)}:${below(each, childIndent(each, indent))}`).join('');
  }
  if (typeof value === 'string' && isBlock(value)) return ` ${block(value, indent)}`;
  return ` ${scalar(value)}`;
}

/** Lists stand two deeper than their key, as the rest does. */
function childIndent(value: unknown, indent: string): string {
  return typeof value === 'object' || typeof value === 'string' ? `${indent}  ` : indent;
}

/** The first key of a map stands beside the dash. */
function inItem(item: unknown, indent: string): string {
  const text = below(item, indent);
  return text.startsWith(`\n${indent}`) ? ` ${text.slice(indent.length + 1)}` : text;
}

function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return PLAIN.test(value) && !WORDS.test(value) ? value : JSON.stringify(value);
}

/** A block keeps its text as it is, unless it begins with a space or holds what cannot be seen. */
function isBlock(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a block cannot hold
  return text.includes('\n') && !/^[\s]/.test(text) && !/[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]/.test(text);
}

function block(text: string, indent: string): string {
  const end = /\n*$/.exec(text)?.[0].length ?? 0;
  const keep = end === 0 ? '-' : end === 1 ? '' : '+';
  const body = text.slice(0, text.length - end).split('\n');
  const lines = [...body, ...Array.from({ length: Math.max(0, end - 1) }, () => '')];
  return `|${keep}\n${lines.map((line) => (line === '' ? '' : `${indent}${line}`)).join('\n')}`;
}
