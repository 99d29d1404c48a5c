import { copy, type KubeObject } from '../kinds/index.ts';
import { apiVersionOf, type Context, inVersion, readObject, readObjects } from './context.ts';
import type { AdmissionRequest, RequestOptions, Target } from './contract.ts';
import { prune, toStored } from './decode.ts';
import type { Plain } from './object.ts';

/** What admission steps are told of a request, and the ways in which they look around. */
export function admissionRequest(
  context: Context,
  operation: AdmissionRequest['operation'],
  target: Target,
  options: RequestOptions,
  object: KubeObject | undefined,
  old: KubeObject | undefined,
): AdmissionRequest {
  return {
    operation,
    target,
    object,
    old,
    user: options.user,
    dryRun: options.dryRun ?? false,
    warnings: options.warnings,
    read: (kind, namespace, name) => readObject(context, kind, namespace, name),
    readAll: (kind, namespace) => readObjects(context, kind, namespace),
    versions() {
      const { info } = target;
      const group = info.storageGroup ?? info.group;
      return context.catalogue
        .all()
        .filter((one) => one.resource === info.resource && (one.storageGroup ?? one.group) === group);
    },
    // A copy: what is made of an object is remembered by its identity, and steps write to this one.
    inVersion: (one, info) => inVersion(context, copy(one), info),
    settle(body, info) {
      const lenient: RequestOptions = { ...options, fieldValidation: 'Ignore', decodingFaults: [] };
      return toStored(context, info, prune(context, info, body as Plain, lenient));
    },
  };
}

/** A connection to a pod, service or node as admission sees it: the options of the request are its object. */
export function connectRequest(
  context: Context,
  target: Target,
  kind: string,
  fields: Plain,
  options: RequestOptions,
): AdmissionRequest {
  const object = { apiVersion: apiVersionOf(target.info), kind, ...fields } as unknown as KubeObject;
  return admissionRequest(context, 'CONNECT', target, options, object, undefined);
}
