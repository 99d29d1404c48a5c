import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { at, duplicate, forbiddenField, invalidAll, notSupported, required } from '../faults.ts';
import type { Node } from '../generated/types.ts';
import { isLabelValue, isQualifiedName } from '../names.ts';
import { copy } from '../object-meta.ts';
import { validateAmount } from './resource-validation.ts';
import { withStatus } from './strategy.ts';

const own = (object: KubeObject) => object as unknown as Node;

export const node: Behaviour = {
  ...withStatus,
  cells,
  // A kubelet registers itself with what it knows: a node's status may come with its creation.
  prepareForCreate() {},
  selectableFields: { 'spec.unschedulable': (object) => String(own(object).spec?.unschedulable ?? false) },
  setDefaults(object) {
    const { status } = own(object);
    if (status?.capacity && !status.allocatable) status.allocatable = copy(status.capacity);
  },
  validate: (object) => validateNode(own(object)),
  validateUpdate(object, old) {
    const faults = validateNode(own(object));
    const [now, before] = [own(object).spec ?? {}, own(old).spec ?? {}];
    if (before.providerID && now.providerID !== before.providerID) {
      faults.push(forbiddenField('spec.providerID', 'node updates may not change providerID except from "" to valid'));
    }
    if (before.podCIDR && now.podCIDR !== before.podCIDR) {
      faults.push(forbiddenField('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'));
    }
    return faults;
  },
};

function validateNode({ spec, status }: Node): FieldFault[] {
  const faults: FieldFault[] = [];
  const met = new Set<string>();
  for (const [index, taint] of (spec?.taints ?? []).entries()) {
    const place = at('spec.taints', index);
    faults.push(...invalidAll(`${place}.key`, taint.key, isQualifiedName(taint.key)));
    if (taint.value) faults.push(...invalidAll(`${place}.value`, taint.value, isLabelValue(taint.value)));
    if (!taint.effect) faults.push(required(`${place}.effect`));
    else if (!['NoSchedule', 'PreferNoSchedule', 'NoExecute'].includes(taint.effect)) {
      faults.push(notSupported(`${place}.effect`, taint.effect, ['NoSchedule', 'PreferNoSchedule', 'NoExecute']));
    }
    const key = `${taint.key}/${taint.effect}`;
    if (met.has(key))
      faults.push({ ...duplicate(place, taint), detail: 'taints must be unique by key and effect pair' });
    met.add(key);
  }
  for (const list of ['capacity', 'allocatable'] as const) {
    for (const [name, quantity] of Object.entries(status?.[list] ?? {})) {
      faults.push(...validateAmount(name, quantity, `status.${list}[${name}]`));
    }
  }
  return faults;
}

const ROLE = 'node-role.kubernetes.io/';

function cells(object: KubeObject, now: number): (string | number)[] {
  const { metadata, spec, status } = own(object);
  const ready = status?.conditions?.find((one) => one.type === 'Ready');
  const states = [ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown'];
  if (spec?.unschedulable) states.push('SchedulingDisabled');
  const roles = new Set<string>();
  for (const [label, value] of Object.entries(metadata.labels ?? {})) {
    if (label.startsWith(ROLE) && label.length > ROLE.length) roles.add(label.slice(ROLE.length));
    else if (label === 'kubernetes.io/role' && value) roles.add(value);
  }
  const address = (type: string) => status?.addresses?.find((one) => one.type === type)?.address ?? '<none>';
  const info = status?.nodeInfo;
  return [
    metadata.name,
    states.join(','),
    [...roles].sort().join(',') || '<none>',
    ageSince(metadata.creationTimestamp, now),
    info?.kubeletVersion ?? '',
    address('InternalIP'),
    address('ExternalIP'),
    info?.osImage || '<unknown>',
    info?.kernelVersion || '<unknown>',
    info?.containerRuntimeVersion || '<unknown>',
  ];
}
