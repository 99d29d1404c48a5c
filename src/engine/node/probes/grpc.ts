import { connect } from 'node:http2';
import type { Outcome } from './outcome.ts';
import { dialFault, hostAndPort } from './target.ts';

const STATES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const GRPC_UNIMPLEMENTED = 12;
const GRPC_DEADLINE_EXCEEDED = 4;
const ANSWER_BYTES_MAX = 64 * 1024;

/** Calls grpc.health.v1.Health/Check over plain HTTP/2; success is the state SERVING. */
export function probeGrpc(
  host: string,
  port: number,
  service: string,
  timeoutMs: number,
  agent: string,
): Promise<Outcome> {
  const address = hostAndPort(host, port);
  return new Promise((resolve) => {
    const session = connect(`http://${address}`);
    const timer = AbortSignal.timeout(timeoutMs);
    const end = (outcome: Outcome) => {
      timer.removeEventListener('abort', late);
      session.destroy();
      resolve(outcome);
    };
    const late = () =>
      end({
        result: 'failure',
        output: `timeout: failed to connect service "${address}" within ${timeoutMs / 1000}s: context deadline exceeded`,
      });
    timer.addEventListener('abort', late);
    session.on('error', (error) => end({ result: 'failure', output: `error: ${dialFault(error, address)}` }));
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      'user-agent': agent,
      te: 'trailers',
      'grpc-timeout': `${timeoutMs}m`,
    });
    const chunks: Buffer[] = [];
    let size = 0;
    let status: number | undefined;
    let message = '';
    const readStatus = (headers: Readonly<Record<string, unknown>>) => {
      if (headers['grpc-status'] !== undefined) status = Number(headers['grpc-status']);
      if (typeof headers['grpc-message'] === 'string') message = decodeURIComponent(headers['grpc-message']);
    };
    stream.on('response', readStatus);
    stream.on('trailers', readStatus);
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= ANSWER_BYTES_MAX) chunks.push(chunk);
    });
    stream.on('error', (error) => end({ result: 'failure', output: `error: ${dialFault(error, address)}` }));
    stream.on('end', () => end(verdict(status ?? 0, message, Buffer.concat(chunks))));
    stream.end(checkRequest(service));
  });
}

/** A gRPC frame with HealthCheckRequest{service = 1}. */
function checkRequest(service: string): Buffer {
  const name = Buffer.from(service);
  const body = name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return [...bytes, rest];
}

function verdict(status: number, message: string, answer: Buffer): Outcome {
  if (status === GRPC_UNIMPLEMENTED) {
    return {
      result: 'failure',
      output: `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${message}`,
    };
  }
  if (status === GRPC_DEADLINE_EXCEEDED)
    return { result: 'failure', output: `timeout: health rpc did not complete within the time given` };
  if (status !== 0) return { result: 'failure', output: `error: health rpc probe failed: ${message}` };
  // HealthCheckResponse{status = 1}: a field of type varint, left out when it is 0.
  const state = answer[5] === 0x08 ? (answer[6] ?? 0) : 0;
  if (STATES[state] === 'SERVING') return { result: 'success', output: 'service healthy' };
  return { result: 'failure', output: `service unhealthy (responded with "${STATES[state] ?? state}")` };
}
