import { UserError } from '../../base/index.ts';
import { lineOf } from './folder.ts';

/**
 * Parses JSON.
 * @throws UserError `package.json:4:3: expected …` naming line and column of the first fault (RFC 8259).
 */
export function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { index, fault } = firstFault(text);
    const column = index - text.lastIndexOf('\n', index - 1);
    throw new UserError(`${path}:${lineOf(text, index)}:${column}`, fault, `Mend ${path} there and run wherry again.`, {
      cause: error,
    });
  }
}

class Fault {
  readonly index: number;
  readonly fault: string;
  constructor(index: number, fault: string) {
    this.index = index;
    this.fault = fault;
  }
}

/** Where a text stops being JSON. The engine's own error carries a position in some versions only, so it is found here. */
function firstFault(text: string): { index: number; fault: string } {
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  const skip = (): void => {
    while (/[ \t\r\n]/.test(text[at] ?? '')) at++;
  };
  const fail = (expected: string): never => {
    const found = text[at] === undefined ? 'the end of the file' : JSON.stringify(text[at]);
    throw new Fault(at, `expected ${expected}, found ${found}`);
  };
  const token = (pattern: RegExp, expected: string): void => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at += match[0].length;
    else fail(expected);
  };
  const string = (): void => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 8259 section 7 refuses exactly these in a string.
    token(/"(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})|[^"\\\u0000-\u001f])*"/y, 'a string that ends on its line');
  };
  const list = (close: string, item: () => void): void => {
    at++;
    skip();
    if (text[at] === close) {
      at++;
      return;
    }
    for (;;) {
      item();
      skip();
      if (text[at] === close) break;
      if (text[at] !== ',') fail(`a comma or ${close}`);
      at++;
      skip();
    }
    at++;
  };
  const value = (): void => {
    skip();
    const first = text[at] ?? '';
    if (first === '{') {
      list('}', () => {
        if (text[at] !== '"') fail('a name in double quotes');
        string();
        skip();
        if (text[at] !== ':') fail('a colon');
        at++;
        value();
      });
    } else if (first === '[') list(']', value);
    else if (first === '"') string();
    else token(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y, 'a value');
  };
  try {
    value();
    skip();
    if (at < text.length) fail('the end of the file');
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  return { index: 0, fault: 'not JSON' };
}

/** Line of a key below other keys (`scripts`, `start`) in a JSON text that is written one key a line. */
export function lineOfKey(text: string, ...keys: string[]): number {
  let at = 0;
  for (const key of keys) {
    const found = new RegExp(`${JSON.stringify(key).replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\s*:`, 'g');
    found.lastIndex = at;
    const match = found.exec(text);
    if (!match) break;
    at = match.index;
  }
  return lineOf(text, at + 1);
}
