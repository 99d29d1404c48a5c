import { badRequest, invalid, type KubeObject, notFound, unsupportedMediaType } from '../kinds/index.ts';
import { apply } from './apply.ts';
import { type Context, inVersion } from './context.ts';
import type { PatchRequest, Target } from './contract.ts';
import { prune, toStored } from './decode.ts';
import { jsonPatch } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';
import { goText, isPlain, type Mutable } from './object.ts';
import { patchScale } from './scale.ts';
import { strategicPatch } from './strategic-patch.ts';
import { checkName } from './update.ts';
import { replace } from './write.ts';

const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const APPLY_PATCH = ['application/apply-patch+yaml', 'application/apply-patch+cbor'];

export async function patch(
  context: Context,
  target: Target,
  request: PatchRequest,
): Promise<{ object: KubeObject; created: boolean }> {
  if (request.type === 'strategic' && target.info.custom) {
    throw unsupportedMediaType([JSON_PATCH, MERGE_PATCH, ...APPLY_PATCH]);
  }
  if (target.subresource === 'scale') return { object: await patchScale(context, target, request), created: false };
  if (request.type === 'apply') return apply(context, target, request);
  const written = await replace(context, target, request, {
    wanted: (stored) => patched(context, target, stored, request),
  });
  if (!written) throw notFound(target.info, target.name ?? '');
  return { object: inVersion(context, written.object, target.info), created: false };
}

async function patched(context: Context, target: Target, stored: KubeObject, request: PatchRequest): Promise<Mutable> {
  const { info } = target;
  const current = inVersion(context, stored, info);
  const made = await patchValue(current, request, info.schema);
  if (!isPlain(made)) throw badRequest('the patch leaves no object');
  const { apiVersion, kind } = made;
  if (
    (apiVersion !== undefined && apiVersion !== current.apiVersion) ||
    (kind !== undefined && kind !== current.kind)
  ) {
    throw badRequest(`the patch must not change apiVersion or kind`);
  }
  const object = prune(context, info, made, request, (faults) => {
    if (request.type !== 'strategic') throw badRequest(faults);
    throw invalid({ group: '', kind: '' }, '', [
      { path: 'patch', type: 'Invalid', value: goText(request.patch), detail: faults },
    ]);
  });
  checkName(object, target);
  return toStored(context, info, object);
}

/** The value with the patch laid over it; neither is written to. */
export async function patchValue(
  current: unknown,
  request: Pick<PatchRequest, 'type' | 'patch'>,
  schema: Parameters<typeof strategicPatch>[2],
): Promise<unknown> {
  switch (request.type) {
    case 'json':
      return jsonPatch(current, request.patch);
    case 'strategic':
      return strategicPatch(current, request.patch, schema);
    default:
      if (!isPlain(request.patch))
        throw badRequest('json: cannot unmarshal array into Go value of type map[string]interface {}');
      return mergePatch(current, request.patch);
  }
}
