import { isIP } from 'node:net';
import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { at, forbiddenField, invalidAll, invalidValue, notSupported, required } from '../faults.ts';
import type {
  Ingress,
  IngressBackend,
  IngressClass,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from '../generated/types.ts';
import { isDns1035Label, isDnsSubdomain, isPortName, isPortNumber, isWildcardDns } from '../names.ts';
import { immutable, validateLabelSelector } from '../object-meta.ts';
import { counted, countedWithoutStatus } from './strategy.ts';

const own = (object: KubeObject) => object as unknown as Ingress;
const klass = (object: KubeObject) => object as unknown as IngressClass;
const policy = (object: KubeObject) => object as unknown as NetworkPolicy;
const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];

export const ingress: Behaviour = {
  ...counted,
  cells,
  validate(object) {
    const annotation = own(object).metadata.annotations?.['kubernetes.io/ingress.class'];
    const faults = validateIngress(own(object));
    if (annotation && own(object).spec.ingressClassName !== undefined) {
      faults.push(
        invalidValue(
          'metadata.annotations[kubernetes.io/ingress.class]',
          annotation,
          'can not be set when the class field is also set',
        ),
      );
    }
    return faults;
  },
  validateUpdate: (object) => validateIngress(own(object)),
};

function validateIngress({ spec }: Ingress): FieldFault[] {
  const faults: FieldFault[] = [];
  const rules = spec.rules ?? [];
  if (spec.defaultBackend) faults.push(...validateBackend(spec.defaultBackend, 'spec.defaultBackend'));
  else if (rules.length === 0) {
    faults.push(invalidValue('spec', rules, 'either `defaultBackend` or `rules` must be specified'));
  }
  for (const [index, rule] of rules.entries()) {
    const place = at('spec.rules', index);
    if (rule.host) {
      const path = `${place}.host`;
      if (isIP(rule.host)) faults.push(invalidValue(path, rule.host, 'must be a DNS name, not an IP address'));
      else
        faults.push(
          ...invalidAll(
            path,
            rule.host,
            rule.host.includes('*') ? isWildcardDns(rule.host) : isDnsSubdomain(rule.host),
          ),
        );
    }
    if (!rule.http) continue;
    const paths = rule.http.paths ?? [];
    if (paths.length === 0) faults.push(required(`${place}.http.paths`));
    for (const [pathIndex, one] of paths.entries()) {
      const path = at(`${place}.http.paths`, pathIndex);
      faults.push(
        ...validatePath(one.path ?? '', one.pathType, path),
        ...validateBackend(one.backend ?? {}, `${path}.backend`),
      );
    }
  }
  for (const [index, tls] of (spec.tls ?? []).entries()) {
    for (const [hostIndex, host] of (tls.hosts ?? []).entries()) {
      const path = at(`${at('spec.tls', index)}.hosts`, hostIndex);
      faults.push(...invalidAll(path, host, host.includes('*') ? isWildcardDns(host) : isDnsSubdomain(host)));
    }
  }
  if (spec.ingressClassName !== undefined) {
    faults.push(...invalidAll('spec.ingressClassName', spec.ingressClassName, isDnsSubdomain(spec.ingressClassName)));
  }
  return faults;
}

function validatePath(value: string, type: string | undefined, path: string): FieldFault[] {
  if (!type) return [required(`${path}.pathType`, 'pathType must be specified')];
  if (!PATH_TYPES.includes(type)) return [notSupported(`${path}.pathType`, type, PATH_TYPES)];
  if (type === 'ImplementationSpecific') {
    return value && !value.startsWith('/') ? [invalidValue(`${path}.path`, value, 'must be an absolute path')] : [];
  }
  const faults: FieldFault[] = [];
  if (!value.startsWith('/')) faults.push(invalidValue(`${path}.path`, value, 'must be an absolute path'));
  for (const bad of ['//', '/./', '/../', '%2f', '%2F']) {
    if (value.includes(bad)) faults.push(invalidValue(`${path}.path`, value, `must not contain '${bad}'`));
  }
  for (const bad of ['/..', '/.']) {
    if (value.endsWith(bad)) faults.push(invalidValue(`${path}.path`, value, `cannot end with '${bad}'`));
  }
  return faults;
}

function validateBackend(backend: IngressBackend, path: string): FieldFault[] {
  if (backend.resource && backend.service)
    return [invalidValue(path, '', 'cannot set both resource and service backends')];
  if (backend.resource) return [];
  const target = backend.service;
  if (!target) return [required(path, 'resource or service backend is required')];
  const faults: FieldFault[] = [];
  if (!target.name) faults.push(required(`${path}.service.name`));
  else faults.push(...invalidAll(`${path}.service.name`, target.name, isDns1035Label(target.name)));
  const port = target.port;
  if (port?.name && port.number) faults.push(invalidValue(path, '', 'cannot set both port name & port number'));
  else if (port?.name) faults.push(...invalidAll(`${path}.service.port.name`, port.name, isPortName(port.name)));
  else if (port?.number)
    faults.push(...invalidAll(`${path}.service.port.number`, port.number, isPortNumber(port.number)));
  else faults.push(required(path, 'port name or number is required'));
  return faults;
}

function cells(object: KubeObject, now: number): (string | number)[] {
  const { metadata, spec, status } = own(object);
  const hosts = (spec.rules ?? []).map((rule) => rule.host).filter((host): host is string => Boolean(host));
  const shown = hosts.length > 3 ? `${hosts.slice(0, 3).join(',')} + ${hosts.length - 3} more...` : hosts.join(',');
  const addresses = [...new Set((status?.loadBalancer?.ingress ?? []).map((one) => one.ip || one.hostname || ''))];
  return [
    metadata.name,
    spec.ingressClassName ?? '<none>',
    shown || '*',
    addresses.join(','),
    (spec.tls ?? []).length > 0 ? '80, 443' : '80',
    ageSince(metadata.creationTimestamp, now),
  ];
}

export const ingressClass: Behaviour = {
  ...countedWithoutStatus,
  cells(object, now) {
    const { metadata, spec } = klass(object);
    const parameters = spec?.parameters;
    const kind = parameters?.apiGroup ? `${parameters.kind}.${parameters.apiGroup}` : parameters?.kind;
    return [
      metadata.name,
      spec?.controller ?? '',
      parameters ? `${kind}/${parameters.name}` : '<none>',
      ageSince(metadata.creationTimestamp, now),
    ];
  },
  setDefaults(object) {
    const parameters = klass(object).spec?.parameters;
    if (parameters) parameters.scope ??= 'Cluster';
  },
  validate(object) {
    const controller = klass(object).spec?.controller;
    if (!controller) return [required('spec.controller')];
    return /^[^/]+\/.+$/.test(controller)
      ? []
      : [invalidValue('spec.controller', controller, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  },
  validateUpdate: (object, old) =>
    immutable(klass(object).spec?.controller, klass(old).spec?.controller, 'spec.controller'),
};

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

/** `10.9.8.0/24`, `2001:db8::/64`. */
export function isCidr(text: string): boolean {
  const [address = '', length, ...more] = text.split('/');
  const version = isIP(address);
  return (
    version !== 0 &&
    more.length === 0 &&
    length !== undefined &&
    /^\d{1,3}$/.test(length) &&
    Number(length) <= (version === 4 ? 32 : 128)
  );
}
