import {
  kinds,
  type MutatingWebhook,
  matchesSelector,
  type ResourceInfo,
  type ValidatingWebhook,
} from '../../kinds/index.ts';
import type { AdmissionRequest } from '../contract.ts';

export type Webhook = ValidatingWebhook | MutatingWebhook;
type Rule = NonNullable<Webhook['rules']>[number];

const GROUP = 'admissionregistration.k8s.io';
/** What no webhook is asked of, or a broken one could never be removed. */
const EXEMPT = new Set(['validatingwebhookconfigurations', 'mutatingwebhookconfigurations']);

export function isExempt({ target: { info } }: AdmissionRequest): boolean {
  return info.group === GROUP && EXEMPT.has(info.resource);
}

/**
 * The version of the resource that the webhook is to see the request in: the request's own, or with `matchPolicy:
 * Equivalent` another one that its rules name. Undefined when the webhook is not asked.
 */
export function versionFor(webhook: Webhook, request: AdmissionRequest): ResourceInfo | undefined {
  const info = reachedBy(webhook, request);
  if (!info || !matchesNamespace(webhook, request) || !matchesObject(webhook, request)) return undefined;
  return info;
}

function reachedBy(webhook: Webhook, request: AdmissionRequest): ResourceInfo | undefined {
  const rules = (webhook.rules ?? []).filter((rule) => includes(rule.operations, request.operation));
  const { info, subresource } = request.target;
  const reaches = (one: ResourceInfo) => rules.some((rule) => names(rule, one, subresource ?? ''));
  if (rules.length === 0) return undefined;
  if (reaches(info)) return info;
  return webhook.matchPolicy === 'Exact' ? undefined : request.versions().find(reaches);
}

function names(rule: Rule, info: ResourceInfo, subresource: string): boolean {
  const { scope = '*' } = rule;
  if (scope !== '*' && scope !== (info.namespaced ? 'Namespaced' : 'Cluster')) return false;
  if (!includes(rule.apiGroups, info.group) || !includes(rule.apiVersions, info.version)) return false;
  return (rule.resources ?? []).some((text) => {
    const [resource = '', sub = ''] = text.split('/');
    return (resource === '*' || resource === info.resource) && (sub === '*' || sub === subresource);
  });
}

function includes(list: readonly string[] | undefined, value: string): boolean {
  return (list ?? []).some((one) => one === '*' || one === value);
}

function matchesNamespace({ namespaceSelector }: Webhook, request: AdmissionRequest): boolean {
  const { target, object, old } = request;
  const selector = namespaceSelector ?? {};
  // A Namespace is judged by its own labels.
  if (target.info.group === '' && target.info.resource === 'namespaces') {
    return matchesSelector(selector, (object ?? old)?.metadata?.labels);
  }
  if (!target.info.namespaced) return true;
  return matchesSelector(selector, request.read(kinds.namespaces, undefined, target.namespace ?? '')?.metadata.labels);
}

function matchesObject({ objectSelector }: Webhook, { object, old }: AdmissionRequest): boolean {
  const selector = objectSelector ?? {};
  return [object, old].some((one) => one !== undefined && matchesSelector(selector, one.metadata?.labels));
}
