import assert from 'node:assert/strict';
import {
  applyDefaults,
  conform,
  copy,
  createCatalogue,
  faultText,
  type KubeObject,
  type ResourceInfo,
  validateObjectMeta,
} from '../index.ts';

const catalogue = createCatalogue();

export function the(group: string, version: string, kind: string): ResourceInfo {
  const info = catalogue.findKind(group, version, kind);
  assert.ok(info, kind);
  return info;
}

// biome-ignore lint/suspicious/noExplicitAny: objects of many kinds, read field by field
type Loose = any;

/** What a create does before it writes: decode, default, prepare, validate. */
export function create(group: string, kind: string, body: object, version = 'v1'): { object: Loose; faults: string[] } {
  const info = the(group, version, kind);
  const apiVersion = group ? `${group}/${version}` : version;
  const {
    object: decoded,
    unknownFields,
    typeFaults,
  } = conform(
    { apiVersion, kind, metadata: { name: 'web', ...(info.namespaced && { namespace: 'shop' }), uid: 'u-1' }, ...body },
    info.schema,
  );
  assert.deepEqual([...unknownFields, ...typeFaults], []);
  const object = applyDefaults(copy(decoded) as KubeObject, info);
  info.behaviour.prepareForCreate?.(object);
  const faults = [...validateObjectMeta(object.metadata, info), ...(info.behaviour.validate?.(object) ?? [])];
  return { object, faults: faults.map(faultText) };
}

export function update(
  group: string,
  kind: string,
  old: Loose,
  change: (object: Loose) => void,
): { object: Loose; faults: string[] } {
  const info = the(group, 'v1', kind);
  const object = copy(old);
  change(object);
  applyDefaults(object, info);
  info.behaviour.prepareForUpdate?.(object, old);
  return { object, faults: (info.behaviour.validateUpdate?.(object, old) ?? []).map(faultText) };
}

export const podSpec = { containers: [{ name: 'app', image: 'nginx:1.27', ports: [{ containerPort: 80 }] }] };
export const template = { metadata: { labels: { app: 'web' } }, spec: podSpec };
export const selector = { matchLabels: { app: 'web' } };
