import type { Image } from '../images/index.ts';
import { kinds, type Pod } from '../kinds/index.ts';
import type { Scope } from './scope.ts';

const counters = new WeakMap<Scope, number>();

/** An address for a pod of a hollow node, from the node's pod range where it has one; it leads nowhere. */
export function hollowAddress(scope: Scope, pod: Pod): string {
  if (pod.spec.hostNetwork) return scope.options.addresses.internalIp;
  if (pod.status?.podIP) return pod.status.podIP;
  const range =
    scope.context.informers.of(kinds.nodes).get(undefined, scope.options.name)?.spec?.podCIDR ?? '10.200.0.0/16';
  const [base = '10.200.0.0', bits = '16'] = range.split('/');
  const first = base.split('.').reduce((so, part) => so * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  const next = ((counters.get(scope) ?? 0) % Math.max(1, size - 2)) + 1;
  counters.set(scope, next);
  const address = first + next;
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** What a hollow node runs: nothing. */
export const HOLLOW_IMAGE: Image = {
  id: `sha256:${'0'.repeat(64)}`,
  digest: '',
  names: [],
  config: {
    env: [],
    entrypoint: ['/hollow'],
    command: [],
    workingDirectory: '/',
    user: '',
    exposedPorts: [],
    volumes: [],
    labels: {},
    stopSignal: undefined,
    healthcheck: undefined,
  },
  layerDirectories: [],
  sizeBytes: 0,
  createdAt: '1970-01-01T00:00:00Z',
  standIn: undefined,
};
