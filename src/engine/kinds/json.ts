import { messageOf } from '../../base/index.ts';
import { badRequest } from './status.ts';

/** What a body held. */
export interface Decoded {
  readonly value: unknown;
  /** Texts of duplicate keys (`duplicate field "spec.x"`), to be refused or warned of as fieldValidation says. */
  readonly duplicates: readonly string[];
}

const DEPTH_MAX = 10_000;
const DUPLICATES_MAX = 100;

/**
 * Reads JSON. Of a key given twice the last one holds, as in Go.
 * @throws StatusError 400 for what is no JSON.
 */
export function parseJson(bytes: Uint8Array | string, options: { findDuplicates?: boolean } = {}): Decoded {
  const text =
    typeof bytes === 'string' ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badRequest(`couldn't get version/kind; json parse error: ${messageOf(error)}`);
  }
  return { value, duplicates: options.findDuplicates === false ? [] : duplicateKeys(text) };
}

/** The duplicate keys of a text that is known to be JSON: JSON.parse keeps the last silently. */
function duplicateKeys(text: string): string[] {
  const found: string[] = [];
  let position = 0;

  const skipSpace = () => {
    while (position < text.length && text.charCodeAt(position) <= 32) position++;
  };
  const readString = (): string => {
    const start = position;
    position++;
    for (;;) {
      const code = text.charCodeAt(position);
      if (code === 92) position += 2;
      else if (code === 34) break;
      else position++;
    }
    position++;
    const raw = text.slice(start + 1, position - 1);
    return raw.includes('\\') ? (JSON.parse(text.slice(start, position)) as string) : raw;
  };
  const readValue = (path: string, depth: number): void => {
    if (depth > DEPTH_MAX) throw badRequest('json: exceeded max depth');
    skipSpace();
    const code = text.charCodeAt(position);
    if (code === 123) readObject(path, depth);
    else if (code === 91) readList(path, depth);
    else if (code === 34) readString();
    else while (position < text.length && !/[,\]}\s]/.test(text.charAt(position))) position++;
  };
  const readObject = (path: string, depth: number): void => {
    position++;
    const seen = new Set<string>();
    for (;;) {
      skipSpace();
      if (text.charCodeAt(position) === 125) break;
      if (text.charCodeAt(position) === 44) {
        position++;
        continue;
      }
      const key = readString();
      const place = path ? `${path}.${key}` : key;
      if (seen.has(key)) {
        if (found.length < DUPLICATES_MAX) found.push(`duplicate field ${JSON.stringify(place)}`);
      } else seen.add(key);
      skipSpace();
      position++;
      readValue(place, depth + 1);
    }
    position++;
  };
  const readList = (path: string, depth: number): void => {
    position++;
    let index = 0;
    for (;;) {
      skipSpace();
      const code = text.charCodeAt(position);
      if (code === 93) break;
      if (code === 44) {
        position++;
        index++;
        continue;
      }
      readValue(`${path}[${index}]`, depth + 1);
    }
    position++;
  };
  readValue('', 0);
  return found;
}
