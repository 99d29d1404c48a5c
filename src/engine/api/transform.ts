import { type KubeObject, type ResourceInfo, type Table, tableFor } from '../kinds/index.ts';
import type { Exchange } from './exchange.ts';
import type { Wanted } from './negotiation.ts';

export interface ListMetadata {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** Objects as a table of meta.k8s.io, as `kubectl get` asks for it. */
export function toTable(
  exchange: Exchange,
  info: ResourceInfo,
  objects: readonly KubeObject[],
  metadata: ListMetadata,
  version: string,
  now: number,
): Omit<Table, 'apiVersion'> & { apiVersion: string } {
  const include = exchange.query.get('includeObject');
  const table = tableFor(info, objects, {
    now,
    includeObject: include === 'None' || include === 'Object' ? include : 'Metadata',
    metadata: { ...metadata },
  });
  return version === 'v1' ? table : { ...table, apiVersion: `meta.k8s.io/${version}` };
}

/** Only the metadata of an object. */
export function toMetadata(object: KubeObject, version: string): object {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata };
}

/** One object in the form the client wants. */
export function transformObject(
  exchange: Exchange,
  info: ResourceInfo,
  object: KubeObject,
  wanted: NonNullable<Wanted['as']>,
  now: number,
): object {
  if (wanted.kind === 'Table') {
    const { resourceVersion } = object.metadata;
    return toTable(exchange, info, [object], { resourceVersion }, wanted.version, now);
  }
  return toMetadata(object, wanted.version);
}
