import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { at, duplicate, invalidAll, invalidValue, notSupported, required } from '../faults.ts';
import type { MutatingWebhookConfiguration } from '../generated/types.ts';
import { isDnsSubdomain } from '../names.ts';
import { validateLabelSelector } from '../object-meta.ts';
import { countedWithoutStatus } from './strategy.ts';

type Webhook = NonNullable<MutatingWebhookConfiguration['webhooks']>[number];

const configuration = (object: KubeObject) => object as unknown as MutatingWebhookConfiguration;

function webhookBehaviour(isMutating: boolean): Behaviour {
  const validate = (object: KubeObject) => validateWebhooks(configuration(object).webhooks ?? []);
  return {
    ...countedWithoutStatus,
    unconditionalUpdate: false,
    cells: (object, now) => {
      const { metadata, webhooks } = configuration(object);
      return [metadata.name, webhooks?.length ?? 0, ageSince(metadata.creationTimestamp, now)];
    },
    setDefaults(object) {
      for (const webhook of configuration(object).webhooks ?? []) setWebhookDefaults(webhook, isMutating);
    },
    validate,
    validateUpdate: validate,
  };
}

export const mutatingWebhook = webhookBehaviour(true);

export const validatingWebhook = webhookBehaviour(false);

function setWebhookDefaults(webhook: Webhook, isMutating: boolean): void {
  webhook.failurePolicy ??= 'Fail';
  webhook.matchPolicy ??= 'Equivalent';
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= 10;
  if (isMutating) webhook.reinvocationPolicy ??= 'Never';
  for (const rule of webhook.rules ?? []) rule.scope ??= '*';
  const service = webhook.clientConfig?.service;
  if (service) service.port ??= 443;
}

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];

function validateWebhooks(webhooks: readonly Webhook[]): FieldFault[] {
  const faults: FieldFault[] = [];
  const names = new Set<string>();
  for (const [index, webhook] of webhooks.entries()) {
    const path = at('webhooks', index);
    faults.push(...validateWebhookName(webhook.name, `${path}.name`));
    if (names.has(webhook.name)) faults.push(duplicate(`${path}.name`, webhook.name));
    names.add(webhook.name);
    for (const [ruleIndex, rule] of (webhook.rules ?? []).entries()) {
      const place = at(`${path}.rules`, ruleIndex);
      for (const field of ['operations', 'apiGroups', 'apiVersions', 'resources'] as const) {
        if ((rule[field] ?? []).length === 0) faults.push(required(`${place}.${field}`));
      }
      for (const [operationIndex, operation] of (rule.operations ?? []).entries()) {
        if (!OPERATIONS.includes(operation))
          faults.push(notSupported(at(`${place}.operations`, operationIndex), operation, OPERATIONS));
      }
    }
    if (!['Fail', 'Ignore'].includes(webhook.failurePolicy ?? '')) {
      faults.push(notSupported(`${path}.failurePolicy`, webhook.failurePolicy, ['Fail', 'Ignore']));
    }
    if (!['Exact', 'Equivalent'].includes(webhook.matchPolicy ?? '')) {
      faults.push(notSupported(`${path}.matchPolicy`, webhook.matchPolicy, ['Equivalent', 'Exact']));
    }
    if (!['None', 'NoneOnDryRun'].includes(webhook.sideEffects ?? '')) {
      faults.push(
        webhook.sideEffects
          ? notSupported(`${path}.sideEffects`, webhook.sideEffects, ['None', 'NoneOnDryRun'])
          : required(`${path}.sideEffects`, 'must specify one of None, NoneOnDryRun'),
      );
    }
    const seconds = webhook.timeoutSeconds ?? 10;
    if (seconds < 1 || seconds > 30) {
      faults.push(
        invalidValue(`${path}.timeoutSeconds`, seconds, 'the timeout value must be between 1 and 30 seconds'),
      );
    }
    faults.push(...validateLabelSelector(webhook.namespaceSelector, `${path}.namespaceSelector`));
    faults.push(...validateLabelSelector(webhook.objectSelector, `${path}.objectSelector`));
    faults.push(...validateClientConfig(webhook.clientConfig, `${path}.clientConfig`));
    const versions = webhook.admissionReviewVersions ?? [];
    const place = `${path}.admissionReviewVersions`;
    if (versions.length === 0) faults.push(required(place, 'must specify one of v1, v1beta1'));
    else if (!versions.some((version) => version === 'v1' || version === 'v1beta1')) {
      faults.push(invalidValue(place, versions, 'must include at least one of v1, v1beta1'));
    }
  }
  return faults;
}

function validateWebhookName(name: string, path: string): FieldFault[] {
  if (!name) return [required(path)];
  const faults = invalidAll(path, name, isDnsSubdomain(name));
  if (faults.length > 0) return faults;
  return name.split('.').length < 3
    ? [invalidValue(path, name, 'should be a domain with at least three segments separated by dots')]
    : [];
}

export function validateClientConfig(config: Webhook['clientConfig'] | undefined, path: string): FieldFault[] {
  const { url, service } = config ?? {};
  if ((url === undefined) === (service === undefined))
    return [required(path, 'exactly one of url or service is required')];
  if (service) {
    const faults: FieldFault[] = [];
    if (!service.name) faults.push(required(`${path}.service.name`, 'service name is required'));
    if (!service.namespace) faults.push(required(`${path}.service.namespace`, 'service namespace is required'));
    return faults;
  }
  if (url !== undefined && !url.startsWith('https://')) {
    return [
      invalidValue(`${path}.url`, url, `'https' is the only allowed URL scheme; desired format: https://host[/path]`),
    ];
  }
  return [];
}
