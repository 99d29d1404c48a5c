import type { ApiContext } from './context.ts';
import type { Discovery } from './discovery/discovery.ts';
import type { Exchange } from './exchange.ts';
import { serveHealth } from './health.ts';
import type { OpenApi } from './openapi/serve.ts';
import { sendBytes, sendObject } from './respond.ts';

/** The paths that are no resources. */
export interface Routes {
  /** False when the path leads nowhere. */
  serve(exchange: Exchange): Promise<boolean>;
}

export function createRoutes(context: ApiContext, discovery: Discovery, openApi: OpenApi): Routes {
  return {
    async serve(exchange) {
      const { path } = exchange.info;
      if (exchange.method !== 'GET' && exchange.method !== 'HEAD') return false;
      switch (path) {
        case '/':
          await sendObject(exchange, 200, { paths: rootPaths(discovery) });
          return true;
        case '/version':
        case '/version/':
          await sendObject(exchange, 200, versionObject(context));
          return true;
        case '/metrics':
          sendBytes(
            exchange,
            200,
            'text/plain; version=0.0.4; charset=utf-8',
            Buffer.from(context.metrics.text(objectCounts(context))),
          );
          return true;
        case '/.well-known/openid-configuration':
          sendBytes(exchange, 200, 'application/json', Buffer.from(JSON.stringify(providerConfiguration(context))), {
            'cache-control': 'public, max-age=3600',
          });
          return true;
        case '/openid/v1/jwks':
          sendBytes(exchange, 200, 'application/jwk-set+json', Buffer.from(JSON.stringify(context.tokens.keySet())), {
            'cache-control': 'public, max-age=3600',
          });
          return true;
      }
      if (serveHealth(context, exchange)) return true;
      if (await discovery.serve(exchange)) return true;
      return openApi.serve(exchange);
    },
  };
}

function versionObject({ version }: ApiContext): object {
  return {
    ...version,
    gitCommit: version.gitCommit ?? '',
    gitTreeState: version.gitTreeState ?? '',
    buildDate: version.buildDate ?? '',
    goVersion: version.goVersion ?? '',
    compiler: version.compiler ?? '',
    platform: version.platform ?? '',
  };
}

function* objectCounts({ catalogue, resources }: ApiContext): Generator<[string, number]> {
  for (const info of catalogue.all()) {
    if (info.version !== info.storageVersion || !info.verbs.includes('watch')) continue;
    const { items, remainingItemCount = 0 } = resources.list({ info }, { limit: 1 });
    yield [info.group ? `${info.resource}.${info.group}` : info.resource, items.length + remainingItemCount];
  }
}

/** OpenID Connect discovery of the service account issuer (KEP-1393). */
function providerConfiguration({ tokens }: ApiContext): object {
  const algorithms = tokens.keySet().keys.map((key) => (key as { alg: string }).alg);
  return {
    issuer: tokens.issuer,
    jwks_uri: `${tokens.issuer.replace(/\/$/, '')}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...new Set(algorithms)],
  };
}

function rootPaths(discovery: Discovery): string[] {
  const paths = ['/.well-known/openid-configuration', '/api', '/api/v1', '/apis', '/apis/'];
  for (const { group, versions } of discovery.groups()) {
    if (!group) continue;
    paths.push(`/apis/${group}`, ...versions.map(({ version }) => `/apis/${group}/${version}`));
  }
  paths.push('/healthz', '/livez', '/metrics', '/openapi/v2', '/openapi/v3', '/openid/v1/jwks', '/readyz', '/version');
  return paths.sort();
}
