import { convert, copy, fillDefaults, type KubeObject, type ResourceInfo } from '../../kinds/index.ts';
import { equal } from '../object.ts';

const views = new WeakMap<KubeObject, WeakMap<ResourceInfo, KubeObject>>();

/**
 * A stored custom object in a version of its definition, with the defaults that the schema has now: both may have come
 * after the object was written. Made once a stored object and version; the stored object itself when nothing differs.
 */
export function customView(stored: KubeObject, info: ResourceInfo): KubeObject {
  const known = views.get(stored) ?? new WeakMap<ResourceInfo, KubeObject>();
  views.set(stored, known);
  let view = known.get(info);
  if (!view) {
    const version = stored.apiVersion.slice(stored.apiVersion.indexOf('/') + 1);
    const converted = convert(stored, { group: info.group, kind: info.kind, version }, info.version, info.group);
    const defaulted = fillDefaults(copy(converted), info.schema);
    view = equal(defaulted, converted) ? converted : defaulted;
    known.set(info, view);
  }
  return view;
}
