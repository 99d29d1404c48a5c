import type { FieldPlan, MessagePlan, Wire } from './protobuf-plan.ts';
import { formatTimestamp, type Timestamp } from './protobuf-time.ts';

type Plain = Readonly<Record<string, unknown>>;

const FIRST_BYTES = 1024;
const SHORT_TEXT = 48;

/**
 * Writes from the end to the front: a message's length is known when its head is written, without measuring first.
 */
export class BackwardWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #position = FIRST_BYTES;

  get length(): number {
    return this.#bytes.length - this.#position;
  }

  finish(): Buffer {
    return this.#bytes.subarray(this.#position);
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#position -= bytes.length;
    this.#bytes.set(bytes, this.#position);
  }

  text(value: string): void {
    if (value.length <= SHORT_TEXT && this.#ascii(value)) return;
    const length = Buffer.byteLength(value);
    this.#room(length);
    this.#position -= length;
    this.#bytes.write(value, this.#position);
  }

  /** Short names sign by sign: cheaper than a call into the runtime. False, and nothing written, for what is not ASCII. */
  #ascii(value: string): boolean {
    const length = value.length;
    this.#room(length);
    const start = this.#position - length;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > 127) return false;
      this.#bytes[start + index] = code;
    }
    this.#position = start;
    return true;
  }

  double(value: number): void {
    this.#room(8);
    this.#position -= 8;
    this.#bytes.writeDoubleLE(value, this.#position);
  }

  /** A whole number; negative ones take ten bytes, as int32 and int64 do. */
  varint(value: number): void {
    if (value >= 0 && value < 128) {
      this.#room(1);
      this.#bytes[--this.#position] = value;
      return;
    }
    const parts: number[] = [];
    if (Number.isSafeInteger(value) && value >= 0) {
      let rest = value;
      while (rest >= 128) {
        parts.push((rest % 128) + 128);
        rest = Math.floor(rest / 128);
      }
      parts.push(rest);
    } else {
      let rest = BigInt.asUintN(64, BigInt(Math.trunc(value)));
      while (rest >= 128n) {
        parts.push(Number(rest & 127n) + 128);
        rest >>= 7n;
      }
      parts.push(Number(rest));
    }
    this.raw(Uint8Array.from(parts));
  }

  tag(number: number, wireType: number): void {
    this.varint(number * 8 + wireType);
  }

  /** The head of what was written since the writer had this length. */
  head(number: number, lengthBefore: number): void {
    this.varint(this.length - lengthBefore);
    this.tag(number, 2);
  }

  #room(count: number): void {
    if (this.#position >= count) return;
    const used = this.length;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, used + count + FIRST_BYTES));
    this.#bytes.copy(grown, grown.length - used, this.#position);
    this.#position = grown.length - used;
    this.#bytes = grown;
  }
}

/** Writes the fields of a message (without its head). */
export function writeMessage(writer: BackwardWriter, value: unknown, plan: MessagePlan): void {
  if (plan.special) {
    writeSpecial(writer, value, plan);
    return;
  }
  const object = value as Plain;
  // Objects set few of the fields that their types have.
  const present: FieldPlan[] = [...plan.embedded];
  for (const key in object) {
    const field = plan.byKey.get(key);
    if (field) present.push(field);
  }
  if (present.length > 1) present.sort(fromLastToFirst);
  for (const field of present) {
    if (field.key === undefined) {
      writeEmbedded(writer, object, field);
      continue;
    }
    const one = object[field.key];
    if (one !== undefined && one !== null) writeField(writer, one, field);
  }
}

const fromLastToFirst = (a: FieldPlan, b: FieldPlan) => b.number - a.number;

/** A struct whose fields stand in the object itself; Go writes it always. */
function writeEmbedded(writer: BackwardWriter, object: Plain, field: FieldPlan): void {
  const before = writer.length;
  if (field.wire.type === 'message') writeMessage(writer, object, field.wire.message());
  writer.head(field.number, before);
}

function writeField(writer: BackwardWriter, value: unknown, field: FieldPlan): void {
  if (field.map) {
    const entries = Object.entries(value as Plain).sort(([a], [b]) => (a < b ? 1 : -1));
    for (const [key, one] of entries) {
      const before = writer.length;
      if (one !== null && one !== undefined) writeValue(writer, 2, one, field.wire);
      writeValue(writer, 1, key, { type: 'string' });
      writer.head(field.number, before);
    }
  } else if (field.repeated) {
    const list = value as readonly unknown[];
    for (let index = list.length - 1; index >= 0; index--) writeValue(writer, field.number, list[index], field.wire);
  } else writeValue(writer, field.number, value, field.wire);
}

function writeValue(writer: BackwardWriter, number: number, value: unknown, wire: Wire): void {
  const before = writer.length;
  switch (wire.type) {
    case 'string':
      writer.text(String(value));
      writer.head(number, before);
      return;
    case 'bytes':
      writer.raw(Buffer.from(String(value), 'base64'));
      writer.head(number, before);
      return;
    case 'bool':
      writer.varint(value ? 1 : 0);
      writer.tag(number, 0);
      return;
    case 'int32':
    case 'int64':
      writer.varint(Number(value));
      writer.tag(number, 0);
      return;
    case 'double':
      writer.double(Number(value));
      writer.tag(number, 1);
      return;
    default:
      writeMessage(writer, value ?? {}, wire.message());
      writer.head(number, before);
  }
}

function writeSpecial(writer: BackwardWriter, value: unknown, plan: MessagePlan): void {
  switch (plan.special) {
    case 'time':
    case 'microTime':
      if (typeof value === 'string' && value !== '') writeTimestamp(writer, formatTimestamp(value));
      return;
    case 'quantity':
      writeValue(writer, 1, value, { type: 'string' });
      return;
    case 'intOrString': {
      const isText = typeof value === 'string';
      writeValue(writer, 3, isText ? value : '', { type: 'string' });
      writeValue(writer, 2, isText ? 0 : value, { type: 'int32' });
      writeValue(writer, 1, isText ? 1 : 0, { type: 'int64' });
      return;
    }
    case 'raw': {
      const before = writer.length;
      if (value instanceof Uint8Array) writer.raw(value);
      else writer.text(JSON.stringify(value));
      writer.head(1, before);
      return;
    }
    case 'strings':
      for (const one of [...(value as readonly string[])].reverse()) writeValue(writer, 1, one, { type: 'string' });
      return;
    default:
      writeSchemaOr(writer, value, plan);
  }
}

function writeTimestamp(writer: BackwardWriter, { seconds, nanos }: Timestamp): void {
  writer.varint(nanos);
  writer.tag(2, 0);
  writer.varint(seconds);
  writer.tag(1, 0);
}

/** The unions of a CustomResourceDefinition's schema: a schema, or a list, a boolean, names. */
function writeSchemaOr(writer: BackwardWriter, value: unknown, plan: MessagePlan): void {
  const isSchema = typeof value === 'object' && value !== null && !Array.isArray(value);
  for (const field of plan.descending) {
    if (field.key === 'schema') {
      if (isSchema) writeField(writer, value, field);
    } else if (field.key === 'allows') writeField(writer, isSchema ? true : value, field);
    else if (!isSchema) writeField(writer, value, field);
  }
}
