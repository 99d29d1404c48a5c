import type { Clock } from '../../base/index.ts';
import type { ContainerSpec, ContainerState, Runtime, Sandbox } from './contract.ts';

/**
 * Containers without processes: each runs until it is told to end. For machines without Linux containers, for nodes that
 * only exist to be scheduled on, and for tests. Exec and attach answer exit code 0 with no output.
 */
export function hollowRuntime(options: { clock: Clock }): Runtime {
  const sandboxes = new Map<string, Sandbox>();
  const containers = new Map<string, { spec: ContainerSpec; state: ContainerState }>();
  const listeners: ((state: ContainerState) => void)[] = [];
  const end = (id: string, exitCode: number, signal: number | undefined) => {
    const container = containers.get(id);
    if (!container || container.state.state === 'exited') return;
    container.state = { ...container.state, state: 'exited', exitCode, signal, finishedAt: options.clock.now() };
    for (const listener of listeners) listener(container.state);
  };
  return {
    name: 'hollow',
    async createSandbox(spec) {
      const sandbox = { id: spec.id, networkNamespace: undefined };
      sandboxes.set(spec.id, sandbox);
      return sandbox;
    },
    async removeSandbox(id) {
      for (const [containerId, { spec }] of containers) {
        if (spec.sandboxId !== id) continue;
        end(containerId, 137, 9);
        containers.delete(containerId);
      }
      sandboxes.delete(id);
    },
    sandboxes: async () => [...sandboxes.values()],
    async create(spec) {
      if (!sandboxes.has(spec.sandboxId))
        throw new Error(`create container ${spec.id}: its sandbox ${spec.sandboxId} does not exist`);
      containers.set(spec.id, {
        spec,
        state: {
          id: spec.id,
          state: 'created',
          pid: undefined,
          createdAt: options.clock.now(),
          startedAt: undefined,
          finishedAt: undefined,
          exitCode: undefined,
          signal: undefined,
          outOfMemory: false,
        },
      });
    },
    async start(id) {
      const container = containers.get(id);
      if (!container) throw new Error(`container ${id}: does not exist`);
      container.state = { ...container.state, state: 'running', startedAt: options.clock.now() };
    },
    async signal(id, signal) {
      const kill = signal.includes('KILL');
      end(id, kill ? 137 : 143, kill ? 9 : 15);
    },
    async remove(id) {
      end(id, 137, 9);
      containers.delete(id);
    },
    list: async () => [...containers.values()].map(({ state }) => state),
    state: async (id) => containers.get(id)?.state,
    onExit: (listener) => void listeners.push(listener),
    exec: async () => ({ exitCode: 0 }),
    attach: async () => ({ exitCode: 0 }),
    stats: async (id) => (containers.has(id) ? { cpuUsageNs: 0, memoryBytes: 0, memoryWorkingSetBytes: 0 } : undefined),
    async close() {},
  };
}
