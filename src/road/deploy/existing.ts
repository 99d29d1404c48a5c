import { kinds, type Secret } from '../../engine/kinds/index.ts';
import { INSTANCE_LABEL } from '../manifests/index.ts';
import type { RoadClient } from './contract.ts';

/** The Secrets of an app as they are in the cluster, by name, values decoded; an app not there yet has none. */
export async function existingSecrets(
  client: RoadClient,
  namespace: string,
  app: string,
): Promise<Map<string, Record<string, string>>> {
  // Those made by hand under the app's name carry no label, so that one is asked for by name.
  const listed = await client.list<Secret>(kinds.secrets, { namespace, labelSelector: `${INSTANCE_LABEL}=${app}` });
  const named = await client.list<Secret>(kinds.secrets, { namespace, fieldSelector: `metadata.name=${app}` });
  return new Map(
    [...listed.items, ...named.items].map((secret) => [
      secret.metadata.name ?? '',
      Object.fromEntries(
        Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(String(value), 'base64').toString()]),
      ),
    ]),
  );
}
