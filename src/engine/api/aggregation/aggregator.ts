import { request as httpsRequest } from 'node:https';
import type { Clock, Log } from '../../../base/index.ts';
import { messageOf } from '../../../base/index.ts';
import { type APIService, type Catalogue, kinds, type Service, serviceUnavailable } from '../../kinds/index.ts';
import type { Resources, UserInfo } from '../../resources/index.ts';
import type { ApiContext } from '../context.ts';
import type { NodeLink } from '../contract.ts';
import type { ServedGroup } from '../discovery/documents.ts';
import type { Exchange } from '../exchange.ts';
import { follow } from '../follow.ts';
import { type Destination, endpointsOf, passOn } from '../streams/proxy.ts';
import { groupDiscovery, type RemoteResource } from './remote-discovery.ts';

/** Groups and versions that other servers serve, as APIServices name them (kube-aggregator). */
export interface Aggregator {
  /** Passes the request on when its group and version are another server's; false otherwise. */
  serve(context: ApiContext, exchange: Exchange): Promise<boolean>;
  groups(): readonly ServedGroup[];
  /** What the other servers say they serve, in the form of aggregated discovery; those that do not answer as stale. */
  groupDiscoveries(): Promise<readonly object[]>;
  stop(): void;
}

export interface AggregatorOptions {
  readonly resources: Resources;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeLink: NodeLink;
  readonly frontProxy?: { readonly certificate: string; readonly key: string };
}

const HTTPS_PORT = 443;
const DISCOVERY_MS = 5_000;
const DISCOVERY_BYTES_MAX = 4 * 1024 * 1024;
const DISCOVERER: UserInfo = { name: 'system:kube-aggregator', groups: ['system:masters'] };

export function createAggregator(options: AggregatorOptions): Aggregator {
  const { resources, catalogue, log, clock } = options;
  const services = new Map<string, APIService>();
  const take = (service: APIService, gone: boolean) => {
    // Without a service it is one of our own groups.
    if (gone || !service.spec.service) services.delete(service.metadata.name);
    else services.set(service.metadata.name, service);
  };
  const stop = follow<APIService>({
    resources,
    catalogue,
    log,
    kind: kinds.apiservices,
    reset(objects) {
      services.clear();
      for (const object of objects) take(object, false);
    },
    change: take,
  });

  const find = (group: string, version: string): APIService | undefined =>
    services.size === 0 || catalogue.all().some((info) => info.group === group && info.version === version)
      ? undefined
      : services.get(`${version}.${group}`);

  function destinationOf(service: APIService, user: UserInfo, path: string): Destination {
    const { name = '', namespace = '', port = HTTPS_PORT } = service.spec.service ?? {};
    const info = catalogue.find('', 'v1', 'services');
    const target = info && (resources.get({ info, namespace, name }) as Service);
    const wanted = target?.spec.ports?.find((one) => one.port === port);
    const endpoints = wanted ? endpointsOf(options, namespace, name, wanted.name ?? '') : [];
    const endpoint = endpoints[Math.floor(Math.random() * endpoints.length)];
    if (!endpoint) throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`);
    const { caBundle, insecureSkipTLSVerify } = service.spec;
    const { frontProxy } = options;
    return {
      scheme: 'https',
      ...endpoint,
      path,
      headers: remoteHeaders(user),
      tls: {
        servername: `${name}.${namespace}.svc`,
        rejectUnauthorized: !insecureSkipTLSVerify,
        ...(caBundle && { ca: Buffer.from(caBundle, 'base64').toString() }),
        ...(frontProxy && { cert: frontProxy.certificate, key: frontProxy.key }),
      },
    };
  }

  async function resourcesOf(service: APIService): Promise<readonly RemoteResource[]> {
    const { group = '', version = '' } = service.spec;
    const destination = destinationOf(service, DISCOVERER, `/apis/${group}/${version}`);
    const connection = await options.nodeLink.connect(destination.host, destination.port);
    return new Promise((resolve, reject) => {
      const { host, port, path, headers, tls } = destination;
      const asked = httpsRequest(
        { ...tls, host, port, path, headers, agent: false, socket: connection } as object,
        (answer) => {
          const chunks: Buffer[] = [];
          let size = 0;
          answer.on('data', (chunk: Buffer) => {
            size += chunk.length;
            if (size > DISCOVERY_BYTES_MAX) asked.destroy(new Error('the answer is too large'));
            else chunks.push(chunk);
          });
          answer.on('end', () => {
            try {
              if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`);
              resolve(
                (JSON.parse(Buffer.concat(chunks).toString()) as { resources?: RemoteResource[] }).resources ?? [],
              );
            } catch (error) {
              reject(error);
            }
          });
        },
      );
      const timer = clock.after(DISCOVERY_MS, () => asked.destroy(new Error('no answer in time')));
      asked.on('error', reject);
      asked.on('close', () => timer.cancel());
      asked.end();
    });
  }

  return {
    stop,
    async serve(context, exchange) {
      if (services.size === 0) return false;
      const [, root, group = '', version = ''] = exchange.info.path.split('/');
      const service = root === 'apis' && version ? find(group, version) : undefined;
      if (!service) return false;
      await passOn(context, exchange, destinationOf(service, exchange.user, exchange.info.path));
      return true;
    },
    groups() {
      const groups = new Map<string, { version: string; resources: []; priority: number }[]>();
      for (const { spec } of services.values()) {
        const { group = '', version = '', versionPriority } = spec;
        if (!find(group, version)) continue;
        groups.set(group, [...(groups.get(group) ?? []), { version, resources: [], priority: versionPriority }]);
      }
      return [...groups].map(([group, versions]) => ({
        group,
        versions: versions.sort((a, b) => b.priority - a.priority),
      }));
    },
    groupDiscoveries() {
      return Promise.all(
        this.groups().map(async ({ group, versions }) => {
          const found = await Promise.all(
            versions.map(async ({ version }) => {
              const service = services.get(`${version}.${group}`);
              try {
                return { version, resources: service && (await resourcesOf(service)) };
              } catch (error) {
                log.warn('aggregated API does not answer', { group, version, error: messageOf(error) });
                return { version, resources: undefined };
              }
            }),
          );
          return groupDiscovery(group, found);
        }),
      );
    },
  };
}

/** Who asks, as the other server believes it of us (front-proxy authentication). */
function remoteHeaders(user: UserInfo): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { 'x-remote-user': user.name, 'x-remote-group': [...user.groups] };
  if (user.uid) headers['x-remote-uid'] = user.uid;
  for (const [key, values] of Object.entries(user.extra ?? {})) {
    headers[`x-remote-extra-${encodeURIComponent(key)}`] = [...values];
  }
  return headers;
}
