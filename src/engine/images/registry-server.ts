import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Log, messageOf } from '../../base/index.ts';
import { RegistryDisk } from './registry-disk.ts';
import { RegistryFault } from './registry-fault.ts';
import { ROUTES } from './registry-routes.ts';

export interface RegistryOptions {
  readonly directory: string;
  readonly log: Log;
}

export interface Registry {
  /** For `http.createServer(handler)`; answers everything below `/v2/`. */
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
}

/**
 * A registry after the OCI distribution specification 1.1: pull, push (whole, in chunks, by mount), lists, referrers
 * and deletion. Who may reach it is the business of who listens.
 */
export function createRegistry(options: RegistryOptions): Registry {
  const disk = new RegistryDisk(options.directory);
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://registry');
    response.setHeader('docker-distribution-api-version', 'registry/2.0');
    for (const route of ROUTES) {
      const found = route.path.exec(decodeURIComponent(url.pathname));
      if (!found) continue;
      const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
      const act = route.methods[method];
      if (!act) throw new RegistryFault(405, 'UNSUPPORTED', `${request.method} is not allowed here`);
      await act({ request, response, disk, query: url.searchParams, name: found[1] ?? '', reference: found[2] ?? '' });
      return;
    }
    throw new RegistryFault(404, 'NAME_UNKNOWN', `nothing at ${url.pathname}`);
  };
  return {
    handler: (request, response) => {
      answer(request, response).catch((error: unknown) => {
        request.resume();
        const fault = error instanceof RegistryFault ? error : undefined;
        if (!fault) options.log.warn('registry request failed', { url: request.url, error: messageOf(error) });
        if (response.headersSent) {
          response.destroy();
          return;
        }
        response.writeHead(fault?.status ?? 500, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ errors: [{ code: fault?.code ?? 'UNKNOWN', message: messageOf(error) }] }));
      });
    },
  };
}
