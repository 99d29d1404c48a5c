import { messageOf } from '../../base/index.ts';
import type { Decoded } from './json.ts';
import { badRequest } from './status.ts';

/**
 * Reads one YAML document as kubectl and the API server do: YAML 1.1 (`on` is true, `0644` is 420, `0o644` too), but
 * timestamps and base-60 numbers stay strings.
 * @throws StatusError 400 for what is no YAML, or holds more than one document.
 */
export async function parseYaml(bytes: Uint8Array | string): Promise<Decoded> {
  const documents = await parseYamlDocuments(bytes);
  if (documents.length > 1) throw badRequest('error parsing YAML: expected a single document in the stream');
  return documents[0] ?? { value: null, duplicates: [] };
}

/** Reads every document of a stream; empty ones are left out. */
export async function parseYamlDocuments(bytes: Uint8Array | string): Promise<Decoded[]> {
  const { parseAllDocuments } = await import('yaml');
  const text = typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString();
  const documents = parseAllDocuments(text, {
    version: '1.1',
    uniqueKeys: false,
    merge: true,
    intAsBigInt: true,
    customTags: (tags) => [
      ...tags.filter((tag) => typeof tag === 'string' || !isTimeTag(tag)),
      {
        tag: 'tag:yaml.org,2002:int',
        default: true,
        format: 'OCT0',
        test: /^[-+]?0o[0-7]+$/,
        resolve: (source: string) => {
          const negative = source.startsWith('-');
          const value = BigInt(`0o${source.replace(/^[-+]?0o/, '')}`);
          return negative ? -value : value;
        },
      },
    ],
  });
  const decoded: Decoded[] = [];
  for (const document of Array.isArray(documents) ? documents : []) {
    const fault = document.errors[0];
    if (fault) throw badRequest(`error converting YAML to JSON: yaml: ${fault.message}`);
    let value: unknown;
    try {
      value = plain(document.toJS({ maxAliasCount: 1000 }));
    } catch (error) {
      throw badRequest(`error converting YAML to JSON: yaml: ${messageOf(error)}`);
    }
    if (value === null) continue;
    decoded.push({ value, duplicates: duplicatesOf(document.contents, '') });
  }
  return decoded;
}

function isTimeTag(tag: { tag: string; format?: string }): boolean {
  return tag.tag.endsWith('timestamp') || tag.format === 'TIME';
}

/** JSON's view: integers that fit as numbers, keys as strings, no dates or undefined. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') {
    return Number(value);
  }
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Map || value instanceof Set) return plain(Object.fromEntries(value.entries()));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
  }
  return value ?? null;
}

interface YamlNode {
  readonly items?: readonly unknown[];
}

function duplicatesOf(node: unknown, path: string): string[] {
  const items = (node as YamlNode | null)?.items;
  if (!items) return [];
  const found: string[] = [];
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const pair = item as { key?: { value?: unknown }; value?: unknown };
    if (pair.key === undefined) {
      found.push(...duplicatesOf(item, `${path}[${index}]`));
      continue;
    }
    const key = String(pair.key?.value);
    const place = path ? `${path}.${key}` : key;
    if (seen.has(key)) found.push(`duplicate field ${JSON.stringify(place)}`);
    seen.add(key);
    found.push(...duplicatesOf(pair.value, place));
  }
  return found;
}
