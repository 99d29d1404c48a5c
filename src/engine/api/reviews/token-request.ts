import {
  badRequest,
  conflict,
  type FieldFault,
  type KubeObject,
  kinds,
  type Pod,
  type TokenRequest,
} from '../../kinds/index.ts';
import type { Target } from '../../resources/index.ts';
import type { BoundObject } from '../authentication/service-account-tokens.ts';
import type { ApiContext } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { sendObject } from '../respond.ts';
import { refuseFaults, reviewBody } from './review-body.ts';

const SHORTEST_SECONDS = 600;
const LONGEST_SECONDS = 2 ** 32;
const DEFAULT_SECONDS = 3600;
const KIND = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' };

/** POST to serviceaccounts/token: a token for the account, for an audience, a time and perhaps an object. */
export async function requestToken(context: ApiContext, exchange: Exchange, target: Target): Promise<void> {
  const { name = '', namespace = '' } = target;
  const account = context.resources.get({ info: target.info, namespace, name });
  const request = await reviewBody<TokenRequest>(exchange, KIND);
  const given = request.metadata as { name?: string; namespace?: string };
  if (given.name && given.name !== name) {
    throw badRequest(`the name of the object (${given.name}) does not match the name on the URL (${name})`);
  }
  const spec = request.spec ?? {};
  const seconds = spec.expirationSeconds ?? DEFAULT_SECONDS;
  const faults: FieldFault[] = [];
  const path = 'spec.expirationSeconds';
  if (seconds < SHORTEST_SECONDS) {
    faults.push({ path, type: 'Invalid', value: seconds, detail: 'may not specify a duration less than 10 minutes' });
  }
  if (seconds > LONGEST_SECONDS) {
    faults.push({
      path,
      type: 'Invalid',
      value: seconds,
      detail: 'may not specify a duration larger than 2^32 seconds',
    });
  }
  refuseFaults(KIND, '', faults);
  const { bound, node } = boundObject(context, target, spec.boundObjectRef);
  const audiences = spec.audiences?.length ? spec.audiences : context.audiences;
  const issued = await context.tokens.issue({
    namespace,
    name,
    uid: account.metadata.uid,
    audiences,
    expirationSeconds: seconds,
    ...(bound && { bound }),
    ...(node && { node }),
  });
  await sendObject(exchange, 201, {
    kind: KIND.kind,
    apiVersion: `${KIND.group}/${KIND.version}`,
    metadata: {
      name,
      namespace,
      creationTimestamp: new Date(context.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
    },
    spec: { ...spec, audiences, expirationSeconds: seconds, boundObjectRef: spec.boundObjectRef ?? null },
    status: issued,
  });
}

/** The object that the token shall end with. @throws StatusError when it is not there, another one, or not the account's. */
function boundObject(
  context: ApiContext,
  target: Target,
  reference: TokenRequest['spec']['boundObjectRef'],
): { bound?: BoundObject; node?: { name: string; uid?: string } } {
  if (!reference) return {};
  const { namespace = '', name: accountName = '' } = target;
  const { name = '', uid, kind, apiVersion } = reference;
  const known = { Pod: kinds.pods, Secret: kinds.secrets, Node: kinds.nodes }[kind ?? ''];
  if (!known || apiVersion !== 'v1') {
    throw badRequest(`cannot bind token for serviceaccount to a type ${apiVersion ?? ''}, Kind=${kind ?? ''}`);
  }
  const info = context.catalogue.find(known.group, known.version, known.resource);
  if (!info) throw badRequest(`cannot bind token for serviceaccount to a type ${apiVersion}, Kind=${known.kind}`);
  const object: KubeObject = context.resources.get(info.namespaced ? { info, namespace, name } : { info, name });
  if (uid && uid !== object.metadata.uid) {
    throw conflict(
      known,
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  const bound: BoundObject = { kind: known.kind as BoundObject['kind'], name, uid: object.metadata.uid };
  if (known !== kinds.pods) return { bound };
  const { spec } = object as Pod;
  if ((spec.serviceAccountName ?? '') !== accountName) {
    throw badRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(accountName)} to pod running with different serviceaccount name.`,
    );
  }
  return { bound, ...(spec.nodeName && { node: nodeOf(context, spec.nodeName) }) };
}

function nodeOf(context: ApiContext, name: string): { name: string; uid?: string } {
  const info = context.catalogue.find(kinds.nodes.group, kinds.nodes.version, kinds.nodes.resource);
  if (!info) return { name };
  const { items } = context.resources.list({ info }, { fieldSelector: `metadata.name=${name}`, limit: 1 });
  const uid = items[0]?.object.metadata.uid;
  return uid === undefined ? { name } : { name, uid };
}
