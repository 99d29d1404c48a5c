import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault } from '../contract.ts';
import { invalidValue, required } from '../faults.ts';
import type { ControllerRevision } from '../generated/types.ts';
import { immutable } from '../object-meta.ts';
import { column } from './columns.ts';

export const controllerRevision: Behaviour = {
  unconditionalUpdate: false,
  columns: [column('Name', 'string', 'name'), column('Controller'), column('Revision', 'integer'), column('Age')],
  cells(object, now) {
    const { metadata, revision } = object as unknown as ControllerRevision;
    const owner = metadata.ownerReferences?.find((one) => one.controller);
    const [group] = (owner?.apiVersion ?? '').includes('/') ? (owner?.apiVersion ?? '').split('/') : [''];
    const name = owner ? `${owner.kind.toLowerCase()}${group ? `.${group}` : ''}/${owner.name}` : '<none>';
    return [metadata.name, name, revision, ageSince(metadata.creationTimestamp, now)];
  },
  validate(object) {
    const { data, revision } = object as unknown as ControllerRevision;
    const faults: FieldFault[] = [];
    if (revision < 0) faults.push(invalidValue('revision', revision, 'must be greater than or equal to 0'));
    if (data === undefined) faults.push(required('data', 'data is mandatory'));
    return faults;
  },
  validateUpdate: (object, old) =>
    immutable((object as unknown as ControllerRevision).data, (old as unknown as ControllerRevision).data, 'data'),
};
