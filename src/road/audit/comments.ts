import type { Dialect } from './contract.ts';

type Style = 'slash' | 'rust' | 'hash' | 'python' | 'php' | 'markup' | 'none';

const BY_DIALECT: Readonly<Record<Dialect, Style>> = {
  node: 'slash',
  go: 'slash',
  java: 'slash',
  dotnet: 'slash',
  rust: 'rust',
  ruby: 'hash',
  python: 'python',
  php: 'php',
};
const STRINGS = String.raw`'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"`;
const SLASHES = String.raw`\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|(?![\s\S]))`;
const TRIPLE = String.raw`"""[\s\S]*?(?:"""|(?![\s\S]))|'''[\s\S]*?(?:'''|(?![\s\S]))`;
/** Comment or string, whichever begins first; a string that holds a comment's sign is then no comment. */
const PATTERNS: Readonly<Record<Exclude<Style, 'none'>, string>> = {
  slash: `${SLASHES}|${STRINGS}|\`(?:\\\\[\\s\\S]|[^\`\\\\])*\``,
  // A lifetime ('a) opens no string.
  rust: `${SLASHES}|"(?:\\\\[\\s\\S]|[^"\\\\])*"`,
  hash: String.raw`(?<![^\s;&|])#[^\n]*|^=begin\b[\s\S]*?^=end\b|${STRINGS}`,
  python: `#[^\\n]*|${TRIPLE}|${STRINGS}`,
  php: `${SLASHES}|#(?!\\[)[^\\n]*|${STRINGS}`,
  markup: String.raw`<!--[\s\S]*?(?:-->|(?![\s\S]))`,
};

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

/** The text with comments (and docstrings) blanked out, every position unchanged; strings stay. */
export function blankComments(text: string, path: string, dialect: Dialect | undefined): string {
  const style = dialect ? BY_DIALECT[dialect] : styleOf(path);
  if (style === 'none') return text;
  return text.replace(new RegExp(PATTERNS[style], 'gm'), (match, offset: number) => {
    if (style === 'python' && /^(?:"""|''')/.test(match)) {
      // A docstring stands at the start of a line; a triple-quoted value stands after something.
      const before = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
      return before.trim() === '' ? blank(match) : match;
    }
    if (/^["'`]/.test(match)) return match;
    // `https://` outside a string: a regular expression or markup, no comment.
    if (match.startsWith('//') && text[offset - 1] === ':') return match;
    return blank(match);
  });
}

function styleOf(path: string): Style {
  if (/\.(?:xml|html?|csproj|config|md)$/i.test(path)) return 'markup';
  if (/\.(?:json5?|jsonc|gradle|kts|scala|swift|c|h|cpp|proto|prisma)$/i.test(path)) return 'slash';
  if (/\.(?:pem|key|crt|txt)$/i.test(path)) return 'none';
  return 'hash';
}
