import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { HTTPGetAction } from '../../kinds/index.ts';
import { OUTPUT_BYTES_MAX, type Outcome } from './outcome.ts';
import { dialFault } from './target.ts';

const REDIRECTS_MAX = 10;

export interface HttpTarget {
  readonly url: URL;
  /** The URL as messages show it. */
  readonly shown: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
}

/** Where an httpGet goes: `host` when it names none, with the kubelet's headers under its own. */
export function httpTarget(action: HTTPGetAction, host: string, port: number, agent: string): HttpTarget {
  const scheme = (action.scheme ?? 'HTTP').toLowerCase();
  const target = action.host || host;
  const path = action.path ?? '/';
  const url = new URL(
    `${scheme}://${target.includes(':') ? `[${target}]` : target}:${port}${path.startsWith('/') ? path : `/${path}`}`,
  );
  const headers: Record<string, string | string[]> = { 'user-agent': agent, accept: '*/*', connection: 'close' };
  const given = new Map<string, string[]>();
  for (const { name, value } of action.httpHeaders ?? [])
    given.set(name.toLowerCase(), [...(given.get(name.toLowerCase()) ?? []), value]);
  for (const [name, values] of given) {
    // An empty value takes a header away.
    if (values.join('') === '' && (name === 'accept' || name === 'user-agent')) delete headers[name];
    else headers[name] = values.length === 1 ? (values[0] ?? '') : values;
  }
  return { url, shown: url.href, headers };
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  readonly location: string | undefined;
}

/** GET within `timeoutMs`, the certificate not checked, the body cut. @throws with Go's words for what went wrong */
export function httpGet(target: HttpTarget, timeoutMs: number): Promise<HttpAnswer> {
  const { url } = target;
  return new Promise((resolve, reject) => {
    const secure = url.protocol === 'https:';
    const options: RequestOptions & { rejectUnauthorized?: boolean } = {
      method: 'GET',
      headers: target.headers,
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
      ...(secure ? { rejectUnauthorized: false } : {}),
    };
    const fail = (error: unknown) => {
      const timedOut = error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
      const why = timedOut
        ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
        : dialFault(error, url.host);
      reject(new Error(`Get "${target.shown}": ${why}`, { cause: error }));
    };
    const sent = (secure ? httpsRequest : httpRequest)(url, options, (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const done = () => {
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(chunks).subarray(0, OUTPUT_BYTES_MAX).toString('utf8'),
          location: response.headers.location,
        });
        sent.destroy();
      };
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size >= OUTPUT_BYTES_MAX) done();
      });
      response.on('end', done);
      response.on('error', fail);
    });
    sent.on('error', fail);
    sent.end();
  });
}

/** Success is a status from 200 to 399. Redirects are followed within the host only; one that leads away is a warning. */
export async function probeHttp(target: HttpTarget, timeoutMs: number): Promise<Outcome> {
  let current = target;
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
    let answer: HttpAnswer;
    try {
      answer = await httpGet(current, timeoutMs);
    } catch (error) {
      return { result: 'failure', output: error instanceof Error ? error.message : String(error) };
    }
    const { status, body, location } = answer;
    if (status < 200 || status >= 400)
      return { result: 'failure', output: `HTTP probe failed with statuscode: ${status}` };
    if (![301, 302, 303, 307, 308].includes(status) || !location) return { result: 'success', output: body };
    const next = new URL(location, current.url);
    if (next.hostname !== target.url.hostname)
      return { result: 'warning', output: `Probe terminated redirects, Response body: ${body}` };
    current = { ...target, url: next, shown: next.href };
  }
  return { result: 'failure', output: `Get "${current.shown}": stopped after ${REDIRECTS_MAX} redirects` };
}
