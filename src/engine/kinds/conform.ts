import type { Field, Schema } from './contract.ts';
import { canonicalQuantity } from './quantity.ts';
import { canonicalMicroTime, canonicalTime } from './time.ts';

export interface ConformOptions {
  /** Leave zero and empty values that Go would not write (`replicas: 0`, `hostNetwork: false`, `args: []`). */
  keepZero?: boolean;
  /** Only prune and report unknown fields; types are checked elsewhere (custom resources). */
  pruneOnly?: boolean;
}

export interface Conformed {
  /** The input itself where nothing had to change; parts that did not change are shared with it. */
  readonly object: unknown;
  /** `unknown field "spec.foo"`, in the order met. */
  readonly unknownFields: readonly string[];
  /** Go's decoding errors; the first is what upstream reports. */
  readonly typeFaults: readonly string[];
}

const REPORTS_MAX = 100;

/**
 * Brings a value into the form that decoding into Go's type and encoding it again would give: unknown fields and nulls
 * go, times and quantities become canonical, types are checked. Never writes to its input.
 */
export function conform(value: unknown, schema: Schema, options: ConformOptions = {}): Conformed {
  const pass = new Pass(options);
  const object = pass.value(value, schema, '', '', '');
  return { object, unknownFields: pass.unknownFields, typeFaults: pass.typeFaults };
}

const DROP = Symbol('drop');

class Pass {
  readonly unknownFields: string[] = [];
  readonly typeFaults: string[] = [];
  readonly #keepZero: boolean;
  readonly #pruneOnly: boolean;

  constructor(options: ConformOptions) {
    this.#keepZero = options.keepZero ?? false;
    this.#pruneOnly = options.pruneOnly ?? false;
  }

  /** `place` has list indices (unknown fields), `path` has none and `owner` is the Go struct (type faults). */
  value(value: unknown, schema: Schema, place: string, path: string, owner: string): unknown {
    if (value === null || value === undefined) return this.#pruneOnly ? value : zeroOf(schema);
    switch (schema.type) {
      case 'any':
        return value;
      case 'object':
        if (!isObject(value)) return this.#mismatch(value, schema, path, owner);
        return this.#object(value, schema, place, path, owner);
      case 'map':
        if (!isObject(value)) return this.#mismatch(value, schema, path, owner);
        return this.#map(value, schema.items, place, path, owner);
      case 'list':
        if (!Array.isArray(value)) return this.#mismatch(value, schema, path, owner);
        return this.#list(value, schema.items, place, path, owner);
      default:
        return this.#pruneOnly ? value : this.#scalar(value, schema, path, owner);
    }
  }

  #object(value: Record<string, unknown>, schema: Schema, place: string, path: string, owner: string): unknown {
    const fields = schema.fields;
    if (!fields) return value;
    const self = goName(schema, owner);
    let made: Record<string, unknown> | undefined;
    for (const key of Object.keys(value)) {
      const field = fields[key];
      const before = value[key];
      if (!field) {
        if (schema.preserveUnknownFields) continue;
        if (this.unknownFields.length < REPORTS_MAX) {
          this.unknownFields.push(`unknown field ${JSON.stringify(place ? `${place}.${key}` : key)}`);
        }
        made ??= { ...value };
        delete made[key];
        continue;
      }
      const after = this.#field(before, field, key, place, path, self);
      if (after === before) continue;
      made ??= { ...value };
      if (after === DROP) delete made[key];
      else made[key] = after;
    }
    return made ?? value;
  }

  #field(value: unknown, field: Field, key: string, place: string, path: string, self: string): unknown {
    if (value === null || value === undefined) return this.#pruneOnly && value === null ? value : DROP;
    const type = field.schema.type;
    // The common case, without the cost of joining paths.
    const after =
      type === 'string' && typeof value === 'string'
        ? value
        : this.value(value, field.schema, place ? `${place}.${key}` : key, path ? `${path}.${key}` : key, self);
    return field.omitZero && !this.#keepZero && isZero(after) ? DROP : after;
  }

  #map(
    value: Record<string, unknown>,
    items: Schema | undefined,
    place: string,
    path: string,
    owner: string,
  ): Record<string, unknown> {
    if (!items || items.type === 'any') return value;
    let made: Record<string, unknown> | undefined;
    for (const key of Object.keys(value)) {
      const before = value[key];
      if (items.type === 'string' && typeof before === 'string') continue;
      const after = this.value(before, items, place ? `${place}.${key}` : key, path, owner);
      if (after === before) continue;
      made ??= { ...value };
      made[key] = after;
    }
    return made ?? value;
  }

  #list(value: unknown[], items: Schema | undefined, place: string, path: string, owner: string): unknown[] {
    if (!items || items.type === 'any') return value;
    let made: unknown[] | undefined;
    for (let index = 0; index < value.length; index++) {
      const before = value[index];
      const after = this.value(before, items, `${place}[${index}]`, path, owner);
      if (after === before) continue;
      made ??= value.slice();
      made[index] = after;
    }
    return made ?? value;
  }

  #scalar(value: unknown, schema: Schema, path: string, owner: string): unknown {
    switch (schema.type) {
      case 'string':
        return typeof value === 'string' ? value : this.#mismatch(value, schema, path, owner);
      case 'boolean':
        return typeof value === 'boolean' ? value : this.#mismatch(value, schema, path, owner);
      case 'number':
        return typeof value === 'number' ? value : this.#mismatch(value, schema, path, owner);
      case 'integer':
        return typeof value === 'number' && fits(value, schema.format)
          ? value
          : this.#mismatch(value, schema, path, owner);
      case 'intOrString':
        return typeof value === 'string' || (typeof value === 'number' && fits(value, 'int32'))
          ? value
          : this.#mismatch(value, schema, path, owner);
      case 'bytes':
        if (typeof value !== 'string') return this.#mismatch(value, schema, path, owner);
        return this.#bytes(value);
      case 'quantity':
        return this.#quantity(value);
      case 'time':
      case 'microTime':
        return this.#time(value, schema, path, owner);
      default:
        return value;
    }
  }

  #bytes(value: string): string {
    const fault = base64Fault(value);
    if (fault !== undefined) {
      this.#report(`illegal base64 data at input byte ${fault}`);
      return '';
    }
    return /[\r\n]/.test(value) ? value.replace(/[\r\n]+/g, '') : value;
  }

  #quantity(value: unknown): unknown {
    if (typeof value !== 'string' && typeof value !== 'number') {
      this.#report(quantityFault);
      return '0';
    }
    try {
      const canonical = canonicalQuantity(value === '' ? '0' : value);
      return canonical === value ? value : canonical;
    } catch (error) {
      this.#report(error instanceof Error ? error.message : quantityFault);
      return '0';
    }
  }

  #time(value: unknown, schema: Schema, path: string, owner: string): unknown {
    if (typeof value !== 'string') return this.#mismatch(value, schema, path, owner);
    const made = schema.type === 'time' ? canonicalTime(value) : canonicalMicroTime(value);
    if (made !== undefined) return made;
    const layout = schema.type === 'time' ? '2006-01-02T15:04:05Z07:00' : '2006-01-02T15:04:05.000000Z07:00';
    this.#report(
      `parsing time ${JSON.stringify(value)} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(value)} as "2006"`,
    );
    return undefined;
  }

  #mismatch(value: unknown, schema: Schema, path: string, owner: string): unknown {
    if (this.#pruneOnly) return value;
    const type = goType(schema);
    const target = owner && path ? `Go struct field ${owner}.${path} of type ${type}` : `Go value of type ${type}`;
    this.#report(`json: cannot unmarshal ${jsonType(value)} into ${target}`);
    return zeroOf(schema);
  }

  #report(text: string): void {
    if (this.typeFaults.length < REPORTS_MAX) this.typeFaults.push(text);
  }
}

const quantityFault = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isZero(value: unknown): boolean {
  if (value === '' || value === 0 || value === false || value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (!isObject(value)) return false;
  for (const _ in value) return false;
  return true;
}

function fits(value: number, format: string | undefined): boolean {
  if (!Number.isInteger(value)) return false;
  return format === 'int32' ? value >= -2147483648 && value <= 2147483647 : Math.abs(value) <= 2 ** 63;
}

function zeroOf(schema: Schema): unknown {
  switch (schema.type) {
    case 'object':
    case 'map':
      return {};
    case 'list':
      return [];
    case 'string':
    case 'bytes':
      return '';
    case 'integer':
    case 'number':
    case 'intOrString':
      return 0;
    case 'boolean':
      return false;
    case 'quantity':
      return '0';
    default:
      return null;
  }
}

function jsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'number':
      return Number.isInteger(value) && Math.abs(value) <= 2147483647 ? 'number' : `number ${value}`;
    default:
      return typeof value;
  }
}

/** `PodSpec` of `io.k8s.api.core.v1.PodSpec`. */
function goName(schema: Schema, owner: string): string {
  return schema.name ? schema.name.slice(schema.name.lastIndexOf('.') + 1) : owner;
}

/** The Go type as an error names it: `int32`, `[]v1.Container`, `map[string]string`. */
function goType(schema: Schema): string {
  switch (schema.type) {
    case 'list':
      return `[]${schema.items ? goType(schema.items) : 'interface {}'}`;
    case 'map':
      return `map[string]${schema.items ? goType(schema.items) : 'interface {}'}`;
    case 'boolean':
      return 'bool';
    case 'integer':
      return schema.format ?? 'int64';
    case 'number':
      return 'float64';
    case 'bytes':
      return '[]uint8';
    case 'time':
    case 'microTime':
    case 'string':
      return 'string';
    case 'intOrString':
      return 'intstr.IntOrString';
    case 'object':
      return schema.name ? schema.name.split('.').slice(-2).join('.') : 'map[string]interface {}';
    default:
      return 'interface {}';
  }
}

/** The index of the first byte that is no base64 (line ends are passed over, as in Go), or undefined. */
function base64Fault(text: string): number | undefined {
  const clean = /^[A-Za-z0-9+/]*={0,2}$/;
  const whole = text.replace(/[\r\n]/g, '');
  if (clean.test(whole) && whole.length % 4 === 0) return undefined;
  const bad = text.search(/[^A-Za-z0-9+/=\r\n]/);
  if (bad >= 0) return bad;
  const padding = text.indexOf('=');
  return padding >= 0 && padding < text.length - 2 ? padding : text.length - (whole.length % 4);
}
