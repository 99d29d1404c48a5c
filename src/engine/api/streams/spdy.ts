import { Duplex, type TransformOptions } from 'node:stream';
import { createInflate, type ZlibOptions } from 'node:zlib';
import {
  controlFrame,
  DICTIONARY,
  dataHead,
  emptyHeaderBlock,
  FLAG_FIN,
  FRAME,
  HEAD_BYTES,
  readHead,
  readHeaderBlock,
  words,
} from './spdy-frames.ts';

const FRAME_BYTES_MAX = 1024 * 1024;
const HEADER_BYTES_MAX = 64 * 1024;
const INFLATE: ZlibOptions & TransformOptions = { dictionary: DICTIONARY, readableHighWaterMark: HEADER_BYTES_MAX };
const STREAMS_MAX = 1024;
/** What a stream may hold unread before the connection stops being read: client-go knows no flow control of its own. */
const UNREAD_BYTES_MAX = 1024 * 1024;
/** Larger writes go out as several frames, so that streams of one connection share it. */
const DATA_BYTES_MAX = 64 * 1024;
const RST_PROTOCOL_ERROR = 1;
const RST_REFUSED = 3;
const RST_CANCEL = 5;

/** One stream of a session. Its headers are what the client opened it with, names in lower case. */
export class SpdyStream extends Duplex {
  readonly id: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly #session: SpdySession;
  #wake: (() => void) | undefined;

  constructor(session: SpdySession, id: number, headers: ReadonlyMap<string, string>) {
    super({ allowHalfOpen: true, highWaterMark: DATA_BYTES_MAX });
    this.#session = session;
    this.id = id;
    this.headers = headers;
  }

  /** Takes what the client sent; resolves when more may come. */
  receive(data: Buffer): Promise<void> | undefined {
    if (this.destroyed || this.readableEnded) return undefined;
    this.push(data);
    if (this.readableLength < UNREAD_BYTES_MAX) return undefined;
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  receiveEnd(): void {
    if (!this.destroyed) this.push(null);
  }

  override _read(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#session.send(this.id, chunk, false, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#session.send(this.id, Buffer.alloc(0), true, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#wake?.();
    this.#session.forget(this.id, !this.writableFinished);
    done(error);
  }
}

/**
 * The server's side of a SPDY/3.1 connection on top of any byte stream.
 *
 * Invariants: frames are handled in the order they came (headers share one decompressor); ids of streams only grow;
 * nothing is read while a stream holds too much unread.
 */
export class SpdySession {
  readonly #connection: Duplex;
  readonly #streams = new Map<number, SpdyStream>();
  readonly #inflate = createInflate(INFLATE);
  #onStream: (stream: SpdyStream) => void;
  #replied = false;
  #lastId = 0;
  #closed = false;

  /** `head`: bytes that came behind the upgrade. `onStream` is called with each stream the client opens. */
  constructor(connection: Duplex, head: Buffer, onStream: (stream: SpdyStream) => void, onClose: () => void) {
    this.#connection = connection;
    this.#onStream = onStream;
    // What goes wrong while reading ends the session; there is nobody to tell.
    this.#inflate.on('error', () => connection.destroy());
    connection.on('error', () => {});
    connection.once('close', () => this.#end(onClose));
    this.#read(head).then(
      () => this.#end(onClose),
      () => this.#end(onClose),
    );
  }

  send(id: number, data: Buffer, end: boolean, done: (error?: Error | null) => void): void {
    if (this.#closed || this.#connection.destroyed) {
      done(new Error('the connection is closed'));
      return;
    }
    this.#connection.cork();
    let at = 0;
    do {
      const piece = data.subarray(at, at + DATA_BYTES_MAX);
      at += DATA_BYTES_MAX;
      const last = at >= data.length;
      this.#connection.write(dataHead(id, end && last ? FLAG_FIN : 0, piece.length));
      if (piece.length > 0) this.#connection.write(piece);
    } while (at < data.length);
    this.#connection.uncork();
    if (this.#connection.writableNeedDrain) this.#connection.once('drain', () => done());
    else done();
  }

  forget(id: number, reset: boolean): void {
    if (!this.#streams.delete(id) || !reset || this.#closed) return;
    this.#connection.write(controlFrame(FRAME.rstStream, 0, words(id, RST_CANCEL)));
  }

  /** Says goodbye and closes the connection once everything written is out. */
  close(): void {
    if (this.#closed || this.#connection.destroyed) return;
    this.#connection.write(controlFrame(FRAME.goAway, 0, words(this.#lastId, 0)));
    this.#connection.end();
  }

  #end(onClose: () => void): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const stream of this.#streams.values()) {
      stream.receiveEnd();
      stream.destroy();
    }
    this.#streams.clear();
    this.#inflate.close();
    this.#connection.destroy();
    onClose();
  }

  async #read(head: Buffer): Promise<void> {
    let held = head;
    held = await this.#frames(held);
    for await (const chunk of this.#connection as AsyncIterable<Buffer>) {
      held = await this.#frames(held.length > 0 ? Buffer.concat([held, chunk]) : chunk);
    }
  }

  /** Handles the whole frames at the start of the bytes; answers what is left. */
  async #frames(bytes: Buffer): Promise<Buffer> {
    let at = 0;
    while (bytes.length - at >= HEAD_BYTES) {
      const head = readHead(bytes.subarray(at));
      if (head.length > FRAME_BYTES_MAX) throw new Error(`frame of ${head.length} bytes`);
      const end = at + HEAD_BYTES + head.length;
      if (bytes.length < end) break;
      const payload = bytes.subarray(at + HEAD_BYTES, end);
      at = end;
      if (head.control) await this.#control(head.type, head.flags, payload);
      else await this.#data(head.streamId, head.flags, payload);
    }
    return bytes.subarray(at);
  }

  async #data(id: number, flags: number, payload: Buffer): Promise<void> {
    const stream = this.#streams.get(id);
    if (!stream) return;
    if (payload.length > 0) await stream.receive(payload);
    if (flags & FLAG_FIN) stream.receiveEnd();
  }

  async #control(type: number, flags: number, payload: Buffer): Promise<void> {
    switch (type) {
      case FRAME.synStream:
        return this.#open(payload.readUInt32BE(0) & 0x7fffffff, flags, payload.subarray(10));
      case FRAME.headers:
        // Only to keep the decompressor in step.
        await this.#headers(payload.subarray(4));
        return;
      case FRAME.rstStream:
        this.#streams.get(payload.readUInt32BE(0) & 0x7fffffff)?.destroy();
        return;
      case FRAME.ping:
        if (payload.readUInt32BE(0) % 2 === 1) this.#connection.write(controlFrame(FRAME.ping, 0, payload));
        return;
      case FRAME.goAway:
        return;
      default:
        // Settings and window updates change nothing here.
        return;
    }
  }

  async #open(id: number, flags: number, block: Buffer): Promise<void> {
    const headers = await this.#headers(block);
    if (id <= this.#lastId || this.#streams.size >= STREAMS_MAX) {
      const status = id <= this.#lastId ? RST_PROTOCOL_ERROR : RST_REFUSED;
      this.#connection.write(controlFrame(FRAME.rstStream, 0, words(id, status)));
      return;
    }
    this.#lastId = id;
    const stream = new SpdyStream(this, id, headers);
    stream.on('error', () => {});
    this.#streams.set(id, stream);
    const reply = Buffer.concat([words(id), emptyHeaderBlock(!this.#replied)]);
    this.#replied = true;
    this.#connection.write(controlFrame(FRAME.synReply, 0, reply));
    if (flags & FLAG_FIN) stream.receiveEnd();
    this.#onStream(stream);
  }

  #headers(block: Buffer): Promise<Map<string, string>> {
    return new Promise((resolve, reject) => {
      this.#inflate.write(block, (error) => {
        try {
          if (error) throw error;
          // The output is held until it is read; a block past the limit is never called back for and ends with the client.
          resolve(readHeaderBlock((this.#inflate.read() as Buffer | null) ?? Buffer.alloc(0)));
        } catch (fault) {
          reject(fault);
        }
      });
    });
  }
}
