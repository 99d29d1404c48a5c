import { badRequest } from '../kinds/index.ts';
import type { ListRequest, RequestOptions, WatchRequest } from '../resources/index.ts';
import type { Exchange } from './exchange.ts';
import { headerOf } from './http.ts';
import { isOn } from './request-info.ts';

const VALIDATIONS = new Set(['Ignore', 'Warn', 'Strict']);
const MANAGER_LENGTH_MAX = 128;

/** The options of a write, from the query. @throws StatusError 400 */
export function requestOptions(exchange: Exchange, decodingFaults: readonly string[]): RequestOptions {
  const { query, user, warnings } = exchange;
  const validation = query.get('fieldValidation') || 'Warn';
  if (!VALIDATIONS.has(validation)) {
    throw badRequest(
      `fieldValidation: Unsupported value: ${JSON.stringify(validation)}: supported values: "Ignore", "Strict", "Warn"`,
    );
  }
  return {
    user,
    warnings,
    decodingFaults,
    dryRun: isDryRun(query.getAll('dryRun')),
    fieldValidation: validation as 'Ignore' | 'Warn' | 'Strict',
    fieldManager: query.get('fieldManager') || managerOf(exchange),
  };
}

/** Whether `dryRun=All` was asked for. @throws StatusError 400 for any other value. */
export function isDryRun(values: readonly string[]): boolean {
  const given = values.filter((value) => value !== '');
  if (given.some((value) => value !== 'All')) {
    throw badRequest(
      `dryRun: Unsupported value: [${given.map((one) => JSON.stringify(one)).join(', ')}]: supported values: "All"`,
    );
  }
  return given.length > 0;
}

/** Who did not name itself manages fields by its program's name: what stands before the slash of the user agent. */
function managerOf({ request }: Exchange): string {
  const agent = headerOf(request.headers, 'user-agent') ?? '';
  const program = agent.split('/', 1)[0] ?? '';
  return program.replace(/[^\x20-\x7e]/g, '').slice(0, MANAGER_LENGTH_MAX) || 'unknown';
}

/** A whole number of the query. @throws StatusError 400 */
export function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^[+-]?\d+$/.test(text)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return Number(text);
}

/** The selection of a list, from the query and the name of an old-style path. */
export function listRequest(exchange: Exchange): ListRequest {
  const { query, info } = exchange;
  const match = query.get('resourceVersionMatch');
  const limit = wholeNumber(query, 'limit');
  const fields = fieldSelector(query.get('fieldSelector') ?? '', info.name);
  return {
    ...text(query, 'labelSelector'),
    ...(fields && { fieldSelector: fields }),
    ...(limit !== undefined && limit > 0 && { limit }),
    ...text(query, 'continue'),
    ...text(query, 'resourceVersion'),
    ...(match && { resourceVersionMatch: match as 'Exact' | 'NotOlderThan' }),
  };
}

export function watchRequest(exchange: Exchange): WatchRequest {
  const { query } = exchange;
  const { limit: _limit, continue: _continue, ...selection } = listRequest(exchange);
  const initial = query.get('sendInitialEvents');
  return {
    ...selection,
    allowWatchBookmarks: isOn(query.get('allowWatchBookmarks')),
    ...(initial !== null && { sendInitialEvents: isOn(initial) }),
  };
}

function fieldSelector(selector: string, name: string): string {
  if (!name || /(?:^|,)metadata\.name==?[^=]/.test(selector)) return selector;
  return selector ? `${selector},metadata.name=${name}` : `metadata.name=${name}`;
}

function text<Name extends 'labelSelector' | 'continue' | 'resourceVersion'>(
  query: URLSearchParams,
  name: Name,
): { [key in Name]?: string } {
  const value = query.get(name);
  return (value ? { [name]: value } : {}) as { [key in Name]?: string };
}
