import type { IncomingHttpHeaders } from 'node:http';
import { badRequest, forbidden } from '../../kinds/index.ts';
import type { UserInfo } from '../../resources/index.ts';
import type { Authorizer } from '../authorization/attributes.ts';
import { forbiddenMessage } from '../authorization/attributes.ts';

const EXTRA = 'impersonate-extra-';

/**
 * The user that the Impersonate-* headers name, or undefined when there are none; each part is authorised with the verb
 * `impersonate` (upstream's filters/impersonation.go).
 * @throws StatusError 403, 400 for groups or extras without a user
 */
export function impersonated(
  headers: IncomingHttpHeaders,
  user: UserInfo,
  authorizer: Authorizer,
): UserInfo | undefined {
  let asked = false;
  for (const header in headers) asked ||= header.startsWith('impersonate-');
  if (!asked) return undefined;
  const name = one(headers['impersonate-user']);
  const groups = many(headers['impersonate-group']);
  const uid = one(headers['impersonate-uid']);
  const extra: Record<string, string[]> = {};
  for (const [key, value] of Object.entries(headers)) {
    if (!key.startsWith(EXTRA) || value === undefined) continue;
    extra[decodeKey(key.slice(EXTRA.length))] = many(value);
  }
  if (!name) {
    if (groups.length === 0 && !uid && Object.keys(extra).length === 0) return undefined;
    throw badRequest('requested impersonation without impersonating a user');
  }
  const ask = (group: string, resource: string, about: string, subresource = '', namespace = '') => {
    const attributes = {
      user,
      verb: 'impersonate',
      isResource: true,
      namespace,
      group,
      version: 'v1',
      resource,
      subresource,
      name: about,
      path: '',
    };
    const decision = authorizer.authorize(attributes);
    if (decision.allowed) return;
    const text = forbiddenMessage(attributes, decision.reason);
    throw forbidden({ group, resource }, about, text.slice(text.indexOf(': ') + 2));
  };
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  if (account) ask('', 'serviceaccounts', account[2] ?? '', '', account[1] ?? '');
  else ask('', 'users', name);
  for (const group of groups) ask('', 'groups', group);
  if (uid) ask('authentication.k8s.io', 'uids', uid);
  for (const [key, values] of Object.entries(extra)) {
    for (const value of values) ask('authentication.k8s.io', 'userextras', value, key);
  }
  const shown = [...groups];
  if (account && groups.length === 0) shown.push('system:serviceaccounts', `system:serviceaccounts:${account[1]}`);
  if (name === 'system:anonymous') {
    if (!shown.includes('system:unauthenticated')) shown.push('system:unauthenticated');
  } else if (!shown.includes('system:authenticated') && !shown.includes('system:unauthenticated')) {
    shown.push('system:authenticated');
  }
  return { name, groups: shown, ...(uid && { uid }), extra };
}

/** Node joins repeated headers it does not know with `, `; group names hold no commas of their own in practice. */
function many(value: string | string[] | undefined): string[] {
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : value.split(', ')).filter((word) => word !== '');
}

const one = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);

function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key).toLowerCase();
  } catch {
    return key.toLowerCase();
  }
}
