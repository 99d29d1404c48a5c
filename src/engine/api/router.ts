import { randomUUID } from 'node:crypto';
import { messageOf } from '../../base/index.ts';
import { methodNotSupported, type ResourceInfo, StatusError, tooManyRequests, unauthorized } from '../kinds/index.ts';
import { impersonated } from './authentication/impersonation.ts';
import { attributesOf, forbiddenMessage } from './authorization/attributes.ts';
import type { ApiContext } from './context.ts';
import { type Exchange, targetOf } from './exchange.ts';
import { type HttpRequest, type HttpResponse, headerOf } from './http.ts';
import { requestInfo } from './request-info.ts';
import { sendError, sendText } from './respond.ts';
import { reviewOf } from './reviews/reviews.ts';
import type { Routes } from './routes.ts';
import { connectOf, connectOptions, optionFields } from './streams/connect.ts';
import { createObject } from './verbs/create.ts';
import { deleteObject, deleteObjects } from './verbs/delete.ts';
import { getObject } from './verbs/get.ts';
import { listObjects } from './verbs/list.ts';
import { patchObject } from './verbs/patch.ts';
import { updateObject } from './verbs/update.ts';
import { watchObjects } from './verbs/watch.ts';

const NO_QUERY = new URLSearchParams();
const AUDIT_ID_MAX = 64;
/** Watches and streams count as well; past this, clients are told to come back. */
const IN_FLIGHT_MAX = 20_000;

export type Handler = (request: HttpRequest, response: HttpResponse, upgrade?: Exchange['upgrade']) => void;

/** The whole way of a request: who, whether, what. */
export function createRouter(context: ApiContext, routes: Routes): Handler {
  let inFlight = 0;
  return (request, response, upgrade) => {
    const url = request.url ?? '/';
    const mark = url.indexOf('?');
    const path = mark < 0 ? url : url.slice(0, mark);
    const query = mark < 0 ? NO_QUERY : new URLSearchParams(url.slice(mark + 1));
    const method = request.method ?? 'GET';
    const info = requestInfo(method, path, query);
    const exchange: Exchange = {
      request,
      response,
      method,
      query,
      info,
      clock: context.clock,
      user: { name: '', groups: [] },
      warnings: [],
      ...(upgrade && { upgrade }),
    };
    const started = context.clock.monotonic();
    const audit = headerOf(request.headers, 'audit-id');
    response.setHeader('audit-id', audit && audit.length <= AUDIT_ID_MAX ? audit : randomUUID());
    context.metrics.inFlight(info.verb, 1);
    inFlight++;
    (inFlight > IN_FLIGHT_MAX ? refuseForNow(request) : serve(context, routes, exchange))
      .catch((error: unknown) => {
        if (!(error instanceof StatusError)) {
          context.log.error('request failed', { method, path, error: messageOf(error) });
        }
        return sendError(exchange, error);
      })
      .catch((error: unknown) => {
        context.log.error('answer could not be written', { method, path, error: messageOf(error) });
        response.destroy();
      })
      .finally(() => {
        inFlight--;
        context.metrics.inFlight(info.verb, -1);
        context.metrics.count({
          verb: info.verb,
          group: info.group,
          version: info.version,
          resource: info.resource,
          subresource: info.subresource,
          scope: info.name ? 'resource' : info.namespace ? 'namespace' : info.isResource ? 'cluster' : '',
          code: response.statusCode,
          seconds: (context.clock.monotonic() - started) / 1000,
        });
      });
  };
}

function refuseForNow(request: HttpRequest): Promise<void> {
  request.resume();
  return Promise.reject(tooManyRequests('Too many requests, please try again later.', 1));
}

async function serve(context: ApiContext, routes: Routes, exchange: Exchange): Promise<void> {
  const { request, info } = exchange;
  const authenticated = context.authenticator.authenticate(request);
  const user = authenticated instanceof Promise ? await authenticated : authenticated;
  if (!user) throw unauthorized('Unauthorized');
  exchange.user = impersonated(request.headers, user, context.authorizer) ?? user;

  const attributes = attributesOf(exchange.user, info);
  const decision = context.authorizer.authorize(attributes);
  if (!decision.allowed) throw refusal(attributes, decision.reason);

  if (await context.aggregator.serve(context, exchange)) return;
  if (!info.isResource) {
    if (!(await routes.serve(exchange))) sendText(exchange, 404, '404 page not found\n');
    return;
  }
  const found = context.catalogue.find(info.group, info.version, info.resource);
  const sub = info.subresource ? found?.subresources.get(info.subresource) : undefined;
  if (!found || (info.subresource && !sub) || (!found.namespaced && info.namespace && info.resource !== 'namespaces')) {
    sendText(exchange, 404, '404 page not found\n');
    return;
  }
  const verbs = sub ? sub.verbs : found.verbs;
  if (!verbs.includes(info.verb)) throw methodNotSupported(found, info.verb || exchange.method.toLowerCase());
  const connect = connectOf(found, info.subresource);
  if (connect) {
    authorizeUpgrade(context, exchange);
    const target = targetOf(found, info);
    const { user, warnings, query } = exchange;
    const kind = connectOptions(found.resource, info.subresource);
    if (kind) await context.resources.admitConnect(target, { user, warnings, kind, fields: optionFields(query) });
    await connect(context, exchange, target);
    return;
  }
  await serveVerb(context, exchange, found);
}

const COMMANDS = new Set(['exec', 'attach', 'portforward']);

/** A WebSocket begins with GET, but a command in a pod is not reading: it needs `create` as well (KEP-4006). */
function authorizeUpgrade(context: ApiContext, { user, info, upgrade }: Exchange): void {
  if (!upgrade || info.verb !== 'get' || info.resource !== 'pods' || !COMMANDS.has(info.subresource)) return;
  const attributes = { ...attributesOf(user, info), verb: 'create' };
  const decision = context.authorizer.authorize(attributes);
  if (!decision.allowed) throw refusal(attributes, decision.reason);
}

function refusal(attributes: Parameters<typeof forbiddenMessage>[0], reason: string): StatusError {
  const { isResource, resource, group, name } = attributes;
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: forbiddenMessage(attributes, reason),
    reason: 'Forbidden',
    details: isResource ? { ...(name && { name }), ...(group && { group }), kind: resource } : {},
    code: 403,
  });
}

async function serveVerb(context: ApiContext, exchange: Exchange, found: ResourceInfo): Promise<void> {
  const target = targetOf(found, exchange.info);
  const review = reviewOf(found, exchange.info.subresource);
  if (review) {
    await review(context, exchange, target);
    return;
  }
  switch (exchange.info.verb) {
    case 'get':
      return getObject(context, exchange, target);
    case 'list':
      return listObjects(context, exchange, target);
    case 'watch':
      return watchObjects(context, exchange, target);
    case 'create':
      return createObject(context, exchange, target);
    case 'update':
      return updateObject(context, exchange, target);
    case 'patch':
      return patchObject(context, exchange, target);
    case 'delete':
      return deleteObject(context, exchange, target);
    case 'deletecollection':
      return deleteObjects(context, exchange, target);
    default:
      throw methodNotSupported(found, exchange.info.verb);
  }
}
