import { ageSince } from '../age.ts';
import type { Behaviour, KubeObject } from '../contract.ts';
import { invalidValue } from '../faults.ts';
import type { APIService } from '../generated/types.ts';
import { column } from './columns.ts';
import { withStatus } from './strategy.ts';

const service = (object: KubeObject) => object as unknown as APIService;

export const apiService: Behaviour = {
  unconditionalUpdate: false,
  ...withStatus,
  columns: [column('Name', 'string', 'name'), column('Service'), column('Available'), column('Age')],
  cells(object, now) {
    const { metadata, spec, status } = service(object);
    const available = status?.conditions?.find((one) => one.type === 'Available');
    const state = available
      ? available.status === 'True'
        ? 'True'
        : `${available.status} (${available.reason ?? ''})`
      : 'Unknown';
    return [
      metadata.name,
      spec?.service ? `${spec.service.namespace}/${spec.service.name}` : 'Local',
      state,
      ageSince(metadata.creationTimestamp, now),
    ];
  },
  setDefaults(object) {
    const target = service(object).spec?.service;
    if (target) target.port ??= 443;
  },
  validate(object) {
    const { metadata, spec } = service(object);
    const wanted = `${spec?.version}.${spec?.group ?? ''}`;
    return metadata.name === wanted
      ? []
      : [invalidValue('metadata.name', metadata.name, '`spec.version+"."+spec.group`')];
  },
};
