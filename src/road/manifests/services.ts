import { UserError } from '../../base/index.ts';
import type { ServicePort, ServiceSpec } from '../../engine/kinds/index.ts';
import type { Part } from '../model/index.ts';
import type { Exposure, Manifest } from './contract.ts';
import { type Draft, partOf } from './draft.ts';
import { labelsOf, manifest, servingSelectorOf, shortName } from './names.ts';
import { containerPorts } from './pod.ts';

/** The Service that gives each pod of a StatefulSet a name of its own. */
export function headlessName(part: Part): string {
  return shortName(`${part.name}-pods`);
}

/** The names a part is reached by: its own, its aliases, and for a StatefulSet those of its pods. */
export function servicesOf(draft: Draft, part: Part): Manifest[] {
  if (part.kind === 'job' || part.kind === 'cronjob') return [];
  const selector = servingSelectorOf(draft.application, part);
  const ports = servicePorts(part);
  // Without ports a name still leads somewhere: to the pods' own addresses.
  const plain: ServiceSpec = ports.length > 0 ? { selector, ports } : { clusterIP: 'None', selector };
  const names = [...(ports.length > 0 ? [part.name] : []), ...(part.aliases ?? [])];
  const objects = [...new Set(names)].map((name) => service(draft, part, name, plain));
  if (part.kind === 'statefulset') {
    objects.unshift(
      service(draft, part, headlessName(part), {
        clusterIP: 'None',
        // Members of a group find each other before they are ready.
        publishNotReadyAddresses: true,
        selector,
        ...(ports.length > 0 ? { ports } : {}),
      }),
    );
  }
  return objects;
}

/**
 * A part's ports for clients outside the cluster that cannot speak through the Ingress: an old system on other machines.
 * @throws UserError for a part or port that is not there
 */
export function exposureOf(draft: Draft, { part: name, type, port, nodePort }: Exposure): Manifest {
  const part = partOf(draft, name);
  const ports = part ? servicePorts(part).filter((each) => port === undefined || each.name === port) : [];
  if (!part || ports.length === 0) {
    const known = draft.application.parts.filter((each) => each.ports.length > 0);
    throw new UserError(
      port === undefined ? name : `${name}:${port}`,
      part ? 'has no such port' : 'is no part of this application',
      `With ports are: ${known.map((each) => `${each.name} (${each.ports.map((one) => one.name).join(', ')})`).join(', ')}.`,
    );
  }
  return service(draft, part, shortName(`${part.name}-outside`), {
    type,
    selector: servingSelectorOf(draft.application, part),
    ports: ports.map((each) => ({ ...each, ...(nodePort === undefined ? {} : { nodePort }) })),
  });
}

function servicePorts(part: Part): ServicePort[] {
  const listening = containerPorts(part);
  return part.ports.map(({ name, port, target, protocol }) => {
    const found = listening.find((each) => each.containerPort === target && (each.protocol ?? 'TCP') === protocol);
    return { name, port, targetPort: found?.name ?? target, protocol };
  });
}

function service({ application, options }: Draft, part: Part, name: string, spec: ServiceSpec): Manifest {
  const labels = labelsOf(application, part.role, part);
  return manifest('v1', 'Service', { name, namespace: options.namespace, labels }, { spec });
}
