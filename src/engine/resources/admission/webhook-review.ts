import { badRequest, internalError, type KubeObject, type ResourceInfo, StatusError } from '../../kinds/index.ts';
import type { AdmissionRequest } from '../contract.ts';
import { isPlain, type Plain } from '../object.ts';
import type { Webhook } from './webhook-rules.ts';

const OPTIONS: Readonly<Record<AdmissionRequest['operation'], string | undefined>> = {
  CREATE: 'CreateOptions',
  UPDATE: 'UpdateOptions',
  DELETE: 'DeleteOptions',
  CONNECT: undefined,
};

/** A webhook's answer that lets the request go on. */
export interface Allowed {
  /** RFC 6902 operations, of webhooks that may change the object. */
  readonly patch: unknown[] | undefined;
}

/** An AdmissionReview about the request, with the objects in the version that `info` has. */
export function reviewOf(webhook: Webhook, request: AdmissionRequest, info: ResourceInfo, uid: string): Plain {
  const { target, user, object, old, operation } = request;
  const seen = (one: KubeObject | undefined): KubeObject | null => {
    if (!one) return null;
    return operation === 'CONNECT' || target.subresource === 'scale' ? one : request.inVersion(one, info);
  };
  const [now, before] = [seen(object), seen(old)];
  const named = (of: ResourceInfo) => ({ group: of.group, version: of.version });
  const kindOf = (of: ResourceInfo) =>
    operation === 'CONNECT' ? { group: '', version: 'v1', kind: object?.kind ?? '' } : { ...named(of), kind: of.kind };
  const subresource = target.subresource ? { subResource: target.subresource } : {};
  const requested = target.subresource ? { requestSubResource: target.subresource } : {};
  const version = webhook.admissionReviewVersions.find((one) => one === 'v1' || one === 'v1beta1') ?? 'v1';
  const options = OPTIONS[operation];
  return {
    kind: 'AdmissionReview',
    apiVersion: `admission.k8s.io/${version}`,
    request: {
      uid,
      kind: kindOf(info),
      resource: { ...named(info), resource: info.resource },
      ...subresource,
      requestKind: kindOf(target.info),
      requestResource: { ...named(target.info), resource: target.info.resource },
      ...requested,
      ...(target.name && { name: target.name }),
      ...(target.namespace && { namespace: target.namespace }),
      operation,
      userInfo: {
        username: user.name,
        ...(user.uid && { uid: user.uid }),
        groups: user.groups,
        ...(user.extra && { extra: user.extra }),
      },
      object: now,
      oldObject: before,
      dryRun: request.dryRun,
      options: options ? { kind: options, apiVersion: 'meta.k8s.io/v1' } : null,
    },
  };
}

/** Requests that must leave no trace are not for webhooks that leave one. @throws StatusError 400 */
export function checkSideEffects({ name, sideEffects }: Webhook, { dryRun }: AdmissionRequest): void {
  if (!dryRun || sideEffects === 'None' || sideEffects === 'NoneOnDryRun') return;
  throw badRequest(`admission webhook ${JSON.stringify(name)} does not support dry run`);
}

/**
 * Reads the answer; its warnings go to the client.
 * @throws StatusError when the webhook denies the request; Error when this is no answer to it
 */
export function readAnswer(webhook: Webhook, answer: unknown, uid: string, request: AdmissionRequest): Allowed {
  const response = isPlain(answer) ? answer.response : undefined;
  if (!isPlain(response)) throw new Error('webhook response was absent');
  if (response.uid !== uid) {
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`);
  }
  if (Array.isArray(response.warnings)) request.warnings.push(...response.warnings.map(String));
  if (response.allowed !== true) throw denied(webhook.name, isPlain(response.status) ? response.status : {});
  if (response.patch === undefined || response.patch === null) return { patch: undefined };
  if (response.patchType !== 'JSONPatch') {
    throw new Error('webhook returned response.patch but not response.patchType');
  }
  const patch: unknown = JSON.parse(Buffer.from(String(response.patch), 'base64').toString());
  return { patch: Array.isArray(patch) ? patch : [patch] };
}

/** Upstream's words; a code below 400 becomes 400. */
function denied(name: string, status: Plain): StatusError {
  const by = `admission webhook ${JSON.stringify(name)} denied the request`;
  const why = status.message || status.reason;
  const code = Number(status.code ?? 0);
  return new StatusError({
    ...status,
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: why ? `${by}: ${String(why)}` : `${by} without explanation`,
    code: Math.max(code, 400),
  });
}

/** What the client is told when a webhook that must be asked cannot be. */
export function callFailed(name: string, why: string): StatusError {
  return internalError(`failed calling webhook ${JSON.stringify(name)}: ${why}`);
}
