import type { IngressBackend, IngressSpec, ServicePort, ServiceSpec } from '../../engine/kinds/index.ts';
import type { Hit, Path, PolicyRule, Scope, Subject } from './contract.ts';
import { selectorOf } from './subjects.ts';

/** Whether what leads somewhere leads to something. */
export const REACH_RULES: readonly PolicyRule[] = [
  {
    id: 'service-without-pods',
    severity: 'error',
    kinds: ['Service'],
    what: 'a Service whose selector matches no pods',
    why: 'Every request to it fails, and nothing says so.',
    fix: "Make its selector equal to labels of the pods' template.",
    *find(subject, scope) {
      const selector = selectorOf(subject);
      if (!selector || scope.withPods(selector, subject).length > 0) return;
      yield {
        path: ['spec', 'selector'],
        message: `no pods have the labels ${labelsText(selector)}${nearMiss(selector, scope)}`,
        ...(scope.partial || !scope.subjects.some(({ pod }) => pod) ? { severity: 'warning' } : {}),
      };
    },
  },
  {
    id: 'service-port-nowhere',
    severity: 'error',
    kinds: ['Service'],
    what: 'a Service that sends to a port nobody listens on',
    why: 'Every request to it is refused.',
    fix: "Give targetPort the name or the number of one of the container's ports.",
    *find(subject, scope) {
      const selector = selectorOf(subject);
      if (!selector) return;
      const pods = scope.withPods(selector, subject);
      if (pods.length === 0) return;
      const ports = pods.flatMap(({ pod }) =>
        (pod?.containers ?? []).flatMap(({ container }) => container.ports ?? []),
      );
      for (const [index, port] of portsOf(subject).entries()) {
        const target = port.targetPort ?? port.port;
        const path: Path = ['spec', 'ports', index, port.targetPort === undefined ? 'port' : 'targetPort'];
        if (typeof target === 'string') {
          if (!ports.some(({ name }) => name === target))
            yield { path, message: `port ${port.port} leads to "${target}", a name none of the pods' ports has` };
        } else if (ports.length > 0 && !ports.some(({ containerPort }) => containerPort === target)) {
          const listed = [...new Set(ports.map(({ containerPort }) => containerPort))].join(', ');
          // Ports are named for the reader only, so a number that is not among them may yet be listened on.
          yield {
            path,
            message: `port ${port.port} leads to ${target}, but the pods say that they listen on ${listed}`,
            severity: 'warning',
          };
        }
      }
    },
  },
  {
    id: 'ingress-service-missing',
    severity: 'error',
    kinds: ['Ingress'],
    what: 'an Ingress that leads to a Service that is not there',
    why: 'Whoever comes gets an error page.',
    fix: "Name a Service of the Ingress's own namespace.",
    *find(subject, scope) {
      for (const { path, backend } of backendsOf(subject)) {
        const name = backend.service?.name;
        if (name === undefined || scope.find('Service', name, subject)) continue;
        yield {
          path: [...path, 'service', 'name'],
          message: `there is no Service ${name}`,
          ...(scope.partial ? { severity: 'warning' } : {}),
        };
      }
    },
  },
  {
    id: 'ingress-port-missing',
    severity: 'error',
    kinds: ['Ingress'],
    what: 'an Ingress that leads to a port its Service does not have',
    why: 'Whoever comes gets an error page.',
    fix: 'Give the name or number of a port of the Service (its port, not its targetPort).',
    *find(subject, scope) {
      for (const { path, backend } of backendsOf(subject)) {
        const service = backend.service && scope.find('Service', backend.service.name, subject);
        const wanted = backend.service?.port;
        if (!service || !wanted) continue;
        const ports = portsOf(service);
        const found = ports.some(({ name, port }) =>
          wanted.name === undefined || wanted.name === '' ? port === wanted.number : name === wanted.name,
        );
        if (!found)
          yield {
            path: [...path, 'service', 'port'],
            message: `Service ${service.name} has no port ${wanted.name || wanted.number} (it has ${ports.map(({ name, port }) => (name ? `${name}: ${port}` : port)).join(', ') || 'none'})`,
          };
      }
    },
  },
  {
    id: 'ingress-without-way',
    severity: 'warning',
    kinds: ['Ingress'],
    what: 'an Ingress without a rule and without a default',
    why: 'It leads nowhere.',
    fix: 'Add spec.rules with a host and a path, or spec.defaultBackend.',
    *find(subject): Iterable<Hit> {
      if (backendsOf(subject).length === 0) yield { path: ['spec'], message: 'has no backend' };
    },
  },
  {
    id: 'scale-target-missing',
    severity: 'error',
    kinds: ['HorizontalPodAutoscaler'],
    what: 'an autoscaler of something that is not there',
    why: 'Nothing is ever scaled.',
    fix: 'Name the workload in spec.scaleTargetRef.',
    *find(subject, scope) {
      const target = (subject.object.spec as { scaleTargetRef?: { kind?: string; name?: string } } | undefined)
        ?.scaleTargetRef;
      if (!target?.kind || !target.name || scope.find(target.kind, target.name, subject)) return;
      yield {
        path: ['spec', 'scaleTargetRef', 'name'],
        message: `there is no ${target.kind} ${target.name}`,
        ...(scope.partial ? { severity: 'warning' } : {}),
      };
    },
  },
];

export function portsOf(service: Subject): readonly ServicePort[] {
  return (service.object.spec as ServiceSpec | undefined)?.ports ?? [];
}

function backendsOf(ingress: Subject): { path: Path; backend: IngressBackend }[] {
  const spec = (ingress.object.spec ?? {}) as IngressSpec;
  const found: { path: Path; backend: IngressBackend }[] = [];
  if (spec.defaultBackend) found.push({ path: ['spec', 'defaultBackend'], backend: spec.defaultBackend });
  for (const [rule, { http }] of (spec.rules ?? []).entries())
    for (const [index, { backend }] of (http?.paths ?? []).entries())
      if (backend) found.push({ path: ['spec', 'rules', rule, 'http', 'paths', index, 'backend'], backend });
  return found;
}

export function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}

/** The pods that come nearest, so that the difference is seen at once. */
function nearMiss(selector: Readonly<Record<string, string>>, scope: Scope): string {
  let best: { subject: Subject; wrong: string[] } | undefined;
  for (const subject of scope.subjects) {
    if (!subject.pod) continue;
    const { labels } = subject.pod;
    const wrong = Object.entries(selector).filter(([key, value]) => labels[key] !== value);
    const shares = Object.keys(selector).some((key) => key in labels);
    if (shares && (!best || wrong.length < best.wrong.length))
      best = { subject, wrong: wrong.map(([key]) => `${key}=${labels[key] ?? '(none)'}`) };
  }
  return best ? `; ${best.subject.kind.toLowerCase()}/${best.subject.name} has ${best.wrong.join(', ')}` : '';
}
