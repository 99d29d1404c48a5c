import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { at, forbiddenField, invalidAll, invalidValue, notSupported, required } from '../faults.ts';
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../generated/types.ts';
import { isPortName, isPortNumber } from '../names.ts';
import { validateLabelSelector } from '../object-meta.ts';
import { isCidr } from './address-range.ts';
import { countedWithoutStatus } from './strategy.ts';

const policy = (object: KubeObject) => object as unknown as NetworkPolicy;

export const networkPolicy: Behaviour = {
  ...countedWithoutStatus,
  cells: (object, now) => {
    const { metadata, spec } = policy(object);
    const labels = Object.entries(spec?.podSelector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
    return [metadata.name, labels.sort().join(',') || '<none>', ageSince(metadata.creationTimestamp, now)];
  },
  columns: [
    { name: 'Name', type: 'string', format: 'name', priority: 0, description: '' },
    { name: 'Pod-Selector', type: 'string', format: '', priority: 0, description: '' },
    { name: 'Age', type: 'string', format: '', priority: 0, description: '' },
  ],
  setDefaults(object) {
    const { spec } = policy(object);
    if (!spec) return;
    for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])])
      for (const port of rule.ports ?? []) port.protocol ??= 'TCP';
    if ((spec.policyTypes ?? []).length === 0) {
      spec.policyTypes = (spec.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
    }
  },
  validate: (object) => validatePolicy(policy(object)),
  validateUpdate: (object) => validatePolicy(policy(object)),
};

function validatePolicy({ spec }: NetworkPolicy): FieldFault[] {
  const faults = validateLabelSelector(spec?.podSelector, 'spec.podSelector');
  for (const [index, rule] of (spec?.ingress ?? []).entries()) {
    faults.push(
      ...validatePolicyPorts(rule.ports ?? [], `${at('spec.ingress', index)}.ports`),
      ...validatePeers(rule.from ?? [], `${at('spec.ingress', index)}.from`),
    );
  }
  for (const [index, rule] of (spec?.egress ?? []).entries()) {
    faults.push(
      ...validatePolicyPorts(rule.ports ?? [], `${at('spec.egress', index)}.ports`),
      ...validatePeers(rule.to ?? [], `${at('spec.egress', index)}.to`),
    );
  }
  const types = spec?.policyTypes ?? [];
  if (types.length > 2)
    faults.push(invalidValue('spec.policyTypes', types, 'may not specify more than two policyTypes'));
  else {
    for (const [index, type] of types.entries()) {
      if (type !== 'Ingress' && type !== 'Egress')
        faults.push(notSupported(at('spec.policyTypes', index), type, ['Egress', 'Ingress']));
    }
  }
  return faults;
}

function validatePolicyPorts(ports: readonly NetworkPolicyPort[], path: string): FieldFault[] {
  const faults: FieldFault[] = [];
  for (const [index, port] of ports.entries()) {
    const place = at(path, index);
    if (port.protocol !== undefined && !['SCTP', 'TCP', 'UDP'].includes(port.protocol)) {
      faults.push(notSupported(`${place}.protocol`, port.protocol, ['SCTP', 'TCP', 'UDP']));
    }
    if (port.port === undefined) {
      if (port.endPort !== undefined)
        faults.push(required(`${place}.port`, 'must be specified if endPort is specified'));
    } else if (typeof port.port === 'number') {
      faults.push(...invalidAll(`${place}.port`, port.port, isPortNumber(port.port)));
      if (port.endPort !== undefined && port.endPort < port.port) {
        faults.push(invalidValue(`${place}.endPort`, port.endPort, 'must be greater than or equal to `port`'));
      }
    } else {
      if (port.endPort !== undefined)
        faults.push(invalidValue(`${place}.endPort`, port.endPort, 'may not be specified when `port` is non-numeric'));
      faults.push(...invalidAll(`${place}.port`, port.port, isPortName(port.port)));
    }
  }
  return faults;
}

function validatePeers(peers: readonly NetworkPolicyPeer[], path: string): FieldFault[] {
  const faults: FieldFault[] = [];
  for (const [index, peer] of peers.entries()) {
    const place = at(path, index);
    faults.push(...validateLabelSelector(peer.podSelector, `${place}.podSelector`));
    faults.push(...validateLabelSelector(peer.namespaceSelector, `${place}.namespaceSelector`));
    if (peer.ipBlock) {
      const { cidr } = peer.ipBlock;
      if (!cidr) faults.push(required(`${place}.ipBlock.cidr`));
      else if (!isCidr(cidr))
        faults.push(
          invalidValue(
            `${place}.ipBlock.cidr`,
            cidr,
            'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
          ),
        );
      if (peer.podSelector || peer.namespaceSelector) {
        faults.push(forbiddenField(place, 'may not specify both ipBlock and another peer'));
      }
    } else if (!peer.podSelector && !peer.namespaceSelector) faults.push(required(place, 'must specify a peer'));
  }
  return faults;
}
