/** Looks a variable up; undefined: it is not set. */
export type Lookup = (name: string) => string | undefined;

/**
 * Replaces variables and takes quotes away as the Dockerfile reference says: `$x`, `${x}`, `${x:-word}`, `${x:+word}`,
 * `${x:?word}`, each also without the colon, `${x#pattern}`, `##`, `%`, `%%`, `${x/pattern/word}` and `//`.
 * @throws Error on an unclosed brace or quote, or a `?` that strikes
 */
export function expandWord(text: string, lookup: Lookup, escapeCharacter: string): string {
  return new Expander(text, lookup, escapeCharacter, true).run();
}

/** As {@link expandWord}, but quotes stay: for the text of a heredoc. */
export function expandText(text: string, lookup: Lookup, escapeCharacter: string): string {
  return new Expander(text, lookup, escapeCharacter, false).run();
}

class Expander {
  readonly #text: string;
  readonly #lookup: Lookup;
  readonly #escapeCharacter: string;
  readonly #unquote: boolean;
  #at = 0;

  constructor(text: string, lookup: Lookup, escapeCharacter: string, unquote: boolean) {
    this.#text = text;
    this.#lookup = lookup;
    this.#escapeCharacter = escapeCharacter;
    this.#unquote = unquote;
  }

  run(): string {
    return this.#until('');
  }

  #until(end: string): string {
    let out = '';
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at] ?? '';
      if (end !== '' && character === end) return out;
      if (this.#unquote && character === "'") out += this.#single();
      else if (this.#unquote && character === '"') out += this.#double();
      else if (character === '$') out += this.#dollar();
      else if (character === this.#escapeCharacter) {
        const next = this.#text[this.#at + 1];
        // In a heredoc only the dollar needs escaping; elsewhere the next character is taken as it is.
        if (!this.#unquote && next !== '$') out += character;
        else if (next === undefined) out += character;
        else {
          out += next;
          this.#at += 1;
        }
        this.#at += 1;
      } else {
        out += character;
        this.#at += 1;
      }
    }
    if (end !== '') throw new Error(`${JSON.stringify(this.#text)}: missing ${end}`);
    return out;
  }

  #single(): string {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end < 0) throw new Error(`${JSON.stringify(this.#text)}: unexpected end, a ' is not closed`);
    const inside = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return inside;
  }

  #double(): string {
    let out = '';
    this.#at += 1;
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at] ?? '';
      if (character === '"') {
        this.#at += 1;
        return out;
      }
      if (character === '$') {
        out += this.#dollar();
        continue;
      }
      const next = this.#text[this.#at + 1];
      if (character === this.#escapeCharacter && next !== undefined) {
        // Before anything else than these the escape character stands for itself.
        if (next === '"' || next === '$' || next === this.#escapeCharacter) out += next;
        else out += character + next;
        this.#at += 2;
        continue;
      }
      out += character;
      this.#at += 1;
    }
    throw new Error(`${JSON.stringify(this.#text)}: unexpected end, a " is not closed`);
  }

  #dollar(): string {
    this.#at += 1;
    if (this.#text[this.#at] !== '{') {
      const name = /^(?:[A-Za-z_]\w*|[0-9@*#])/.exec(this.#text.slice(this.#at))?.[0];
      if (!name) return '$';
      this.#at += name.length;
      return this.#lookup(name) ?? '';
    }
    this.#at += 1;
    const name = /^(?:[A-Za-z_]\w*|[0-9]+)/.exec(this.#text.slice(this.#at))?.[0];
    if (!name) throw new Error(`${JSON.stringify(this.#text)}: bad substitution`);
    this.#at += name.length;
    const operator = /^(?:\}|:?[-+?]|##?|%%?|\/\/?)/.exec(this.#text.slice(this.#at))?.[0];
    if (operator === undefined) throw new Error(`${JSON.stringify(this.#text)}: unsupported modifier in substitution`);
    this.#at += operator.length;
    const value = this.#lookup(name);
    if (operator === '}') return value ?? '';
    if (operator.startsWith('/')) {
      const pattern = this.#until('/');
      this.#at += 1;
      const word = this.#closing();
      const expression = new RegExp(globSource(pattern, true), operator === '//' ? 'g' : '');
      return (value ?? '').replace(expression, () => word);
    }
    const word = this.#closing();
    if (operator.endsWith('#') || operator.endsWith('%')) return strip(value ?? '', operator, word);
    const missing = operator.startsWith(':') ? !value : value === undefined;
    if (operator.endsWith('-')) return missing ? word : (value ?? '');
    if (operator.endsWith('+')) return missing ? '' : word;
    if (missing) throw new Error(`${name}: ${word || 'is not allowed to be unset'}`);
    return value ?? '';
  }

  #closing(): string {
    const word = this.#until('}');
    this.#at += 1;
    return word;
  }
}

function globSource(pattern: string, greedy: boolean): string {
  return pattern.replace(/[.*+?^${}()|[\]\\]/g, (character) =>
    character === '*' ? (greedy ? '[^]*' : '[^]*?') : character === '?' ? '[^]' : `\\${character}`,
  );
}

function strip(value: string, operator: string, pattern: string): string {
  const longest = operator.length === 2;
  if (operator.startsWith('#')) return value.replace(new RegExp(`^(?:${globSource(pattern, longest)})`), '');
  // The shortest match at the end: try the ends from the last character backwards.
  const whole = new RegExp(`^(?:${globSource(pattern, true)})$`);
  const starts = Array.from({ length: value.length + 1 }, (_, index) => index);
  for (const start of longest ? starts : starts.reverse()) {
    if (whole.test(value.slice(start))) return value.slice(0, start);
  }
  return value;
}

/** Splits at blanks outside quotes; quotes and escapes stay in the words. */
export function splitWords(text: string, escapeCharacter: string): string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  let braces = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (character === escapeCharacter && quote !== "'" && at + 1 < text.length) {
      word += character + (text[at + 1] ?? '');
      at += 1;
      continue;
    }
    if (quote) {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '$' && text[at + 1] === '{') braces += 1;
    else if (character === '}' && braces > 0) braces -= 1;
    else if (/\s/.test(character) && braces === 0) {
      if (word) words.push(word);
      word = '';
      continue;
    }
    word += character;
  }
  if (word) words.push(word);
  return words;
}
