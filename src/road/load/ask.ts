import http from 'node:http';
import https from 'node:https';
import { codeOf, messageOf } from '../../base/index.ts';
import type { Target } from './target.ts';

/** An answer read to its last byte, or why there was none. */
export interface Answer {
  readonly status: number | undefined;
  readonly reason: string | undefined;
  readonly retried: boolean;
}

/** Methods that may be sent twice without harm (RFC 9110, 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);
/** One lane for each so many requests a second, so that a server behind a balancer is not all asked by one connection. */
const RATE_PER_LANE = 25;
const LANES_MAX = 16;
const CLOSED = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);

export interface Asker {
  /** Sends one request and reads its answer; `cancel` gives it up with the reason told. Never rejects. */
  ask(path: string): { answer: Promise<Answer>; cancel(reason: string): void };
  close(): void;
}

/**
 * Asks over kept-alive connections. A server may close an idle connection in the very moment a request is sent on it, and
 * no side has done wrong (RFC 9112, 9.3.1): every browser and proxy then sends an idempotent request once more, on a
 * fresh connection. So does this, only when the connection had served before and not one byte of an answer came; it is
 * counted as retried. A second failure is one, and so is any on a fresh connection.
 */
export function createAsker(target: Target): Asker {
  const laneCount = Math.min(LANES_MAX, target.connectionsMax, Math.ceil(target.ratePerSecond / RATE_PER_LANE));
  // How many connections there are in all is bounded by how many requests are let out at once.
  const settings = { keepAlive: true, maxFreeSockets: Math.ceil(target.connectionsMax / laneCount) };
  const lanes = Array.from({ length: laneCount }, () =>
    target.secure ? new https.Agent(settings) : new http.Agent(settings),
  );
  let turn = 0;
  const send = target.secure ? https.request : http.request;

  const once = (path: string, reuse: boolean, done: (answer: Answer, again: boolean) => void): http.ClientRequest => {
    let bytesBefore = 0;
    let settled = false;
    const settle = (status: number | undefined, reason: string | undefined, again = false): void => {
      if (settled) return;
      settled = true;
      done({ status, reason, retried: !reuse }, again);
    };
    const request = send({
      host: target.address,
      port: target.port,
      path,
      method: target.method,
      headers: reuse ? target.headers : { ...target.headers, connection: 'close' },
      agent: reuse ? (lanes[turn++ % laneCount] ?? false) : false,
      ...(target.secure ? { servername: target.hostname } : {}),
    });
    request.on('socket', (socket) => {
      bytesBefore = socket.bytesRead;
    });
    request.on('response', (response) => {
      const status = response.statusCode ?? 0;
      response.on('end', () => settle(status, status >= 500 ? String(status) : undefined));
      response.on('error', (error) => settle(undefined, `answer cut off: ${shortReason(error)}`));
      response.resume();
    });
    request.on('error', (error) => {
      const closedWhileIdle =
        reuse &&
        request.reusedSocket &&
        IDEMPOTENT.has(target.method) &&
        CLOSED.has(codeOf(error) ?? '') &&
        request.socket?.bytesRead === bytesBefore;
      settle(undefined, shortReason(error), closedWhileIdle);
    });
    request.end();
    return request;
  };

  return {
    ask(path) {
      let request: http.ClientRequest | undefined;
      let end: (answer: Answer) => void = () => {};
      let cancelled = false;
      const answer = new Promise<Answer>((resolve) => {
        end = resolve;
      });
      request = once(path, true, (first, again) => {
        if (!again || cancelled) end(first);
        else request = once(path, false, end);
      });
      return {
        answer,
        cancel(reason) {
          cancelled = true;
          end({ status: undefined, reason, retried: false });
          request?.destroy();
        },
      };
    },
    close() {
      for (const agent of lanes) agent.destroy();
    },
  };
}

function shortReason(error: Error): string {
  const code = codeOf(error);
  // A connection to a name tries several addresses and fails with all their errors in one.
  if (code === undefined && error instanceof AggregateError) return codeOf(error.errors[0]) ?? 'no connection';
  return code ?? messageOf(error).slice(0, 80);
}
