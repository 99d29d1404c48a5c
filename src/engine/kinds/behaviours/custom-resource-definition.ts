import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { at, invalidAll, invalidValue, notSupported, required } from '../faults.ts';
import type { CustomResourceDefinition } from '../generated/types.ts';
import { isDns1035Label, isDnsSubdomain } from '../names.ts';
import { immutable } from '../object-meta.ts';
import { counted } from './strategy.ts';
import { validateClientConfig } from './webhook-configuration.ts';

const own = (object: KubeObject) => object as unknown as CustomResourceDefinition;

export const customResourceDefinition: Behaviour = {
  unconditionalUpdate: false,
  ...counted,
  setDefaults(object) {
    const { spec } = own(object);
    if (!spec) return;
    spec.scope ||= 'Namespaced';
    if (spec.names) {
      spec.names.singular ||= (spec.names.kind ?? '').toLowerCase();
      if (!spec.names.listKind && spec.names.kind) spec.names.listKind = `${spec.names.kind}List`;
    }
    spec.conversion ??= { strategy: 'None' };
    const service = spec.conversion.webhook?.clientConfig?.service;
    if (service) service.port ??= 443;
  },
  prepareForCreate(object) {
    counted.prepareForCreate?.(object);
    // Every version stored so far: at first the one that is.
    const versions = (own(object).spec?.versions ?? [])
      .filter((version) => version.storage)
      .map((version) => version.name);
    own(object).status = { storedVersions: versions } as CustomResourceDefinition['status'];
  },
  prepareForUpdate(object, old) {
    counted.prepareForUpdate?.(object, old);
    const target = own(object);
    const stored = target.status?.storedVersions ?? [];
    for (const version of target.spec.versions ?? []) {
      if (version.storage && !stored.includes(version.name)) {
        target.status = {
          ...target.status,
          storedVersions: [...stored, version.name],
        } as CustomResourceDefinition['status'];
      }
    }
  },
  validate(object) {
    const { metadata, spec } = own(object);
    const faults = validateDefinition(own(object));
    const wanted = `${spec?.names?.plural}.${spec?.group}`;
    if (metadata.name !== wanted) {
      faults.unshift(invalidValue('metadata.name', metadata.name, `must be spec.names.plural+"."+spec.group`));
    }
    return faults;
  },
  validateUpdate: (object, old) => [
    ...validateDefinition(own(object)),
    ...immutable(own(object).spec.group, own(old).spec.group, 'spec.group'),
    ...immutable(own(object).spec.names?.plural, own(old).spec.names?.plural, 'spec.names.plural'),
    ...(isEstablished(own(old))
      ? [
          ...immutable(own(object).spec.scope, own(old).spec.scope, 'spec.scope'),
          ...immutable(own(object).spec.names?.kind, own(old).spec.names?.kind, 'spec.names.kind'),
        ]
      : []),
  ],
};

function isEstablished({ status }: CustomResourceDefinition): boolean {
  return status?.conditions?.some((one) => one.type === 'Established' && one.status === 'True') ?? false;
}

function validateDefinition({ metadata, spec }: CustomResourceDefinition): FieldFault[] {
  const faults: FieldFault[] = [];
  const { group = '', names, versions = [], scope } = spec ?? {};
  if (!group) faults.push(required('spec.group'));
  else {
    faults.push(...invalidAll('spec.group', group, isDnsSubdomain(group)));
    if (group.split('.').length < 2)
      faults.push(invalidValue('spec.group', group, 'should be a domain with at least one dot'));
    else if (/(^|\.)(k8s\.io|kubernetes\.io)$/.test(group) && !metadata.annotations?.['api-approved.kubernetes.io']) {
      faults.push(
        required(
          'metadata.annotations[api-approved.kubernetes.io]',
          'protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
        ),
      );
    }
  }
  if (scope !== 'Cluster' && scope !== 'Namespaced') {
    faults.push(scope ? notSupported('spec.scope', scope, ['Cluster', 'Namespaced']) : required('spec.scope'));
  }
  const seen = new Set<string>();
  let stored = 0;
  for (const [index, version] of versions.entries()) {
    const path = at('spec.versions', index);
    faults.push(...invalidAll(`${path}.name`, version.name, isDns1035Label(version.name ?? '')));
    if (seen.has(version.name))
      faults.push(invalidValue('spec.versions', versions, 'must contain unique version names'));
    seen.add(version.name);
    if (version.storage) stored++;
    const schema = version.schema?.openAPIV3Schema;
    if (!schema) faults.push(required(`${path}.schema.openAPIV3Schema`, 'schemas are required'));
    else {
      if (!schema.type) faults.push(required(`${path}.schema.openAPIV3Schema.type`, 'must not be empty at the root'));
      else if (schema.type !== 'object') {
        faults.push(invalidValue(`${path}.schema.openAPIV3Schema.type`, schema.type, 'must be object at the root'));
      }
    }
    for (const [columnIndex, column] of (version.additionalPrinterColumns ?? []).entries()) {
      const place = at(`${path}.additionalPrinterColumns`, columnIndex);
      if (!column.name) faults.push(required(`${place}.name`));
      if (!column.type) faults.push(required(`${place}.type`, 'must be one of boolean,date,integer,number,string'));
      else if (!['boolean', 'date', 'integer', 'number', 'string'].includes(column.type)) {
        faults.push(invalidValue(`${place}.type`, column.type, 'must be one of boolean,date,integer,number,string'));
      }
      if (!column.jsonPath) faults.push(required(`${place}.jsonPath`));
    }
    const scale = version.subresources?.scale;
    if (scale) {
      for (const field of ['specReplicasPath', 'statusReplicasPath'] as const) {
        const root = field === 'specReplicasPath' ? '.spec.' : '.status.';
        if (!scale[field]) faults.push(required(`${path}.subresources.scale.${field}`));
        else if (!scale[field].startsWith(root)) {
          faults.push(
            invalidValue(
              `${path}.subresources.scale.${field}`,
              scale[field],
              `should be a json path under ${root.slice(0, -1)}`,
            ),
          );
        }
      }
    }
  }
  if (versions.length === 0 || stored !== 1) {
    faults.push(invalidValue('spec.versions', versions, 'must have exactly one version marked as storage version'));
  }
  faults.push(...validateNames(names));
  const conversion = spec?.conversion;
  if (conversion?.strategy === 'Webhook') {
    if (!conversion.webhook?.clientConfig)
      faults.push(required('spec.conversion.webhookClientConfig', 'required when strategy is set to Webhook'));
    else
      faults.push(
        ...validateClientConfig(conversion.webhook.clientConfig as never, 'spec.conversion.webhookClientConfig'),
      );
  } else if (conversion && conversion.strategy !== 'None') {
    faults.push(notSupported('spec.conversion.strategy', conversion.strategy, ['None', 'Webhook']));
  }
  return faults;
}

function validateNames(names: CustomResourceDefinition['spec']['names'] | undefined): FieldFault[] {
  const faults: FieldFault[] = [];
  for (const field of ['plural', 'singular'] as const) {
    const name = names?.[field];
    if (!name) faults.push(required(`spec.names.${field}`));
    else faults.push(...invalidAll(`spec.names.${field}`, name, isDns1035Label(name)));
  }
  for (const field of ['kind', 'listKind'] as const) {
    const name = names?.[field];
    if (!name) faults.push(required(`spec.names.${field}`));
    else {
      const texts = isDns1035Label(name.toLowerCase());
      if (texts.length > 0)
        faults.push(
          invalidValue(
            `spec.names.${field}`,
            name,
            `may have mixed case, but should otherwise match: ${texts.join(',')}`,
          ),
        );
    }
  }
  if (names?.kind && names.kind === names.listKind)
    faults.push(invalidValue('spec.names.listKind', names.listKind, 'kind and listKind may not be the same'));
  for (const [index, name] of (names?.shortNames ?? []).entries()) {
    faults.push(...invalidAll(at('spec.names.shortNames', index), name, isDns1035Label(name)));
  }
  for (const [index, name] of (names?.categories ?? []).entries()) {
    faults.push(...invalidAll(at('spec.names.categories', index), name, isDns1035Label(name)));
  }
  return faults;
}
