import { badRequest, unsupportedMediaType } from '../../kinds/index.ts';
import type { PatchRequest, PatchType, Target } from '../../resources/index.ts';
import { checkEscalation } from '../authorization/escalation.ts';
import { decodeJson, decodeYaml, mediaType, readBody } from '../body.ts';
import type { ApiContext } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { isOn } from '../request-info.ts';
import { requestOptions } from '../request-options.ts';
import { sendChanged } from './changed.ts';

const TYPES: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};
const BUILT_IN = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/apply-patch+yaml',
  'application/strategic-merge-patch+json',
];

/** PATCH in its four forms, told apart by the media type of the body. */
export async function patchObject(context: ApiContext, exchange: Exchange, target: Target): Promise<void> {
  const { request, query } = exchange;
  const type = TYPES[mediaType(request)];
  if (!type || (type === 'strategic' && target.info.custom)) {
    request.resume();
    throw unsupportedMediaType(target.info.custom ? BUILT_IN.slice(0, 3) : BUILT_IN);
  }
  if (type === 'apply' && !query.get('fieldManager')) {
    request.resume();
    throw badRequest(
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    );
  }
  if (type !== 'apply' && isOn(query.get('force'))) {
    request.resume();
    throw badRequest(
      'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
    );
  }
  const bytes = await readBody(exchange);
  const { body, faults } = type === 'apply' ? await decodeYaml(bytes) : decodeJson(bytes);
  const patch: PatchRequest = {
    ...requestOptions(exchange, faults),
    type,
    patch: body,
    ...(type === 'apply' && { force: isOn(query.get('force')) }),
  };
  await checkPatchEscalation(context, exchange, target, patch);
  const { object, created } = await context.resources.patch(target, patch);
  await sendChanged(context, exchange, target, object, created ? 201 : 200);
}

/** What a patch of a role or binding would make is seen by a dry run before it is let through. */
async function checkPatchEscalation(
  context: ApiContext,
  exchange: Exchange,
  target: Target,
  patch: PatchRequest,
): Promise<void> {
  if (target.info.group !== 'rbac.authorization.k8s.io' || exchange.user.groups.includes('system:masters')) return;
  const { object } = await context.resources.patch(target, { ...patch, dryRun: true, warnings: [] });
  checkEscalation(context, exchange.user, target, object);
}
