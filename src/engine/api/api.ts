import type { Socket } from 'node:net';
import type { Clock, Log } from '../../base/index.ts';
import type { Catalogue } from '../kinds/index.ts';
import type { Resources, UserInfo } from '../resources/index.ts';
import { createAggregator } from './aggregation/aggregator.ts';
import { createAuthenticator } from './authentication/authenticator.ts';
import {
  createServiceAccountTokens,
  type IssuedToken,
  type ServiceAccountKeys,
  type TokenWanted,
} from './authentication/service-account-tokens.ts';
import { createAuthorizer } from './authorization/authorizer.ts';
import { createPolicy } from './authorization/policy.ts';
import type { ApiContext, VersionInfo } from './context.ts';
import type { NodeLink } from './contract.ts';
import { createDiscovery } from './discovery/discovery.ts';
import { createMetrics } from './metrics.ts';
import { createOpenApi } from './openapi/serve.ts';
import { createRouter } from './router.ts';
import { createRoutes } from './routes.ts';
import { type Certificates, createServer } from './server.ts';

export interface ApiOptions {
  readonly resources: Resources;
  readonly catalogue: Catalogue;
  readonly nodeLink: NodeLink;
  readonly clock: Clock;
  readonly log: Log;
  readonly certificates: Certificates;
  readonly serviceAccountKeys: ServiceAccountKeys;
  readonly staticTokens?: ReadonlyMap<string, UserInfo>;
  readonly version: VersionInfo;
  /** PEM: who this server is to the servers of APIServices, which trust its X-Remote-* headers for it. */
  readonly frontProxy?: { readonly certificate: string; readonly key: string };
  /** Named checks for `/readyz`. */
  ready(): Record<string, boolean>;
}

export interface Api {
  /** Takes over a raw TCP connection of any listening server; TLS is inside. */
  accept(socket: Socket): void;
  /** For connections from now on (a name was added to the certificate). */
  setCertificates(certificates: Certificates): void;
  /** A token as serviceaccounts/token gives it. */
  issueServiceAccountToken(wanted: TokenWanted): Promise<IssuedToken>;
  /** A token without an end, for a Secret of type kubernetes.io/service-account-token. */
  issueSecretToken(account: { namespace: string; name: string; uid: string }, secretName: string): Promise<string>;
  /** Ends watches and streams, then all connections. */
  close(): Promise<void>;
}

/** The HTTP server of the Kubernetes API. Opens no port itself. */
export function createApi(options: ApiOptions): Api {
  const { resources, catalogue, clock, log } = options;
  const closing = new AbortController();
  const tokens = createServiceAccountTokens({ keys: options.serviceAccountKeys, resources, catalogue, clock });
  const { audiences } = options.serviceAccountKeys;
  const policy = createPolicy({ resources, catalogue, log });
  const aggregator = createAggregator({
    resources,
    catalogue,
    log,
    clock,
    nodeLink: options.nodeLink,
    ...(options.frontProxy && { frontProxy: options.frontProxy }),
  });
  const context: ApiContext = {
    aggregator,
    resources,
    catalogue,
    clock,
    log,
    nodeLink: options.nodeLink,
    tokens,
    audiences,
    policy,
    authenticator: createAuthenticator({
      tokens,
      audiences,
      ...(options.staticTokens && { staticTokens: options.staticTokens }),
    }),
    authorizer: createAuthorizer(policy),
    metrics: createMetrics(clock.now()),
    version: options.version,
    ready: () => options.ready(),
    closing: closing.signal,
  };
  const discovery = createDiscovery(catalogue, aggregator);
  const route = createRouter(context, createRoutes(context, discovery, createOpenApi(context, discovery)));
  const server = createServer(
    options.certificates,
    {
      onRequest: route,
      onUpgrade: (request, response, socket, head) => route(request, response, { socket, head }),
    },
    log,
  );
  return {
    accept: (socket) => server.accept(socket),
    setCertificates: (certificates) => server.setCertificates(certificates),
    issueServiceAccountToken: (wanted) => tokens.issue(wanted),
    issueSecretToken: (account, secretName) => tokens.issueForSecret(account, secretName),
    async close() {
      closing.abort();
      policy.stop();
      aggregator.stop();
      await server.close();
    },
  };
}
