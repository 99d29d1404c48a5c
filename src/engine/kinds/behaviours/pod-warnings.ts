import { at } from '../faults.ts';
import type { Container, PodSpec, PodTemplateSpec } from '../generated/types.ts';
import { parseQuantity } from '../quantity.ts';

/** Node labels that have a newer name. */
const OLD_LABELS: Readonly<Record<string, readonly [since: string, name: string]>> = {
  'beta.kubernetes.io/arch': ['v1.14', 'kubernetes.io/arch'],
  'beta.kubernetes.io/os': ['v1.14', 'kubernetes.io/os'],
  'failure-domain.beta.kubernetes.io/region': ['v1.17', 'topology.kubernetes.io/region'],
  'failure-domain.beta.kubernetes.io/zone': ['v1.17', 'topology.kubernetes.io/zone'],
  'beta.kubernetes.io/instance-type': ['v1.17', 'node.kubernetes.io/instance-type'],
};

/** What is allowed in a pod's spec but surely not meant (upstream's pkg/api/pod warnings). */
export function podWarnings(spec: PodSpec, path: string): string[] {
  const warnings: string[] = [];
  for (const label of Object.keys(spec.nodeSelector ?? {})) {
    const old = OLD_LABELS[label];
    if (old) warnings.push(`${path}.nodeSelector[${label}]: deprecated since ${old[0]}; use "${old[1]}" instead`);
  }
  for (const [index, secret] of (spec.imagePullSecrets ?? []).entries()) {
    if (!secret.name) warnings.push(`${at(`${path}.imagePullSecrets`, index)}: invalid empty name ""`);
  }
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    warnings.push(
      `${path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
    );
  }
  for (const list of ['initContainers', 'containers'] as const) {
    for (const [index, container] of (spec[list] ?? []).entries()) {
      warnings.push(...containerWarnings(container, at(`${path}.${list}`, index)));
    }
  }
  return warnings;
}

export function templateWarnings(template: PodTemplateSpec | undefined, path: string): string[] {
  return template?.spec ? podWarnings(template.spec, `${path}.spec`) : [];
}

function containerWarnings(container: Container, path: string): string[] {
  const warnings: string[] = [];
  for (const list of ['limits', 'requests'] as const) {
    for (const name of ['memory', 'ephemeral-storage']) {
      const quantity = container.resources?.[list]?.[name];
      if (quantity !== undefined && parseQuantity(quantity).scale < 0) {
        warnings.push(
          `${at(`${path}.resources.${list}`, name)}: fractional byte value "${quantity}" is invalid, must be an integer`,
        );
      }
    }
  }
  const names = new Set<string>();
  for (const [index, variable] of (container.env ?? []).entries()) {
    if (names.has(variable.name)) {
      const place = at(`${path}.env`, index);
      warnings.push(`${place}: hides previous definition of "${variable.name}", which may be dropped when using apply`);
    }
    names.add(variable.name);
  }
  const ports = new Map<string, number>();
  for (const [index, port] of (container.ports ?? []).entries()) {
    const key = `${port.protocol}/${port.containerPort}/${port.hostIP ?? ''}/${port.hostPort ?? 0}`;
    const first = ports.get(key);
    const list = `${path}.ports`;
    if (first === undefined) ports.set(key, index);
    else warnings.push(`${at(list, index)}: duplicate port definition with ${at(list, first)}`);
  }
  return warnings;
}
