import type { Kind } from '../kinds/index.ts';

/** `v1` or `apps/v1`. */
export function apiVersionOf(kind: Kind<unknown>): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}

/**
 * The URL path of a resource, an object or a subresource, by the API's conventions.
 * @throws TypeError when a name would leave its place in the path.
 */
export function resourcePath(
  kind: Kind<unknown>,
  namespace: string | undefined,
  name?: string,
  subresource?: string,
): string {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const parts = [root];
  if (kind.namespaced && namespace !== undefined && namespace !== '') parts.push('namespaces', segment(namespace));
  parts.push(kind.resource);
  if (name !== undefined) parts.push(segment(name));
  if (subresource !== undefined) parts.push(...subresource.split('/').map(segment));
  return parts.join('/');
}

function segment(text: string): string {
  if (text === '' || text === '.' || text === '..')
    throw new TypeError(`name ${JSON.stringify(text)}: not a path segment`);
  return encodeURIComponent(text);
}

/** A query string with its `?`, or an empty one; undefined values are left out. */
export function queryString(values: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    if (value !== undefined && value !== '') search.set(key, String(value));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
