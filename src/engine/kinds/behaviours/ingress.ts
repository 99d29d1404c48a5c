import { isIP } from 'node:net';
import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { at, invalidAll, invalidValue, notSupported, required } from '../faults.ts';
import type { Ingress, IngressBackend } from '../generated/types.ts';
import { isDns1035Label, isDnsSubdomain, isPortName, isPortNumber, isWildcardDns } from '../names.ts';
import { counted } from './strategy.ts';

const own = (object: KubeObject) => object as unknown as Ingress;

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
