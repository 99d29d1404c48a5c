/**
 * What a request is about, read from its path, method and query alone: upstream's RequestInfoFactory
 * (k8s.io/apiserver/pkg/endpoints/request). Authorisation and routing both work on it, so they cannot disagree.
 */
export interface RequestInfo {
  readonly isResource: boolean;
  /** The path as it came, without the query. */
  readonly path: string;
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; of other paths the method in lower case. */
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** What follows the subresource, with its leading slash (the proxied path), still percent-encoded. */
  readonly rest: string;
}

const VERBS: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

function decoded(part: string): string {
  if (!part.includes('%')) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Whether a boolean query parameter is on, as Go's conversion reads it: present and neither `0` nor `false`. */
export function isOn(value: string | null): boolean {
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}

/** The one name that a field selector asks for (`metadata.name=x`), or nothing. */
function nameOfSelector(selector: string | null): string {
  if (!selector) return '';
  for (const term of selector.split(',')) {
    const match = /^metadata\.name==?([^=!]+)$/.exec(term);
    if (match?.[1]) return match[1];
  }
  return '';
}

/** `method` in upper case; `path` without the query, still percent-encoded. */
export function requestInfo(method: string, path: string, query: URLSearchParams): RequestInfo {
  const other = (): RequestInfo => ({
    isResource: false,
    path,
    verb: method.toLowerCase(),
    group: '',
    version: '',
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
    rest: '',
  });
  const raw = path.split('/');
  if (raw[0] === '') raw.shift();
  const trailingSlash = raw.length > 1 && raw.at(-1) === '';
  if (trailingSlash) raw.pop();
  const prefix = raw[0];
  if (prefix !== 'api' && prefix !== 'apis') return other();
  let at: number;
  let group = '';
  if (prefix === 'apis') {
    if (raw.length < 4) return other();
    group = decoded(raw[1] ?? '');
    at = 2;
  } else {
    if (raw.length < 3) return other();
    at = 1;
  }
  const version = decoded(raw[at] ?? '');
  at++;
  let verb = VERBS[method] ?? '';
  let watchPath = false;
  if (raw[at] === 'watch' || raw[at] === 'proxy') {
    if (raw.length < at + 2) return other();
    verb = raw[at] === 'watch' ? 'watch' : 'proxy';
    watchPath = verb === 'watch';
    at++;
  }
  let namespace = '';
  if (raw[at] === 'namespaces') {
    const following = raw[at + 1];
    if (following !== undefined) {
      namespace = decoded(following);
      const third = raw[at + 2];
      if (third !== undefined && !NAMESPACE_SUBRESOURCES.has(third)) at += 2;
    }
  }
  const resource = decoded(raw[at] ?? '');
  let name = decoded(raw[at + 1] ?? '');
  const subresource = decoded(raw[at + 2] ?? '');
  const rest = raw.length > at + 3 || (trailingSlash && subresource) ? `/${raw.slice(at + 3).join('/')}` : '';
  if (name === '' && (verb === 'get' || watchPath)) {
    verb = watchPath || isOn(query.get('watch')) ? 'watch' : 'list';
    name = nameOfSelector(query.get('fieldSelector'));
  } else if (verb === 'get' && !subresource && isOn(query.get('watch'))) {
    verb = 'watch';
  }
  if (name === '' && verb === 'delete') verb = 'deletecollection';
  const slash = rest && trailingSlash && !rest.endsWith('/') ? `${rest}/` : rest;
  return { isResource: true, path, verb, group, version, namespace, resource, subresource, name, rest: slash };
}
