import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import type { ResourceQuota } from '../generated/types.ts';
import { immutable } from '../object-meta.ts';
import { validateAmount } from './resource-validation.ts';
import { withStatus } from './strategy.ts';

const quota = (object: KubeObject) => object as unknown as ResourceQuota;

export const resourceQuota: Behaviour = {
  ...withStatus,
  cells(object, now) {
    const { metadata, spec, status } = quota(object);
    const hard = status?.hard ?? spec?.hard ?? {};
    const requests: string[] = [];
    const limits: string[] = [];
    for (const name of Object.keys(hard).sort()) {
      const text = `${name}: ${status?.used?.[name] ?? '0'}/${hard[name]}`;
      (name.startsWith('limits') ? limits : requests).push(text);
    }
    return [metadata.name, requests.join(', '), limits.join(', '), ageSince(metadata.creationTimestamp, now)];
  },
  validate: (object) => validateQuota(quota(object)),
  validateUpdate: (object, old) => [
    ...validateQuota(quota(object)),
    ...immutable(quota(object).spec?.scopes, quota(old).spec?.scopes, 'spec.scopes'),
  ],
};

function validateQuota({ spec }: ResourceQuota): FieldFault[] {
  return Object.entries(spec?.hard ?? {}).flatMap(([name, amount]) =>
    validateAmount(name, amount, `spec.hard[${name}]`),
  );
}
