import { messageOf, planNamed } from './protobuf-plan.ts';
import { Reader, readMessage } from './protobuf-reader.ts';
import { BackwardWriter, writeMessage } from './protobuf-writer.ts';
import { badRequest } from './status.ts';

/** The four bytes before every protobuf object of Kubernetes. */
const MAGIC = Buffer.from('k8s\0', 'latin1');

interface Typed {
  readonly apiVersion?: string;
  readonly kind?: string;
}

/** Whether a kind can travel as protobuf; custom resources and tables cannot. */
export function hasProtobuf(apiVersion: string, kind: string): boolean {
  return messageOf(apiVersion, kind) !== undefined;
}

/** Whether bytes are a protobuf object of Kubernetes. */
export function isProtobuf(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && MAGIC.equals(bytes.subarray(0, 4));
}

/**
 * Reads a protobuf body (`k8s\0`, then runtime.Unknown) to what JSON would have held.
 * `expected`: the kind of a body that does not name one.
 * @throws StatusError 400 for what is none, or names a kind without a protobuf form.
 */
export function decodeProtobuf(bytes: Uint8Array, expected?: Required<Typed>): Record<string, unknown> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!isProtobuf(buffer))
    throw badRequest('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  const envelope = new Reader(buffer, 4);
  let [apiVersion, kind] = ['', ''];
  let raw: Buffer = Buffer.alloc(0);
  while (!envelope.done) {
    const tag = envelope.varint();
    if (tag === 10) {
      const meta = envelope.message();
      while (!meta.done) {
        const inner = meta.varint();
        if (inner === 10) apiVersion = meta.text();
        else if (inner === 18) kind = meta.text();
        else meta.skip(inner & 7);
      }
    } else if (tag === 18) raw = envelope.bytes();
    else envelope.skip(tag & 7);
  }
  apiVersion ||= expected?.apiVersion ?? '';
  kind ||= expected?.kind ?? '';
  const plan = messageOf(apiVersion, kind);
  if (!plan) throw badRequest(`no kind "${kind}" is registered for version "${apiVersion}"`);
  return { apiVersion, kind, ...(readMessage(new Reader(raw), plan) as Record<string, unknown>) };
}

/**
 * Writes an object or list as protobuf.
 * @throws StatusError 400 for a kind without a protobuf form (ask `hasProtobuf` first).
 */
export function encodeProtobuf(object: Typed): Buffer {
  const { apiVersion = '', kind = '' } = object;
  const plan = messageOf(apiVersion, kind);
  if (!plan) throw badRequest(`object ${apiVersion} ${kind} does not implement the protobuf marshalling interface`);
  const writer = new BackwardWriter();
  // contentEncoding and contentType are empty, and Go writes them so.
  writer.raw(Uint8Array.of(0x1a, 0, 0x22, 0));
  const beforeRaw = writer.length;
  writeMessage(writer, object, plan);
  writer.head(2, beforeRaw);
  const beforeMeta = writer.length;
  writer.text(kind);
  writer.head(2, beforeMeta);
  const beforeVersion = writer.length;
  writer.text(apiVersion);
  writer.head(1, beforeVersion);
  writer.head(1, beforeMeta);
  writer.raw(MAGIC);
  return writer.finish();
}

/**
 * One frame of a protobuf watch (`application/vnd.kubernetes.protobuf;stream=watch`): four bytes of length, big-endian,
 * then a bare WatchEvent whose object is `objectBytes`, a whole protobuf object as `encodeProtobuf` makes it.
 */
export function protobufWatchFrame(type: string, objectBytes: Uint8Array): Buffer {
  const writer = new BackwardWriter();
  writeMessage(writer, { type, object: objectBytes }, planNamed('k8s.io.apimachinery.pkg.apis.meta.v1.WatchEvent'));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(writer.length);
  writer.raw(length);
  return writer.finish();
}
