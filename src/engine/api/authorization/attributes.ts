import type { UserInfo } from '../../resources/index.ts';
import type { RequestInfo } from '../request-info.ts';

/** What is asked of the authorisers: who wants to do what to what. */
export interface Attributes {
  readonly user: UserInfo;
  readonly verb: string;
  readonly isResource: boolean;
  readonly namespace: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** Of requests that are not about a resource. */
  readonly path: string;
}

export interface Decision {
  readonly allowed: boolean;
  /** Why it is allowed; of a refusal mostly empty, as upstream. */
  readonly reason: string;
  /** Faults met on the way (a binding to a role that is not there). */
  readonly error?: string;
}

export interface Authorizer {
  authorize(attributes: Attributes): Decision;
}

export function attributesOf(user: UserInfo, info: RequestInfo): Attributes {
  const { verb, isResource, namespace, group, version, resource, subresource, name, path } = info;
  return { user, verb, isResource, namespace, group, version, resource, subresource, name, path };
}

/** The text of a 403, word for word upstream's (apiserver/pkg/endpoints/handlers/responsewriters/errors.go). */
export function forbiddenMessage(attributes: Attributes, reason: string): string {
  const { user, verb, isResource, namespace, group, resource, subresource, name, path } = attributes;
  const quoted = JSON.stringify(user.name);
  if (!isResource) {
    const text = `forbidden: User ${quoted} cannot ${verb} path ${JSON.stringify(path)}`;
    return reason ? `${text}: ${reason}` : text;
  }
  const full = subresource ? `${resource}/${subresource}` : resource;
  const about = group ? `${resource}.${group}` : resource;
  const named = name ? `${about} ${JSON.stringify(name)}` : about;
  const scope = namespace ? `in the namespace ${JSON.stringify(namespace)}` : 'at the cluster scope';
  const what = `User ${quoted} cannot ${verb} resource ${JSON.stringify(full)} in API group ${JSON.stringify(group)}`;
  const text = `${named} is forbidden: ${what} ${scope}`;
  return reason ? `${text}: ${reason}` : text;
}
