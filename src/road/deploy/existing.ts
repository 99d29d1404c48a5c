import { kinds, type Secret } from '../../engine/kinds/index.ts';
import { INSTANCE_LABEL } from '../manifests/index.ts';
import type { RoadClient } from './contract.ts';

/**
 * The Secrets of an app as they are in the cluster, by name, values decoded; an app not there yet has none.
 * @param names of Secrets that people make by hand, which carry no label, besides the one with the app's name
 */
export async function existingSecrets(
  client: RoadClient,
  namespace: string,
  app: string,
  names: readonly string[] = [],
): Promise<Map<string, Record<string, string>>> {
  const { items } = await client.list<Secret>(kinds.secrets, { namespace, labelSelector: `${INSTANCE_LABEL}=${app}` });
  const found = new Map(items.map((secret) => [secret.metadata.name, secret]));
  for (const name of new Set([app, ...names])) {
    if (found.has(name)) continue;
    const named = await client.list<Secret>(kinds.secrets, { namespace, fieldSelector: `metadata.name=${name}` });
    for (const secret of named.items) found.set(name, secret);
  }
  return new Map([...found].map(([name, { data }]) => [name, decoded(data ?? {})]));
}

function decoded(data: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(String(value), 'base64').toString()]),
  );
}
