import type { DeleteOptions, KubeObject, Status } from '../../kinds/index.ts';
import { badRequest } from '../../kinds/index.ts';
import type { DeleteRequest, Target } from '../../resources/index.ts';
import { decodeBytes, mediaType, readBody } from '../body.ts';
import type { ApiContext } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { isDryRun, listRequest, requestOptions, wholeNumber } from '../request-options.ts';
import { sendObject } from '../respond.ts';
import { sendChanged } from './changed.ts';
import { asList } from './list.ts';

const POLICIES = new Set(['Orphan', 'Background', 'Foreground']);
/** Kinds whose registry answers with the object it has removed (ReturnDeletedObject); the others answer a Status. */
const RETURNED = new Set([
  'pods',
  'podtemplates',
  'persistentvolumes',
  'persistentvolumeclaims',
  'resourcequotas',
  'serviceaccounts',
  'services',
]);

/** DELETE of one object. */
export async function deleteObject(context: ApiContext, exchange: Exchange, target: Target): Promise<void> {
  const request = await deleteRequest(exchange);
  const { object, gone } = await context.resources.delete(target, request);
  const accepted = !gone && request.orphanDependents === false ? 202 : 200;
  if (!gone || (target.info.group === '' && RETURNED.has(target.info.resource))) {
    await sendChanged(context, exchange, target, object, accepted);
    return;
  }
  await sendObject(exchange, 200, removedStatus(target, object), { info: target.info });
}

/** DELETE of a collection; answers the list of what was deleted. */
export async function deleteObjects(context: ApiContext, exchange: Exchange, target: Target): Promise<void> {
  const request = await deleteRequest(exchange);
  const removed = await context.resources.deleteCollection(target, listRequest(exchange), request);
  await sendObject(exchange, 200, asList(target, removed, { resourceVersion: '' }), { info: target.info });
}

function removedStatus(target: Target, object: KubeObject): Status {
  const { info } = target;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: object.metadata.name,
      ...(info.group && { group: info.group }),
      kind: info.resource,
      uid: object.metadata.uid,
    },
  };
}

/** The options of a delete: from the body, or from the query when there is none. @throws StatusError 400 */
async function deleteRequest(exchange: Exchange): Promise<DeleteRequest> {
  const { body, faults } = await bodyOrNothing(exchange);
  const { query } = exchange;
  const options = (body ?? {}) as DeleteOptions;
  const grace = body ? options.gracePeriodSeconds : wholeNumber(query, 'gracePeriodSeconds');
  const policy = (body ? options.propagationPolicy : query.get('propagationPolicy')) || undefined;
  const orphan = body ? options.orphanDependents : orphanOf(query);
  if (policy !== undefined && !POLICIES.has(policy)) {
    throw badRequest(
      `DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: ${JSON.stringify(policy)}: supported values: "Foreground", "Background", "Orphan", "nil"`,
    );
  }
  if (policy !== undefined && orphan !== undefined) {
    throw badRequest(
      'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
    );
  }
  const { uid, resourceVersion } = options.preconditions ?? {};
  return {
    ...requestOptions(exchange, faults),
    dryRun: isDryRun([...query.getAll('dryRun'), ...(options.dryRun ?? [])]),
    ...(grace !== undefined && grace !== null && { gracePeriodSeconds: Math.max(0, grace) }),
    ...(policy !== undefined && { propagationPolicy: policy as 'Orphan' | 'Background' | 'Foreground' }),
    ...(orphan !== undefined && orphan !== null && { orphanDependents: orphan }),
    ...(uid && { uid }),
    ...(resourceVersion && { resourceVersion }),
  };
}

function orphanOf(query: URLSearchParams): boolean | undefined {
  const value = query.get('orphanDependents');
  return value === null ? undefined : value !== 'false' && value !== '0';
}

async function bodyOrNothing(exchange: Exchange): Promise<{ body: unknown; faults: readonly string[] }> {
  const bytes = await readBody(exchange);
  // Custom resources read protobuf here as well: client-go's metadata client sends its options so.
  return bytes.length === 0 ? { body: undefined, faults: [] } : decodeBytes(bytes, mediaType(exchange.request), true);
}
