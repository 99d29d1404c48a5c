import { createHash } from 'node:crypto';
import type { Catalogue } from '../../kinds/index.ts';
import type { Aggregator } from '../aggregation/aggregator.ts';
import type { Exchange } from '../exchange.ts';
import { headerOf } from '../http.ts';
import { CONTENT_TYPES, parseAccept } from '../negotiation.ts';
import { encode, isPretty, sendBytes, sendObject } from '../respond.ts';
import {
  aggregated,
  apiGroup,
  apiGroupList,
  apiVersions,
  resourceList,
  type ServedGroup,
  servedGroups,
} from './documents.ts';

export interface Discovery {
  /** Answers `/api`, `/apis` and what lies below them down to a version; false when the path is none of these. */
  serve(exchange: Exchange): Promise<boolean>;
  /** The served groups as of now. */
  groups(): readonly ServedGroup[];
}

const AGGREGATED = 'APIGroupDiscoveryList';

/** Documents are made when first asked for and thrown away when the catalogue moves on. */
export function createDiscovery(catalogue: Catalogue, aggregator: Aggregator): Discovery {
  let generation = -1;
  let served: ServedGroup[] = [];
  let documents = new Map<string, { bytes: Buffer; tag: string }>();

  function refresh(): void {
    if (generation === catalogue.generation) return;
    generation = catalogue.generation;
    served = servedGroups(catalogue);
    documents = new Map();
  }

  async function aggregatedDocument(core: boolean, version: string): Promise<{ bytes: Buffer; tag: string }> {
    const key = `${core} ${version}`;
    const extended = core ? [] : await aggregator.groupDiscoveries();
    // What other servers serve is their affair: with them the document is made anew each time.
    const known = extended.length === 0 ? documents.get(key) : undefined;
    if (known) return known;
    const bytes = await encode(aggregated(served, core, version, extended), 'json', false);
    const tag = `"${createHash('sha256').update(bytes).digest('hex').toUpperCase()}"`;
    const made = { bytes, tag };
    if (extended.length === 0) documents.set(key, made);
    return made;
  }

  return {
    groups() {
      refresh();
      return served;
    },
    async serve(exchange) {
      refresh();
      const parts = exchange.info.path.replace(/\/$/, '').split('/').slice(1);
      const [root, first, second] = parts;
      if (root !== 'api' && root !== 'apis') return false;
      if (parts.length === 1) {
        const version = aggregatedVersion(headerOf(exchange.request.headers, 'accept'));
        if (version) {
          const { bytes, tag } = await aggregatedDocument(root === 'api', version);
          const headers = { etag: tag, vary: 'Accept', 'cache-control': 'public' };
          const type = `${CONTENT_TYPES.json};g=apidiscovery.k8s.io;v=${version};as=${AGGREGATED}`;
          const unchanged = headerOf(exchange.request.headers, 'if-none-match') === tag;
          if (unchanged) sendBytes(exchange, 304, type, [], headers);
          else if (isPretty(exchange)) {
            const text = JSON.stringify(JSON.parse(bytes.toString()), null, 2);
            sendBytes(exchange, 200, type, Buffer.from(`${text}\n`), headers);
          } else sendBytes(exchange, 200, type, bytes, headers);
          return true;
        }
        const { localAddress, localPort } = exchange.request.socket;
        const document =
          root === 'api'
            ? apiVersions(`${localAddress ?? ''}:${localPort ?? ''}`)
            : apiGroupList([...served, ...aggregator.groups()]);
        await sendObject(exchange, 200, document, { headers: { vary: 'Accept' } });
        return true;
      }
      if (root === 'api' && parts.length === 2) {
        const core = served.find(({ group }) => group === '');
        const version = core?.versions.find((one) => one.version === first);
        if (!version) return false;
        await sendObject(exchange, 200, resourceList('', version));
        return true;
      }
      if (root === 'apis' && parts.length <= 3) {
        const found = [...served, ...aggregator.groups()].find(({ group }) => group !== '' && group === first);
        if (!found) return false;
        if (second === undefined) {
          await sendObject(exchange, 200, apiGroup(found));
          return true;
        }
        const version = found.versions.find((one) => one.version === second);
        if (!version) return false;
        await sendObject(exchange, 200, resourceList(found.group, version));
        return true;
      }
      return false;
    },
  };
}

/** The version of aggregated discovery that the client would rather have, if it asks for it before the plain form. */
function aggregatedVersion(accept: string | undefined): string | undefined {
  if (!accept?.includes(AGGREGATED)) return undefined;
  for (const { type, parameters } of parseAccept(accept)) {
    if (type !== 'application/json' && type !== 'application/*' && type !== '*/*') continue;
    const { g, v, as } = parameters;
    if (as === undefined) return undefined;
    if (as === AGGREGATED && g === 'apidiscovery.k8s.io' && (v === 'v2' || v === 'v2beta1')) return v;
  }
  return undefined;
}
