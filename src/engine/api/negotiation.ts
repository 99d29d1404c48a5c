/** The encodings that answers are written in. */
export type Encoding = 'json' | 'yaml' | 'protobuf';

/** What the client wants to get back. */
export interface Wanted {
  readonly encoding: Encoding;
  /** `Table`, `PartialObjectMetadata` or `PartialObjectMetadataList` of meta.k8s.io. */
  readonly as?: { readonly kind: string; readonly version: string };
}

/** One clause of an Accept header. */
export interface AcceptClause {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly quality: number;
}

const ENCODINGS: Readonly<Record<string, Encoding>> = {
  'application/json': 'json',
  'application/*': 'json',
  '*/*': 'json',
  'application/yaml': 'yaml',
  'application/vnd.kubernetes.protobuf': 'protobuf',
};
export const CONTENT_TYPES: Readonly<Record<Encoding, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
};
const TRANSFORMATIONS = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']);
const CLAUSES_MAX = 32;
const KEPT_MAX = 256;

/** Clauses of an Accept header by falling quality, equal ones in their order (RFC 9110, section 12.5.1). */
export function parseAccept(accept: string): AcceptClause[] {
  const clauses: AcceptClause[] = [];
  for (const part of accept.split(',').slice(0, CLAUSES_MAX)) {
    const [type = '', ...rest] = part.split(';').map((word) => word.trim());
    if (!type) continue;
    const parameters: Record<string, string> = {};
    let quality = 1;
    for (const word of rest) {
      const equals = word.indexOf('=');
      if (equals < 0) continue;
      const key = word.slice(0, equals).trim().toLowerCase();
      const value = word.slice(equals + 1).trim();
      if (key === 'q') quality = Number.parseFloat(value) || 0;
      else parameters[key] = value;
    }
    if (quality > 0) clauses.push({ type: type.toLowerCase(), parameters, quality });
  }
  return clauses.sort((a, b) => b.quality - a.quality);
}

const JSON_ONLY: Wanted = { encoding: 'json' };
const kept = new Map<string, Wanted | undefined>();

/**
 * What to answer with, or undefined when nothing the client accepts can be made (406). Protobuf is for built-in kinds
 * only (`protobuf` false: custom resources), and never for tables, which have no protobuf form in upstream's clients.
 */
export function negotiate(accept: string | undefined, protobuf: boolean): Wanted | undefined {
  if (!accept || accept === 'application/json' || accept === '*/*') return JSON_ONLY;
  const key = protobuf ? accept : `-${accept}`;
  if (kept.has(key)) return kept.get(key);
  const wanted = choose(accept, protobuf);
  if (kept.size >= KEPT_MAX) kept.clear();
  kept.set(key, wanted);
  return wanted;
}

function choose(accept: string, protobuf: boolean): Wanted | undefined {
  for (const { type, parameters } of parseAccept(accept)) {
    const encoding = ENCODINGS[type];
    if (!encoding || (encoding === 'protobuf' && !protobuf)) continue;
    const { as, g, v } = parameters;
    if (as === undefined) return { encoding };
    if (g !== 'meta.k8s.io' || !TRANSFORMATIONS.has(as) || (v !== 'v1' && v !== 'v1beta1')) continue;
    if (encoding === 'protobuf' && as === 'Table') continue;
    return { encoding, as: { kind: as, version: v } };
  }
  return undefined;
}
