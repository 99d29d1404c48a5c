import { createHash } from 'node:crypto';
import type { Client } from '../../engine/client/index.ts';
import { kinds, type Secret, StatusError } from '../../engine/kinds/index.ts';
import type { Manifest } from '../manifests/index.ts';
import type { Release } from './contract.ts';
import { APP_LABEL, packed, unpacked } from './record.ts';

const PART_TYPE = 'wherry.io/release-part';
const PART_LABEL = 'wherry/release-part';
const KEY = 'part';
/** The field that stands for the values in a record. */
const REFERENCE = 'wherryPart';
/** Values beyond this size (JSON) are kept apart: an SQL file is the same in every release. */
const KEPT_INSIDE_BYTES_MAX = 32 * 1024;
const VALUES = ['data', 'binaryData', 'stringData'] as const;

/**
 * The objects with large values of ConfigMaps and Secrets put away in Secrets of their own, named by their content, so
 * that twenty releases keep one copy. They are written before the record that names them.
 */
export async function putAway(
  client: Client,
  app: string,
  namespace: string,
  objects: readonly Manifest[],
): Promise<Manifest[]> {
  const result: Manifest[] = [];
  for (const object of objects) {
    const values = Object.fromEntries(VALUES.flatMap((field) => (object[field] ? [[field, object[field]]] : [])));
    const text = JSON.stringify(values);
    if ((object.kind !== 'ConfigMap' && object.kind !== 'Secret') || text.length <= KEPT_INSIDE_BYTES_MAX) {
      result.push(object);
      continue;
    }
    const hash = createHash('sha256').update(text).digest('hex').slice(0, 32);
    await write(client, app, namespace, hash, packed(values, `${object.kind} ${object.metadata.name}`));
    const { data: _, binaryData: __, stringData: ___, ...rest } = object;
    result.push({ ...(rest as Manifest), [REFERENCE]: hash });
  }
  return result;
}

/** The objects whole again. @throws StatusError when a part was taken away by somebody. */
export async function takeBack(
  client: Client,
  app: string,
  namespace: string,
  objects: readonly Manifest[],
): Promise<Manifest[]> {
  const result: Manifest[] = [];
  for (const object of objects) {
    const { [REFERENCE]: hash, ...rest } = object;
    if (typeof hash !== 'string') result.push(object);
    else {
      const part = await client.get<Secret>(kinds.secrets, namespace, partName(app, hash));
      result.push({ ...(rest as Manifest), ...(unpacked(part, KEY) as object) });
    }
  }
  return result;
}

/**
 * A plan with the objects that it would bring back (`before.objects`) by `change`: they may be as large as those of the
 * release. A plan of another shape comes back as it is.
 */
export async function withBefore(
  plan: unknown,
  change: (objects: readonly Manifest[]) => Promise<Manifest[]>,
): Promise<unknown> {
  const objects = beforeOf(plan);
  if (objects.length === 0) return plan;
  const { before, ...rest } = plan as { before: object };
  return { ...rest, before: { ...before, objects: await change(objects) } };
}

function beforeOf(plan: unknown): readonly Manifest[] {
  if (typeof plan !== 'object' || plan === null || !('before' in plan)) return [];
  const { before } = plan;
  if (typeof before !== 'object' || before === null || !('objects' in before)) return [];
  return Array.isArray(before.objects) ? (before.objects as readonly Manifest[]) : [];
}

/** Takes away the parts that none of the releases names. */
export async function sweepParts(
  client: Client,
  app: string,
  namespace: string,
  kept: readonly Pick<Release, 'objects' | 'plan'>[],
): Promise<void> {
  const objects = kept.flatMap((release) => [...release.objects, ...beforeOf(release.plan)]);
  const named = new Set(objects.map((object) => object[REFERENCE]));
  const labelSelector = `${APP_LABEL}=${app},${PART_LABEL}`;
  const { items } = await client.list<Secret>(kinds.secrets, { namespace, labelSelector });
  for (const { metadata } of items) {
    if (!named.has(metadata.labels?.[PART_LABEL])) await client.delete(kinds.secrets, namespace, metadata.name);
  }
}

function partName(app: string, hash: string): string {
  return `wherry-release-${app}-part-${hash}`;
}

async function write(client: Client, app: string, namespace: string, hash: string, data: string): Promise<void> {
  const labels = { 'app.kubernetes.io/managed-by': 'wherry', [APP_LABEL]: app, [PART_LABEL]: hash };
  try {
    await client.create<Secret>(kinds.secrets, {
      metadata: { name: partName(app, hash), namespace, labels },
      type: PART_TYPE,
      data: { [KEY]: data },
      immutable: true,
    });
  } catch (error) {
    // Named by its content: what is there is the same.
    if (!(error instanceof StatusError && error.reason === 'AlreadyExists')) throw error;
  }
}
