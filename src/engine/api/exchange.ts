import type { Socket } from 'node:net';
import type { Clock } from '../../base/index.ts';
import type { ResourceInfo } from '../kinds/index.ts';
import type { Target, UserInfo } from '../resources/index.ts';
import type { HttpRequest, HttpResponse } from './http.ts';
import type { RequestInfo } from './request-info.ts';

/** One request on its way through. */
export interface Exchange {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  readonly method: string;
  readonly query: URLSearchParams;
  readonly info: RequestInfo;
  readonly clock: Clock;
  /** Who asks; after impersonation, who is impersonated. */
  user: UserInfo;
  /** Texts for Warning headers, told with the answer. */
  readonly warnings: string[];
  /** Set when the request is a WebSocket or SPDY upgrade: the raw connection and what came with the head. */
  readonly upgrade?: { readonly socket: Socket; readonly head: Buffer };
}

/** The target of a request for this resource. */
export function targetOf(info: ResourceInfo, request: RequestInfo): Target {
  const named = request.name !== '' && request.verb !== 'list' && request.verb !== 'watch' && request.verb !== 'create';
  return {
    info,
    ...(info.namespaced && request.namespace !== '' && { namespace: request.namespace }),
    ...((named || request.subresource !== '') && { name: request.name }),
    ...(request.subresource !== '' && { subresource: request.subresource }),
  };
}
