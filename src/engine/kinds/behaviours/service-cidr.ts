import { ageSince } from '../age.ts';
import type { Behaviour } from '../contract.ts';
import { at, invalidValue, required } from '../faults.ts';
import type { ServiceCIDR } from '../generated/types.ts';
import { immutable } from '../object-meta.ts';
import { isCidr } from './address-range.ts';
import { withStatus } from './strategy.ts';

export const serviceCidr: Behaviour = {
  ...withStatus,
  cells(object, now) {
    const { metadata, spec } = object as unknown as ServiceCIDR;
    return [metadata.name, (spec?.cidrs ?? []).join(','), ageSince(metadata.creationTimestamp, now)];
  },
  validate(object) {
    const cidrs = (object as unknown as ServiceCIDR).spec?.cidrs ?? [];
    if (cidrs.length === 0) return [required('spec.cidrs', 'at least one CIDR required')];
    return cidrs.flatMap((cidr, index) =>
      isCidr(cidr)
        ? []
        : [
            invalidValue(
              at('spec.cidrs', index),
              cidr,
              'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
            ),
          ],
    );
  },
  validateUpdate: (object, old) =>
    immutable(
      (object as unknown as ServiceCIDR).spec?.cidrs,
      (old as unknown as ServiceCIDR).spec?.cidrs,
      'spec.cidrs',
    ),
};
