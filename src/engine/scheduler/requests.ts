import { type Container, type Node, type Pod, type Quantity, quantityMilli, quantityToNumber } from '../kinds/index.ts';

/** Amounts by resource name: cpu in thousandths, everything else in its own unit. */
export type Amounts = Readonly<Record<string, number>>;

const requests = new WeakMap<Pod, Amounts>();
const allocatables = new WeakMap<Node, Amounts>();

const amount = (name: string, quantity: Quantity): number =>
  name === 'cpu' ? quantityMilli(quantity) : quantityToNumber(quantity);

function amountsOf(quantities: Readonly<Record<string, Quantity>> | undefined): Record<string, number> {
  const amounts: Record<string, number> = {};
  for (const [name, quantity] of Object.entries(quantities ?? {})) amounts[name] = amount(name, quantity);
  return amounts;
}

function add(into: Record<string, number>, more: Amounts): void {
  for (const [name, value] of Object.entries(more)) into[name] = (into[name] ?? 0) + value;
}

function raise(into: Record<string, number>, other: Amounts): void {
  for (const [name, value] of Object.entries(other)) into[name] = Math.max(into[name] ?? 0, value);
}

/**
 * What a pod asks for: the larger of its containers together and of each init container at its time, both with the
 * sidecars started before; pod-level requests in their place where given; plus overhead.
 */
export function podRequests(pod: Pod): Amounts {
  const known = requests.get(pod);
  if (known !== undefined) return known;
  const asked = (container: Container) => amountsOf(container.resources?.requests);
  const total: Record<string, number> = {};
  const sidecars: Record<string, number> = {};
  const starting: Record<string, number> = {};
  for (const container of pod.spec.containers) add(total, asked(container));
  for (const container of pod.spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      add(sidecars, asked(container));
      raise(starting, sidecars);
    } else {
      const atItsTime = { ...sidecars };
      add(atItsTime, asked(container));
      raise(starting, atItsTime);
    }
  }
  add(total, sidecars);
  raise(total, starting);
  Object.assign(total, amountsOf(pod.spec.resources?.requests));
  add(total, amountsOf(pod.spec.overhead));
  requests.set(pod, total);
  return total;
}

export function allocatable(node: Node): Amounts {
  const known = allocatables.get(node);
  if (known !== undefined) return known;
  const amounts = amountsOf(node.status.allocatable ?? node.status.capacity);
  allocatables.set(node, amounts);
  return amounts;
}
