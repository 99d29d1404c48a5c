import type { HTTPIngressPath, IngressSpec, PodDisruptionBudgetSpec } from '../../engine/kinds/index.ts';
import type { Part } from '../model/index.ts';
import type { Manifest } from './contract.ts';
import { type Draft, partOf, replicasOf } from './draft.ts';
import { labelsOf, manifest, selectorOf } from './names.ts';

/** A budget for each part of which one may be missing: of the front part over both its tracks. */
export function budgetsOf(draft: Draft): Manifest[] {
  const { application, options } = draft;
  return application.parts.flatMap((part) => {
    if ((part.kind !== 'deployment' && part.kind !== 'statefulset') || replicasOf(draft, part) < 2) return [];
    const metadata = { name: part.name, namespace: options.namespace, labels: labelsOf(application, part.role, part) };
    const spec: PodDisruptionBudgetSpec = {
      maxUnavailable: 1,
      selector: { matchLabels: selectorOf(application, part) },
    };
    return [manifest('policy/v1', 'PodDisruptionBudget', metadata, { spec })];
  });
}

/**
 * The Ingress (the cluster's default class): the front part at the hosts and, where asked, at every other; a part with
 * paths at these; another part that is reached from outside by a host of its own, `PART.HOST`.
 */
export function ingressOf(draft: Draft): Manifest[] {
  const { application, options } = draft;
  const front = application.front === undefined ? undefined : partOf(draft, application.front);
  if (!front || front.ports.length === 0) return [];
  const others = application.parts.filter((part) => part !== front && part.way);
  const paths = [
    ...others.flatMap((part) => (part.way?.paths ?? []).map((path) => leading(part, path))),
    ...(front.way?.paths ?? ['/']).map((path) => leading(front, path)),
  ].sort((a, b) => (b.path?.length ?? 0) - (a.path?.length ?? 0));
  const hosts = [...new Set([options.host, front.way?.host].filter((host) => host !== undefined))];
  const rules: NonNullable<IngressSpec['rules']> = [
    ...hosts.map((host) => ({ host, http: { paths } })),
    ...(options.defaultRoute ? [{ http: { paths } }] : []),
  ];
  for (const part of others) {
    if (part.way?.paths) continue;
    const host = part.way?.host ?? (hosts[0] === undefined ? undefined : `${part.name}.${hosts[0]}`);
    if (host !== undefined) rules.push({ host, http: { paths: [leading(part, '/')] } });
  }
  if (rules.length === 0) return [];
  const labels = labelsOf(application, front.role, front);
  return [
    manifest(
      'networking.k8s.io/v1',
      'Ingress',
      { name: front.name, namespace: options.namespace, labels },
      {
        spec: { rules } satisfies IngressSpec,
      },
    ),
  ];
}

function leading(part: Part, path: string): HTTPIngressPath {
  const port = part.way?.port ?? part.ports[0]?.name ?? 'http';
  return { path, pathType: 'Prefix', backend: { service: { name: part.name, port: { name: port } } } };
}
