import {
  encodeProtobuf,
  type KubeObject,
  protobufWatchFrame,
  type ResourceInfo,
  type Status,
  StatusError,
} from '../../kinds/index.ts';
import type { ResourceEvent, ResourceWatch, Target } from '../../resources/index.ts';
import type { ApiContext } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { CONTENT_TYPES, type Wanted } from '../negotiation.ts';
import { watchRequest, wholeNumber } from '../request-options.ts';
import { wantedOf, writeWarnings } from '../respond.ts';
import { toMetadata, toTable } from '../transform.ts';

/** A client that leaves this much unread is cut off; it comes back and starts from where it was. */
const UNREAD_BYTES_MAX = 32 * 1024 * 1024;
/** A watch without timeoutSeconds ends after half an hour to an hour, as upstream's min-request-timeout has it. */
const SHORTEST_MS = 1_800_000;

/** GET with watch: events as they happen, JSON lines or protobuf frames, until the client goes or the time is over. */
export function watchObjects(context: ApiContext, exchange: Exchange, target: Target): Promise<void> {
  const { response, query } = exchange;
  const { info } = target;
  const wanted = wantedOf(exchange, !info.custom);
  const request = watchRequest(exchange);
  const frame = framer(context, exchange, info, wanted);
  const seconds = wholeNumber(query, 'timeoutSeconds');
  const timeoutMs = seconds ? seconds * 1000 : SHORTEST_MS * (1 + Math.random());

  return new Promise((resolve, reject) => {
    let watch: ResourceWatch | undefined;
    let ended = false;
    let begun = false;
    const early: Buffer[] = [];
    const end = () => {
      if (ended) return;
      ended = true;
      timer.cancel();
      watch?.stop();
      context.closing.removeEventListener('abort', end);
      context.metrics.watchEnded(info);
      if (!response.destroyed) response.end();
      resolve();
    };
    const timer = context.clock.after(timeoutMs, end);
    const send = (chunk: Buffer) => {
      if (ended || response.destroyed) return;
      if (!begun) {
        early.push(chunk);
        return;
      }
      response.write(chunk);
      if (response.writableLength > UNREAD_BYTES_MAX) {
        context.log.warn('watcher does not read, cut off', { resource: info.resource, user: exchange.user.name });
        response.destroy();
        end();
      }
    };
    let faultTold = false;
    const onEvents = (events: readonly ResourceEvent[]) => {
      const [only] = events;
      faultTold ||= only?.type === 'ERROR';
      try {
        send(events.length === 1 && only ? frame(only) : Buffer.concat(events.map(frame)));
      } catch (error) {
        context.log.error('watch event could not be written', { resource: info.resource, error: String(error) });
        end();
      }
    };
    const onClose = (error?: Error) => {
      if (error && !faultTold) send(frame(errorEvent(error)));
      end();
    };
    context.metrics.watchBegan(info);
    try {
      watch = context.resources.watch(target, request, onEvents, onClose);
    } catch (error) {
      // A version that is gone is told as an event, since the watch itself was well asked for.
      if (error instanceof StatusError && error.code === 410) early.push(frame(errorEvent(error)));
      else {
        ended = true;
        timer.cancel();
        context.metrics.watchEnded(info);
        reject(error);
        return;
      }
    }
    if (ended) watch?.stop();
    response.on('close', end);
    response.on('error', end);
    context.closing.addEventListener('abort', end);
    response.setHeader('content-type', contentType(wanted));
    response.setHeader('cache-control', 'no-cache, private');
    writeWarnings(exchange);
    response.writeHead(200);
    response.flushHeaders?.();
    begun = true;
    const held = early.splice(0);
    if (held.length > 0 && !response.destroyed) response.write(Buffer.concat(held));
    if (ended) response.end();
    else if (!watch) end();
  });
}

function contentType({ encoding }: Wanted): string {
  return encoding === 'json' ? CONTENT_TYPES.json : `${CONTENT_TYPES[encoding]};stream=watch`;
}

function errorEvent(error: Error): ResourceEvent {
  const status: Status =
    error instanceof StatusError
      ? error.status
      : {
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          status: 'Failure',
          message: error.message,
          reason: 'InternalError',
          code: 500,
        };
  return { type: 'ERROR', object: status, bytes: () => Buffer.from(JSON.stringify(status)) };
}

// The lines of an event are made once for all watchers of it: the bytes of the object are what they share.
const lines = new WeakMap<Buffer, Map<string, Buffer>>();
const LINE_END = Buffer.from('}\n');

function jsonLine(type: string, bytes: Buffer): Buffer {
  let ofType = lines.get(bytes);
  if (!ofType) {
    ofType = new Map();
    lines.set(bytes, ofType);
  }
  const known = ofType.get(type);
  if (known) return known;
  const line = Buffer.concat([Buffer.from(`{"type":"${type}","object":`), bytes, LINE_END]);
  ofType.set(type, line);
  return line;
}

const frames = new WeakMap<object, Map<string, Buffer>>();

function protobufLine(type: string, object: object): Buffer {
  let ofType = frames.get(object);
  if (!ofType) {
    ofType = new Map();
    frames.set(object, ofType);
  }
  const known = ofType.get(type);
  if (known) return known;
  const frame = protobufWatchFrame(type, encodeProtobuf(object));
  ofType.set(type, frame);
  return frame;
}

/** How events are written: the form of the object (whole, table, metadata) and the encoding of the frame. */
function framer(
  context: ApiContext,
  exchange: Exchange,
  info: ResourceInfo,
  wanted: Wanted,
): (event: ResourceEvent) => Buffer {
  const { as, encoding } = wanted;
  const write =
    encoding === 'protobuf'
      ? (type: string, object: object) => protobufWatchFrame(type, encodeProtobuf(object))
      : (type: string, object: object) => jsonLine(type, Buffer.from(JSON.stringify(object)));
  if (!as) {
    if (encoding === 'protobuf') return ({ type, object }) => protobufLine(type, object);
    return (event) => jsonLine(event.type, event.bytes());
  }
  let first = true;
  return ({ type, object }) => {
    if (type === 'ERROR') return write(type, object);
    const about = object as KubeObject;
    if (as.kind !== 'Table') return write(type, toMetadata(about, as.version));
    const { resourceVersion } = about.metadata;
    const rows = type === 'BOOKMARK' ? [] : [about];
    const table = toTable(exchange, info, rows, { resourceVersion }, as.version, context.clock.now());
    // The columns are told once, as upstream does.
    const shown = first ? table : { ...table, columnDefinitions: [] };
    first = false;
    return write(type, shown);
  };
}
