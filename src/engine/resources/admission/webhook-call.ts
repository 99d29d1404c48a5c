import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Clock } from '../../../base/index.ts';
import { kinds } from '../../kinds/index.ts';
import type { AdmissionRequest } from '../contract.ts';
import type { Webhook } from './webhook-rules.ts';

type ClientConfig = Webhook['clientConfig'];

const ANSWER_BYTES_MAX = 3 * 1024 * 1024;
const SERVICE_PORT = 443;

interface Place {
  /** As errors show it. */
  readonly url: URL;
  readonly host: string;
  readonly port: number;
}

/**
 * Sends `review` to the webhook and answers what it answered. Of a Service, one of its ready endpoints is asked directly.
 * @throws Error in the words of upstream's client
 */
export async function callWebhook(
  config: ClientConfig,
  timeoutSeconds: number,
  review: object,
  request: AdmissionRequest,
  clock: Clock,
): Promise<unknown> {
  const { url, host, port } = placeOf(config, request);
  url.searchParams.set('timeout', `${timeoutSeconds}s`);
  const body = JSON.stringify(review);
  const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
  return new Promise((resolve, reject) => {
    const failed = (why: string) => reject(new Error(`failed to call webhook: Post "${url.href}": ${why}`));
    const sent = send(
      {
        host,
        port,
        path: `${url.pathname}${url.search}`,
        method: 'POST',
        agent: false,
        servername: url.hostname,
        ...(config.caBundle && { ca: Buffer.from(config.caBundle, 'base64').toString() }),
        headers: {
          host: url.host,
          'content-type': 'application/json',
          accept: 'application/json, */*',
          'content-length': Buffer.byteLength(body),
          'user-agent': 'kube-apiserver-admission',
        },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        let size = 0;
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > ANSWER_BYTES_MAX) sent.destroy(new Error(`the answer is larger than ${ANSWER_BYTES_MAX} bytes`));
          else chunks.push(chunk);
        });
        answer.on('error', ({ message }) => failed(message));
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          if (answer.statusCode !== 200) {
            reject(new Error(`failed to call webhook: the server responded with the status code ${answer.statusCode}`));
            return;
          }
          try {
            resolve(JSON.parse(text));
          } catch (error) {
            failed(error instanceof Error ? error.message : String(error));
          }
        });
      },
    );
    const timer = clock.after(timeoutSeconds * 1000, () => sent.destroy(new Error('context deadline exceeded')));
    sent.on('error', ({ message }) => failed(message));
    sent.on('close', () => timer.cancel());
    sent.end(body);
  });
}

function placeOf(config: ClientConfig, request: AdmissionRequest): Place {
  if (config.url) {
    const url = new URL(config.url);
    return { url, host: url.hostname, port: Number(url.port || (url.protocol === 'http:' ? 80 : SERVICE_PORT)) };
  }
  const { name = '', namespace = '', path = '/', port = SERVICE_PORT } = config.service ?? {};
  const service = request.read(kinds.services, namespace, name);
  if (!service) throw new Error(`failed to call webhook: service "${name}" not found`);
  const servicePort = service.spec.ports?.find((one) => one.port === port);
  if (!servicePort) throw new Error(`failed to call webhook: no service port ${port} found for service "${name}"`);
  const endpoints = request
    .readAll(kinds.endpointslices, namespace)
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name)
    .flatMap((slice) => {
      const own = slice.ports?.find((one) => (one.name ?? '') === (servicePort.name ?? ''))?.port;
      const ready = (slice.endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
      return own === undefined ? [] : ready.flatMap(({ addresses }) => addresses.map((host) => ({ host, port: own })));
    });
  const endpoint = endpoints[Math.floor(Math.random() * endpoints.length)];
  if (!endpoint) throw new Error(`failed to call webhook: no endpoints available for service "${name}"`);
  const url = new URL(`https://${name}.${namespace}.svc:${port}`);
  url.pathname = path;
  return { url, ...endpoint };
}
