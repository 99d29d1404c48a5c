import { badRequest, copy, faults, invalid, type KubeObject, notFound, type ResourceInfo } from '../kinds/index.ts';
import { apiVersionOf, type Context, inVersion, keyOf, storedInfo } from './context.ts';
import type { PatchRequest, Target } from './contract.ts';
import { prune, toStored } from './decode.ts';
import { KUBECTL, syncLastApplied } from './managed-fields/last-applied.ts';
import { applyConfiguration, ownedOn } from './managed-fields/managers.ts';
import { isPlain, type Mutable, mutable, type Plain } from './object.ts';
import { checkName } from './update.ts';
import { insert, replace, writerOf } from './write.ts';

const CREATE_ATTEMPTS = 5;

/**
 * Server-side apply. Creates the object when there is none (not on subresources).
 * @throws StatusError 400, 409 with the conflicting fields, 422
 */
export async function apply(
  context: Context,
  target: Target,
  request: PatchRequest,
): Promise<{ object: KubeObject; created: boolean }> {
  const { info } = target;
  if (!request.fieldManager) {
    throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [
      faults.required('fieldManager', 'is required for apply patch'),
    ]);
  }
  const config = configOf(context, info, target, request);
  const key = keyOf(info, target.namespace, target.name ?? '');
  for (let attempt = 1; ; attempt++) {
    const written = await replace(context, target, request, {
      tracked: true,
      uid: config.metadata.uid || undefined,
      wanted: (stored) => applied(context, target, request, mutable(inVersion(context, stored, info)), config),
    });
    if (written) return { object: inVersion(context, written.object, info), created: false };
    if (target.subresource || config.metadata.uid) throw notFound(info, target.name ?? '');
    try {
      const object = applied(context, target, request, undefined, config);
      const made = await insert(context, target, object, request, { tracked: true });
      return { object: inVersion(context, made, info), created: true };
    } catch (error) {
      // Someone else created it in between: apply to that one.
      if (attempt >= CREATE_ATTEMPTS || !context.store.head(key)) throw error;
    }
  }
}

function configOf(context: Context, info: ResourceInfo, target: Target, request: PatchRequest): Mutable {
  if (!isPlain(request.patch)) throw badRequest('error decoding YAML: the configuration is no object');
  const { apiVersion, kind } = request.patch;
  const expected = apiVersionOf(info);
  if (apiVersion !== expected || kind !== info.kind) {
    if (!apiVersion || !kind)
      throw badRequest('invalid object type: apiVersion and kind must be set in the applied configuration');
    throw badRequest(
      `incompatible object type: expected ${expected}, Kind=${info.kind}, got ${String(apiVersion)}, Kind=${String(kind)}`,
    );
  }
  const metadata = request.patch.metadata;
  if (isPlain(metadata) && metadata.managedFields !== undefined && metadata.managedFields !== null) {
    throw badRequest('metadata.managedFields must be nil');
  }
  const config = prune(context, info, request.patch, request, (text) => {
    throw badRequest(text);
  });
  if (!config.metadata.name) config.metadata.name = target.name ?? '';
  checkName(config, target);
  return config;
}

function applied(
  context: Context,
  target: Target,
  request: PatchRequest,
  live: Mutable | undefined,
  config: Mutable,
): Mutable {
  const { info } = target;
  const scope = {
    schema: info.schema,
    owned: ownedOn(target.subresource ?? '', storedInfo(context, info).subresources.has('status')),
  };
  const writer = writerOf(context, target, request);
  const outcome = applyConfiguration(live, config, scope, writer, request.force ?? false);
  const object = copy(outcome.object);
  if (writer.manager === KUBECTL) syncLastApplied(object, config);
  const { resourceVersion } = config.metadata;
  if (live && !resourceVersion) object.metadata.resourceVersion = live.metadata.resourceVersion;
  const made = toStored(context, info, object);
  const metadata = made.metadata as unknown as Plain;
  if (outcome.entries.length > 0) metadata.managedFields = outcome.entries;
  else delete metadata.managedFields;
  return made;
}
