import { badRequest, type KubeObject, methodNotSupported } from '../kinds/index.ts';
import { createBinding } from './binding.ts';
import { type Context, inVersion } from './context.ts';
import type { RequestOptions, Target } from './contract.ts';
import { decodeBody } from './decode.ts';
import { evict } from './eviction.ts';
import type { Mutable } from './object.ts';
import { insert } from './write.ts';

export async function create(
  context: Context,
  target: Target,
  body: unknown,
  options: RequestOptions,
): Promise<KubeObject> {
  if (target.subresource === 'eviction') return evict(context, target, body, options);
  if (target.subresource === 'binding') return createBinding(context, target, body, options);
  if (target.subresource) throw methodNotSupported(target.info, 'create');
  if (target.info.group === '' && target.info.resource === 'bindings') {
    return createBinding(context, target, body, options);
  }
  const object = decodeBody(context, target.info, body, options);
  settleNamespace(object, target);
  return inVersion(context, await insert(context, target, object, options), target.info);
}

/** The namespace of the request goes into the object; another one is refused. */
export function settleNamespace(object: Mutable, target: Target): void {
  const { metadata } = object;
  if (!target.info.namespaced) {
    delete metadata.namespace;
    return;
  }
  const namespace = target.namespace ?? '';
  if (metadata.namespace && metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  metadata.namespace = namespace;
}
