import { type KubeObject, notFound } from '../kinds/index.ts';
import type { Entry } from '../store/index.ts';
import { type Context, inVersion, keyOf } from './context.ts';
import type { Target } from './contract.ts';
import { tooLargeVersion, versionNumber } from './list-versions.ts';
import { readScale } from './scale.ts';

/** A map look-up. @throws StatusError 404, 504 when the version asked for is not written yet */
export function get(context: Context, target: Target, resourceVersion?: string): KubeObject {
  if (resourceVersion && resourceVersion !== '0') {
    const asked = versionNumber(resourceVersion);
    if (asked > context.store.revision) throw tooLargeVersion(asked, context.store.revision);
  }
  const stored = getEntry(context, target).value as KubeObject;
  if (target.subresource === 'scale') return readScale(target.info, stored);
  return inVersion(context, stored, target.info);
}

export function getEntry(context: Context, target: Target): Entry {
  const name = target.name ?? '';
  const entry = context.store.get(keyOf(target.info, target.namespace, name));
  if (!entry) throw notFound(target.info, name);
  return entry;
}
