import { looksHidden, whyHidden } from '../model/index.ts';

/** A stretch of a text that is a credential. */
export interface Piece {
  readonly start: number;
  readonly end: number;
}

const KNOWN_LENGTH_MIN = 6;
const MYSQL = /^(?:.*\/)?(?:mysql|mariadb)[\w-]*$/;
/** Programs whose option for a password does not say so. */
const PASSWORD_OPTIONS = /^(?:requirepass|masterauth|pass|auth|passphrase)$/i;

/**
 * Credentials in one word of a command line, which may be a whole script.
 * @param before the word before it: an option whose value this is
 * @param program the first word of the line
 * @param known passwords of the application; an ordinary word among them counts only as the value of `-p`
 */
export function hiddenPieces(
  word: string,
  before: string | undefined,
  program: string | undefined,
  known: ReadonlySet<string>,
): Piece[] {
  const pieces: Piece[] = [];
  const add = (start: number, text: string): void => {
    const end = start + text.length;
    if (text !== '' && !pieces.some((piece) => start < piece.end && piece.start < end)) pieces.push({ start, end });
  };
  for (const text of known) {
    for (const { start, isOption } of placesOf(word, text)) {
      if (isOption || (text.length >= KNOWN_LENGTH_MIN && !/^[a-z]+$/.test(text))) add(start, text);
    }
  }
  const option = /^--?([A-Za-z][\w.-]*)$/.exec(before ?? '')?.[1];
  if (option !== undefined && namesSecret(option) && isLiteral(word)) add(0, word);
  const [whole, joined, rest] = /^--?([A-Za-z][\w.-]*)=(.+)$/s.exec(word) ?? [];
  if (whole !== undefined && joined !== undefined && rest !== undefined && namesSecret(joined) && isLiteral(rest))
    add(whole.length - rest.length, rest);
  for (const match of word.matchAll(/(?<![\w-])--?([A-Za-z][\w.-]*)(?:=|\s+)(["']?)([^\s"'|;&]+)\2/g)) {
    const [whole, name = '', , value = ''] = match;
    if (namesSecret(name) && isLiteral(value)) add(match.index + whole.lastIndexOf(value), value);
  }
  for (const match of word.matchAll(/(?<![\w$])([A-Z][A-Z0-9_]*)=(["']?)([^\s"'|;&]+)\2/g)) {
    const [whole, name = '', , value = ''] = match;
    if (whyHidden(name, value) !== undefined && isLiteral(value)) add(match.index + whole.lastIndexOf(value), value);
  }
  // MySQL's programs take it without a space.
  const short = MYSQL.test(program ?? '') ? /^(-p)(.+)$/s.exec(word) : undefined;
  if (short?.[2] !== undefined && isLiteral(short[2])) add(2, short[2]);
  for (const match of word.matchAll(/(?:mysql|mariadb)[\w-]*\s[^|;&\n]*?\s-p(["']?)([^\s"'|;&]+)\1/g)) {
    const [whole, , value = ''] = match;
    if (isLiteral(value)) add(match.index + whole.lastIndexOf(value), value);
  }
  // The password of a URL alone, so that the rest stays readable.
  for (const match of word.matchAll(/[a-z][a-z0-9+.-]*:\/\/[^/\s:@'"$]*:([^/\s@'"${}]+)@/gi)) {
    const [whole, password = ''] = match;
    add(match.index + whole.length - 1 - password.length, password);
  }
  if (pieces.length === 0 && looksHidden(word) !== undefined) add(0, word);
  return pieces.sort((a, b) => a.start - b.start);
}

/** The text with each piece replaced. */
export function withPieces(
  text: string,
  pieces: readonly Piece[],
  replace: (piece: string, at: number) => string,
): string {
  let result = '';
  let at = 0;
  for (const { start, end } of pieces) {
    result += text.slice(at, start) + replace(text.slice(start, end), start);
    at = end;
  }
  return result + text.slice(at);
}

function namesSecret(option: string): boolean {
  return PASSWORD_OPTIONS.test(option) || whyHidden(option.replace(/[.-]/g, '_'), undefined) !== undefined;
}

/** Neither a variable, nor another option, nor the path of a file. */
function isLiteral(value: string): boolean {
  return value !== '' && !/^[-$/<{"'(]|^\.{0,2}\/|\$/.test(value);
}

function* placesOf(word: string, text: string): Generator<{ start: number; isOption: boolean }> {
  for (let start = word.indexOf(text); start !== -1; start = word.indexOf(text, start + text.length)) {
    const [left, right] = [word.slice(0, start), word.slice(start + text.length)];
    const isOption = /(?:^|\s)-p["']?$/.test(left);
    const bounded = !/[A-Za-z0-9]$/.test(left) && !/^[A-Za-z0-9]/.test(right);
    if (isOption || bounded) yield { start, isOption };
  }
}
