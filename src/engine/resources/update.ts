import { badRequest, copy, type KubeObject, notFound } from '../kinds/index.ts';
import { type Context, inVersion, storedInfo } from './context.ts';
import type { RequestOptions, Target } from './contract.ts';
import { settleNamespace } from './create.ts';
import { decodeBody } from './decode.ts';
import type { Mutable } from './object.ts';
import { updateScale } from './scale.ts';
import { insert, replace } from './write.ts';

export async function update(
  context: Context,
  target: Target,
  body: unknown,
  options: RequestOptions,
): Promise<{ object: KubeObject; created: boolean }> {
  if (target.subresource === 'scale')
    return { object: await updateScale(context, target, body, options), created: false };
  const name = target.name ?? '';
  const object = decodeBody(context, target.info, body, options);
  checkName(object, target);
  const uid = object.metadata.uid || undefined;
  const fresh = once(object);
  const written = await replace(context, target, options, { uid, wanted: fresh });
  if (written) return { object: inVersion(context, written.object, target.info), created: false };
  const info = storedInfo(context, target.info);
  if (!info.behaviour.createOnUpdate || target.subresource) throw notFound(target.info, name);
  if (object.metadata.resourceVersion) throw notFound(target.info, name);
  const made = await insert(context, target, fresh(), options);
  return { object: inVersion(context, made, target.info), created: true };
}

/** Hands out the object, and copies of it as it was from the second time on: who gets it writes to it. */
function once(object: Mutable): () => Mutable {
  let kept: Mutable | undefined = object;
  let spare: Mutable | undefined;
  return () => {
    if (kept) {
      const given = kept;
      spare = copy(given);
      kept = undefined;
      return given;
    }
    return copy(spare ?? object);
  };
}

/** The object must be the one that the path names. */
export function checkName(object: Mutable, target: Target): void {
  const { metadata } = object;
  const name = target.name ?? '';
  if (!metadata.name) {
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  }
  if (metadata.name !== name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
  }
  if (target.info.namespaced && metadata.namespace && metadata.namespace !== target.namespace) {
    throw badRequest(
      `the namespace of the object (${metadata.namespace}) does not match the namespace on the request (${target.namespace ?? ''})`,
    );
  }
  settleNamespace(object, target);
}
