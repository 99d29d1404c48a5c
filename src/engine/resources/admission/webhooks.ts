import { type Clock, messageOf } from '../../../base/index.ts';
import { internalError, type KubeObject, kinds, StatusError } from '../../kinds/index.ts';
import type { Admission, AdmissionRequest } from '../contract.ts';
import { jsonPatch } from '../json-patch.ts';
import { equal, type Plain } from '../object.ts';
import { callWebhook } from './webhook-call.ts';
import { type Allowed, callFailed, checkSideEffects, readAnswer, reviewOf } from './webhook-review.ts';
import { isExempt, versionFor, type Webhook } from './webhook-rules.ts';

const TIMEOUT_SECONDS = 10;

type Configuration = { readonly metadata: { readonly name: string }; readonly webhooks?: readonly Webhook[] };

/** The webhooks of MutatingWebhookConfigurations, one after the other, by the names of their configurations. */
export function mutatingWebhooks({ clock }: { clock: Clock }): Admission {
  return {
    name: 'MutatingAdmissionWebhook',
    async mutate(request) {
      const webhooks = inOrder(request, () => request.readAll(kinds.mutatingwebhookconfigurations, undefined));
      if (webhooks.length === 0) return;
      const left = new Map<Webhook, KubeObject | undefined>();
      for (const webhook of webhooks) {
        await change(webhook, request, clock);
        left.set(webhook, snapshot(request));
      }
      // A webhook that asks for it sees once more what later ones made of the object.
      for (const webhook of webhooks) {
        if (!('reinvocationPolicy' in webhook) || webhook.reinvocationPolicy !== 'IfNeeded') continue;
        if (!equal(left.get(webhook), request.object)) await change(webhook, request, clock);
      }
    },
  };
}

/** The webhooks of ValidatingWebhookConfigurations, all at once. */
export function validatingWebhooks({ clock }: { clock: Clock }): Admission {
  return {
    name: 'ValidatingAdmissionWebhook',
    async validate(request) {
      const webhooks = inOrder(request, () => request.readAll(kinds.validatingwebhookconfigurations, undefined));
      if (webhooks.length === 0) return;
      const answers = await Promise.allSettled(webhooks.map((webhook) => ask(webhook, request, clock)));
      for (const answer of answers) if (answer.status === 'rejected') throw answer.reason;
    },
  };
}

function inOrder(request: AdmissionRequest, read: () => readonly Configuration[]): readonly Webhook[] {
  if (isExempt(request)) return [];
  return [...read()]
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    .flatMap(({ webhooks }) => webhooks ?? []);
}

const snapshot = ({ object }: AdmissionRequest): KubeObject | undefined => object && structuredClone(object);

/** Undefined when the webhook does not ask for such requests, or failed and may. @throws StatusError when it denies */
async function ask(webhook: Webhook, request: AdmissionRequest, clock: Clock): Promise<Allowed | undefined> {
  const info = versionFor(webhook, request);
  if (!info) return undefined;
  checkSideEffects(webhook, request);
  const uid = crypto.randomUUID();
  const { timeoutSeconds = TIMEOUT_SECONDS } = webhook;
  try {
    const review = reviewOf(webhook, request, info, uid);
    const answer = await callWebhook(webhook.clientConfig, timeoutSeconds, review, request, clock);
    return readAnswer(webhook, answer, uid, request);
  } catch (error) {
    if (error instanceof StatusError) throw error;
    if (webhook.failurePolicy === 'Ignore') return undefined;
    throw callFailed(webhook.name, messageOf(error));
  }
}

async function change(webhook: Webhook, request: AdmissionRequest, clock: Clock): Promise<void> {
  const info = versionFor(webhook, request);
  const patch = (await ask(webhook, request, clock))?.patch;
  const { object } = request;
  // A connection has no object that is kept.
  if (!info || !patch || !object || request.operation === 'CONNECT') return;
  let patched: unknown;
  try {
    patched = await jsonPatch(request.inVersion(object, info), patch);
  } catch (error) {
    throw internalError(`jsonpatch of webhook ${JSON.stringify(webhook.name)}: ${messageOf(error)}`);
  }
  replaceFields(object as unknown as Plain, request.settle(patched, info) as unknown as Plain);
}

/** The object is the verb's own: it changes in place. */
function replaceFields(object: Plain, made: Plain): void {
  for (const field of Object.keys(object)) if (!(field in made)) delete object[field];
  Object.assign(object, made);
}
