export type CodeFamily = 'go' | 'java' | 'csharp' | 'rust' | 'php' | 'ruby';

const LINE = String.raw`\/\/[^\n]*`;
const BLOCK = String.raw`\/\*[\s\S]*?(?:\*\/|$)`;
const DOUBLE = String.raw`"(?:\\[\s\S]|[^"\\\n])*"`;
const SINGLE = String.raw`'(?:\\.|[^'\\\n])*'`;
/** A character; `'a` alone is a lifetime of Rust. */
const CHARACTER = String.raw`'(?:\\[^\n]{1,8}?|[^'\\\n])'`;
const MANY_LINES = String.raw`"(?:\\[\s\S]|[^"\\])*"`;

const PATTERNS: Readonly<Record<CodeFamily, RegExp>> = {
  go: new RegExp(`${LINE}|${BLOCK}|${CHARACTER}|${DOUBLE}|${'`[^`]*`'}`, 'g'),
  java: new RegExp(String.raw`${LINE}|${BLOCK}|"""[\s\S]*?"""|${CHARACTER}|${DOUBLE}`, 'g'),
  csharp: new RegExp(String.raw`${LINE}|${BLOCK}|"""[\s\S]*?"""|@"(?:""|[^"])*"|${CHARACTER}|${DOUBLE}`, 'g'),
  rust: new RegExp(String.raw`${LINE}|${BLOCK}|r(#+)"[\s\S]*?"\1|${CHARACTER}|${MANY_LINES}`, 'g'),
  php: new RegExp(String.raw`${LINE}|#(?!\[)[^\n]*|${BLOCK}|'(?:\\[\s\S]|[^'\\])*'|${MANY_LINES}`, 'g'),
  ruby: new RegExp(String.raw`^=begin\b[\s\S]*?^=end\b|#(?!\{)[^\n]*|${SINGLE}|${MANY_LINES}`, 'gm'),
};

/** The text with comments blanked out, every position unchanged. Strings stay. */
export function maskCode(text: string, family: CodeFamily): string {
  return text.replace(PATTERNS[family], (match) => (COMMENT.test(match) ? match.replace(/[^\n]/g, ' ') : match));
}

const COMMENT = /^(?:\/\/|\/\*|#|=begin\b)/;
