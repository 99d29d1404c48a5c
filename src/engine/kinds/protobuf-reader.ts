import type { StatusError } from './contract.ts';
import type { FieldPlan, MessagePlan, Wire } from './protobuf-plan.ts';
import { readTimestamp } from './protobuf-time.ts';
import { badRequest } from './status.ts';

const DEPTH_MAX = 200;

/** Reads one message's bytes. Every length is checked against what is there. */
export class Reader {
  readonly #bytes: Buffer;
  #position: number;
  readonly #end: number;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#position = start;
    this.#end = end;
  }

  get done(): boolean {
    return this.#position >= this.#end;
  }

  varint(): number {
    let low = 0;
    for (let shift = 0; shift < 4; shift++) {
      const byte = this.#byte();
      low += (byte & 127) * 128 ** shift;
      if (byte < 128) return low;
    }
    let value = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
    throw malformed('integer overflow');
  }

  double(): number {
    this.#need(8);
    const value = this.#bytes.readDoubleLE(this.#position);
    this.#position += 8;
    return value;
  }

  bytes(): Buffer {
    const length = this.varint();
    this.#need(length);
    const start = this.#position;
    this.#position += length;
    return this.#bytes.subarray(start, this.#position);
  }

  text(): string {
    const length = this.varint();
    this.#need(length);
    const start = this.#position;
    this.#position += length;
    return this.#bytes.toString('utf8', start, this.#position);
  }

  message(): Reader {
    const length = this.varint();
    this.#need(length);
    const start = this.#position;
    this.#position += length;
    return new Reader(this.#bytes, start, this.#position);
  }

  skip(wireType: number): void {
    switch (wireType) {
      case 0:
        this.varint();
        return;
      case 1:
        this.#need(8);
        this.#position += 8;
        return;
      case 2:
        this.bytes();
        return;
      case 5:
        this.#need(4);
        this.#position += 4;
        return;
      default:
        throw malformed(`wire type ${wireType}`);
    }
  }

  #byte(): number {
    this.#need(1);
    return this.#bytes[this.#position++] ?? 0;
  }

  #need(count: number): void {
    if (count < 0 || this.#position + count > this.#end) throw malformed('unexpected EOF');
  }
}

function malformed(why: string): StatusError {
  return badRequest(`proto: ${why}`);
}

type Plain = Record<string, unknown>;

/** The JSON value of a message. */
export function readMessage(reader: Reader, plan: MessagePlan, depth = 0): unknown {
  if (depth > DEPTH_MAX) throw malformed('message nested too deeply');
  if (plan.special) return readSpecial(reader, plan, depth);
  const object: Plain = {};
  readInto(object, reader, plan, depth);
  return object;
}

function readInto(object: Plain, reader: Reader, plan: MessagePlan, depth: number): void {
  while (!reader.done) {
    const tag = reader.varint();
    const field = plan.byNumber.get(Math.floor(tag / 8));
    if (!field || (tag & 7) !== wireTypeOf(field)) {
      reader.skip(tag & 7);
      continue;
    }
    if (field.key === undefined) {
      if (field.wire.type === 'message') readInto(object, reader.message(), field.wire.message(), depth + 1);
    } else readField(object, field.key, reader, field, depth);
  }
}

function wireTypeOf(field: FieldPlan): number {
  if (field.map) return 2;
  switch (field.wire.type) {
    case 'bool':
    case 'int32':
    case 'int64':
      return 0;
    case 'double':
      return 1;
    default:
      return 2;
  }
}

function readField(object: Plain, key: string, reader: Reader, field: FieldPlan, depth: number): void {
  if (field.map) {
    const entry = reader.message();
    let name = '';
    let value: unknown = zeroOf(field.wire);
    while (!entry.done) {
      const tag = entry.varint();
      if (tag === 10) name = entry.text();
      else if (Math.floor(tag / 8) === 2) value = readValue(entry, field.wire, depth);
      else entry.skip(tag & 7);
    }
    object[key] ??= {};
    const map = object[key] as Plain;
    if (name === '__proto__')
      Object.defineProperty(map, name, { value, enumerable: true, writable: true, configurable: true });
    else map[name] = value;
    return;
  }
  const value = readValue(reader, field.wire, depth);
  if (field.repeated) {
    object[key] ??= [];
    (object[key] as unknown[]).push(value);
    return;
  }
  if (value === undefined || (field.omitZero && (value === '' || value === 0 || value === false))) return;
  object[key] = value;
}

function zeroOf(wire: Wire): unknown {
  switch (wire.type) {
    case 'string':
    case 'bytes':
      return '';
    case 'bool':
      return false;
    case 'message':
      return {};
    default:
      return 0;
  }
}

function readValue(reader: Reader, wire: Wire, depth: number): unknown {
  switch (wire.type) {
    case 'string':
      return reader.text();
    case 'bytes':
      return reader.bytes().toString('base64');
    case 'bool':
      return reader.varint() !== 0;
    case 'int32':
    case 'int64':
      return reader.varint();
    case 'double':
      return reader.double();
    default:
      return readMessage(reader.message(), wire.message(), depth + 1);
  }
}

function readSpecial(reader: Reader, plan: MessagePlan, depth: number): unknown {
  switch (plan.special) {
    case 'time':
    case 'microTime': {
      if (reader.done) return undefined;
      const { 1: seconds = 0, 2: nanos = 0 } = readNumbers(reader);
      return readTimestamp({ seconds, nanos }, plan.special === 'microTime');
    }
    case 'quantity':
      return readOne(reader) ?? '0';
    case 'intOrString': {
      let [type, number, text] = [0, 0, ''];
      while (!reader.done) {
        const tag = reader.varint();
        if (tag === 8) type = reader.varint();
        else if (tag === 16) number = reader.varint();
        else if (tag === 26) text = reader.text();
        else reader.skip(tag & 7);
      }
      return type === 1 ? text : number;
    }
    case 'raw':
      return readRaw(reader);
    case 'strings': {
      const list: string[] = [];
      while (!reader.done) {
        const tag = reader.varint();
        if (tag === 10) list.push(reader.text());
        else reader.skip(tag & 7);
      }
      return list;
    }
    default:
      return readSchemaOr(reader, plan, depth);
  }
}

function readNumbers(reader: Reader): Record<number, number> {
  const found: Record<number, number> = {};
  while (!reader.done) {
    const tag = reader.varint();
    if ((tag & 7) === 0) found[tag >> 3] = reader.varint();
    else reader.skip(tag & 7);
  }
  return found;
}

function readOne(reader: Reader): string | undefined {
  let text: string | undefined;
  while (!reader.done) {
    const tag = reader.varint();
    if (tag === 10) text = reader.text();
    else reader.skip(tag & 7);
  }
  return text;
}

/** JSON inside; clients may also put a whole protobuf object there, which is kept as bytes for who knows it. */
function readRaw(reader: Reader): unknown {
  const text = readOne(reader);
  if (text === undefined || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('raw extension holds no JSON');
  }
}

function readSchemaOr(reader: Reader, plan: MessagePlan, depth: number): unknown {
  const parts: Plain = {};
  readInto(parts, reader, plan, depth);
  if (parts.schema !== undefined) return parts.schema;
  switch (plan.special) {
    case 'schemaOrBool':
      return parts.allows ?? false;
    case 'schemaOrArray':
      return parts.jSONSchemas ?? [];
    default:
      return parts.property ?? [];
  }
}
