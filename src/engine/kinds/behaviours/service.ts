import { isIP } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { at, duplicate, forbiddenField, invalidAll, invalidValue, notSupported, required } from '../faults.ts';
import type { Service, ServicePort } from '../generated/types.ts';
import { formatLabels } from '../label-selector.ts';
import { dns1035LabelName, isDnsLabel, isDnsSubdomain, isPortNumber } from '../names.ts';
import { copy, validateLabels } from '../object-meta.ts';
import { validatePort } from './probe-validation.ts';
import { keepAllButStatus, keepStatus, loose } from './strategy.ts';

const own = (object: KubeObject) => object as unknown as Service;
const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const hasNodePorts = (type: string | undefined) => type === 'NodePort' || type === 'LoadBalancer';
const isHeadless = ({ spec }: Service) => spec.clusterIP === 'None';

export const service: Behaviour = {
  createOnUpdate: true,
  validateName: dns1035LabelName,
  cells,
  selectableFields: {
    'spec.clusterIP': (object) => own(object).spec.clusterIP ?? '',
    'spec.type': (object) => own(object).spec.type ?? '',
  },
  setDefaults(object) {
    const { spec, status } = own(object);
    spec.sessionAffinity ||= 'None';
    if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
    if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
      spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: 10800 } };
    }
    spec.type ||= 'ClusterIP';
    for (const port of spec.ports ?? []) {
      port.protocol ||= 'TCP';
      if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port;
    }
    if (isExternal(own(object))) spec.externalTrafficPolicy ||= 'Cluster';
    if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster';
    if (spec.type === 'LoadBalancer') {
      spec.allocateLoadBalancerNodePorts ??= true;
      for (const ingress of status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP';
    }
  },
  prepareForCreate(object) {
    own(object).status = { loadBalancer: {} };
  },
  prepareForUpdate(object, old) {
    keepStatus(loose(object), loose(old));
    keepAllocated(own(object), own(old));
    dropUnused(own(object), own(old));
  },
  prepareForStatusUpdate(object, old) {
    keepAllButStatus(loose(object), loose(old));
  },
  validate: (object) => validateService(own(object)),
  validateUpdate: (object, old) => [...validateService(own(object)), ...validateAddresses(own(object), own(old))],
};

/** What the server chose stays when the client leaves it out (upstream's patchAllocatedValues). */
function keepAllocated(now: Service, before: Service): void {
  const needsAddress = (type: string | undefined) => type !== 'ExternalName';
  if (needsAddress(before.spec.type) && needsAddress(now.spec.type)) {
    if (!now.spec.clusterIP && before.spec.clusterIP) now.spec.clusterIP = before.spec.clusterIP;
    if (
      (now.spec.clusterIPs ?? []).length === 0 &&
      before.spec.clusterIPs &&
      now.spec.clusterIP === before.spec.clusterIP
    ) {
      now.spec.clusterIPs = copy(before.spec.clusterIPs);
    }
    if (!now.spec.ipFamilies && before.spec.ipFamilies) now.spec.ipFamilies = copy(before.spec.ipFamilies);
    if (!now.spec.ipFamilyPolicy && before.spec.ipFamilyPolicy) now.spec.ipFamilyPolicy = before.spec.ipFamilyPolicy;
  }
  if (hasNodePorts(before.spec.type) && hasNodePorts(now.spec.type)) {
    const taken = new Set((now.spec.ports ?? []).map((port) => port.nodePort));
    for (const port of now.spec.ports ?? []) {
      const same = before.spec.ports?.find((one) => one.port === port.port && one.protocol === port.protocol);
      if (!port.nodePort && same?.nodePort && !taken.has(same.nodePort)) port.nodePort = same.nodePort;
    }
  }
  if (healthCheckPort(before) && healthCheckPort(now) && before.spec.healthCheckNodePort) {
    now.spec.healthCheckNodePort ||= before.spec.healthCheckNodePort;
  }
}

const healthCheckPort = ({ spec }: Service) => spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';

/**
 * A change of type takes along what only the old type had, where the client left it as it was (upstream's
 * dropTypeDependentFields); what it sets anew is for validation to refuse.
 */
function dropUnused(now: Service, before: Service): void {
  const [spec, old] = [now.spec, before.spec];
  const lost = (has: (type: string | undefined) => boolean) => has(old.type) && !has(spec.type);
  const dropSame = (fields: readonly (keyof Service['spec'])[]) => {
    for (const field of fields) if (isDeepStrictEqual(spec[field], old[field])) delete spec[field];
  };
  if (lost((type) => type !== 'ExternalName')) {
    dropSame(['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'internalTrafficPolicy']);
  }
  if (lost(hasNodePorts)) {
    const kept = new Set((old.ports ?? []).map((port) => port.nodePort));
    for (const port of spec.ports ?? []) if (kept.has(port.nodePort)) delete port.nodePort;
  }
  if (isExternal(before) && !isExternal(now)) dropSame(['externalTrafficPolicy']);
  if (healthCheckPort(before) && !healthCheckPort(now)) dropSame(['healthCheckNodePort']);
  if (lost((type) => type === 'LoadBalancer')) dropSame(['allocateLoadBalancerNodePorts', 'loadBalancerClass']);
  if (spec.type !== 'LoadBalancer' && now.status?.loadBalancer?.ingress) now.status.loadBalancer = {};
}

const isExternal = ({ spec }: Service) =>
  hasNodePorts(spec.type) || (spec.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0);

function validateService(object: Service): FieldFault[] {
  const { spec } = object;
  const faults: FieldFault[] = [];
  const ports = spec.ports ?? [];
  if (ports.length === 0 && !isHeadless(object) && spec.type !== 'ExternalName') faults.push(required('spec.ports'));
  if (spec.type === 'LoadBalancer' && isHeadless(object)) {
    faults.push(invalidValue('spec.clusterIPs[0]', 'None', "may not be set to 'None' for LoadBalancer services"));
  }
  if (spec.type === 'NodePort' && isHeadless(object)) {
    faults.push(invalidValue('spec.clusterIPs[0]', 'None', "may not be set to 'None' for NodePort services"));
  }
  if (spec.type === 'ExternalName') {
    const name = (spec.externalName ?? '').replace(/\.$/, '');
    if (!name) faults.push(required('spec.externalName'));
    else faults.push(...invalidAll('spec.externalName', spec.externalName, isDnsSubdomain(name)));
  }
  if (spec.type === 'ExternalName' && (spec.clusterIP || (spec.clusterIPs ?? []).length > 0)) {
    faults.push(forbiddenField('spec.clusterIPs', 'may not be set for ExternalName services'));
  }
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    if (port.nodePort && !hasNodePorts(spec.type)) {
      faults.push(
        forbiddenField(`${at('spec.ports', index)}.nodePort`, `may not be used when \`type\` is '${spec.type}'`),
      );
    }
    faults.push(...validateServicePort(port, at('spec.ports', index), ports.length > 1, names));
  }
  faults.push(...validateLabels(spec.selector, 'spec.selector'));
  if (!spec.sessionAffinity) faults.push(required('spec.sessionAffinity'));
  else if (!['ClientIP', 'None'].includes(spec.sessionAffinity)) {
    faults.push(notSupported('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None']));
  }
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (seconds !== undefined && (seconds <= 0 || seconds > 86400)) {
    faults.push(
      invalidValue(
        'spec.sessionAffinityConfig.clientIP.timeoutSeconds',
        seconds,
        'must be greater than 0 and less than 86400',
      ),
    );
  }
  const address = spec.clusterIP ?? '';
  if (address && address !== 'None' && isIP(address) === 0) {
    faults.push(
      invalidValue('spec.clusterIPs[0]', address, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'),
    );
  }
  for (const [index, external] of (spec.externalIPs ?? []).entries()) {
    if (isIP(external) === 0) {
      faults.push(
        invalidValue(
          at('spec.externalIPs', index),
          external,
          'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
        ),
      );
    }
  }
  if (!spec.type) faults.push(required('spec.type'));
  else if (!TYPES.includes(spec.type)) faults.push(notSupported('spec.type', spec.type, TYPES));
  return [...faults, ...duplicatePorts(ports), ...validateTraffic(object)];
}

function validateServicePort(port: ServicePort, path: string, needsName: boolean, names: Set<string>): FieldFault[] {
  const faults: FieldFault[] = [];
  if (!port.name) {
    if (needsName) faults.push(required(`${path}.name`));
  } else {
    faults.push(...invalidAll(`${path}.name`, port.name, isDnsLabel(port.name)));
    if (names.has(port.name)) faults.push(duplicate(`${path}.name`, port.name));
    names.add(port.name);
  }
  faults.push(...invalidAll(`${path}.port`, port.port, isPortNumber(port.port)));
  if (!port.protocol) faults.push(required(`${path}.protocol`));
  else if (!PROTOCOLS.includes(port.protocol)) faults.push(notSupported(`${path}.protocol`, port.protocol, PROTOCOLS));
  if (port.targetPort !== undefined) faults.push(...validatePort(port.targetPort, `${path}.targetPort`));
  return faults;
}

function duplicatePorts(ports: readonly ServicePort[]): FieldFault[] {
  const faults: FieldFault[] = [];
  const [met, nodePorts] = [new Set<string>(), new Set<string>()];
  for (const [index, port] of ports.entries()) {
    const key = `${port.protocol}/${port.port}`;
    if (met.has(key)) faults.push(duplicate(at('spec.ports', index), { protocol: port.protocol, port: port.port }));
    met.add(key);
    const node = `${port.protocol}/${port.nodePort}`;
    if (port.nodePort && nodePorts.has(node))
      faults.push(duplicate(`${at('spec.ports', index)}.nodePort`, port.nodePort));
    nodePorts.add(node);
  }
  return faults;
}

function validateTraffic({ spec }: Service): FieldFault[] {
  const faults: FieldFault[] = [];
  const external = hasNodePorts(spec.type) || (spec.externalIPs ?? []).length > 0;
  const policies = ['Cluster', 'Local'];
  if (!external && spec.externalTrafficPolicy) {
    faults.push(
      invalidValue(
        'spec.externalTrafficPolicy',
        spec.externalTrafficPolicy,
        'may only be set for externally-accessible services',
      ),
    );
  } else if (external && !policies.includes(spec.externalTrafficPolicy ?? '')) {
    faults.push(notSupported('spec.externalTrafficPolicy', spec.externalTrafficPolicy ?? '', policies));
  }
  if (spec.internalTrafficPolicy !== undefined && !policies.includes(spec.internalTrafficPolicy)) {
    faults.push(notSupported('spec.internalTrafficPolicy', spec.internalTrafficPolicy, policies));
  }
  if (spec.allocateLoadBalancerNodePorts !== undefined && spec.type !== 'LoadBalancer') {
    faults.push(forbiddenField('spec.allocateLoadBalancerNodePorts', "may only be used when `type` is 'LoadBalancer'"));
  }
  if (spec.loadBalancerClass !== undefined && spec.type !== 'LoadBalancer') {
    faults.push(forbiddenField('spec.loadBalancerClass', "may only be used when `type` is 'LoadBalancer'"));
  }
  return faults;
}

function validateAddresses(now: Service, before: Service): FieldFault[] {
  if (before.spec.type === 'ExternalName' || now.spec.type === 'ExternalName') return [];
  const [address, old] = [now.spec.clusterIP ?? '', before.spec.clusterIP ?? ''];
  if (!old || address === old) return [];
  return [invalidValue('spec.clusterIPs[0]', now.spec.clusterIPs ?? [address], 'may not change once set')];
}

function cells(object: KubeObject, now: number): (string | number)[] {
  const { metadata, spec } = own(object);
  const ports = (spec.ports ?? [])
    .map((port) => (port.nodePort ? `${port.port}:${port.nodePort}/${port.protocol}` : `${port.port}/${port.protocol}`))
    .join(',');
  return [
    metadata.name,
    spec.type ?? '',
    spec.type === 'ExternalName' ? '<none>' : spec.clusterIPs?.[0] || spec.clusterIP || '<none>',
    externalAddress(own(object)),
    ports || '<none>',
    ageSince(metadata.creationTimestamp, now),
    formatLabels(spec.selector),
  ];
}

function externalAddress({ spec, status }: Service): string {
  const external = (spec.externalIPs ?? []).join(',');
  switch (spec.type) {
    case 'LoadBalancer': {
      const balancer = [...new Set((status?.loadBalancer?.ingress ?? []).map((one) => one.ip || one.hostname || ''))]
        .sort()
        .join(',');
      if (external) return balancer ? `${balancer},${external}` : external;
      return balancer || '<pending>';
    }
    case 'ExternalName':
      return spec.externalName ?? '';
    default:
      return external || '<none>';
  }
}
