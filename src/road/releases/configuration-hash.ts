import { createHash } from 'node:crypto';
import type { Manifest } from '../manifests/index.ts';

const HASH_LENGTH = 16;

/** A hash over the values of every ConfigMap and Secret, whatever their order. */
export function configurationHash(objects: readonly Manifest[]): string {
  const values = objects
    .filter(({ kind }) => kind === 'ConfigMap' || kind === 'Secret')
    .map(({ kind, metadata, data, binaryData, stringData }) =>
      JSON.stringify([kind, metadata.name, ...[data, binaryData, stringData].map(sorted)]),
    )
    .sort();
  return createHash('sha256').update(values.join('\n')).digest('hex').slice(0, HASH_LENGTH);
}

function sorted(values: unknown): unknown {
  if (typeof values !== 'object' || values === null) return null;
  return Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
}
