import type { PodCore } from './pod-core.ts';
import { containerPath, findContainer } from './pod-spec.ts';
import type { ContainerState } from './pod-state.ts';
import { ContainerProbes } from './probes/container-probes.ts';

/** The probes of a pod's running containers; what they find becomes state. */
export class PodProbes {
  readonly #core: PodCore;
  readonly #running = new Map<string, ContainerProbes>();

  constructor(core: PodCore) {
    this.#core = core;
  }

  /** `alreadyStarted`: its startup probe has succeeded under an earlier engine. */
  begin(state: ContainerState, alreadyStarted: boolean): void {
    const core = this.#core;
    const place = findContainer(core.pod, state.name);
    const attempt = state.current;
    if (!place || !attempt || core.scope.hollow || state.role === 'ephemeral' || core.state.ending) return;
    const { name, startupProbe, readinessProbe, livenessProbe } = place.container;
    if (!startupProbe && !readinessProbe && !livenessProbe) return;
    this.end(name);
    const change = (what: Partial<ContainerState>) => {
      if (core.container(name)?.current?.id === attempt.id) core.changeContainer(name, what);
    };
    const options = {
      scope: core.scope,
      subject: core.subject(place, attempt.id),
      pod: () => core.pod,
      part: containerPath(place),
      onStarted: () => change({ started: true }),
      onReady: (ready: boolean) => change({ ready }),
      onUnhealthy: (probe: 'startup' | 'liveness', gracePeriodSeconds: number | undefined) =>
        change({ unhealthy: { probe, gracePeriodSeconds } }),
    };
    this.#running.set(name, new ContainerProbes(options, alreadyStarted));
  }

  end(name: string): void {
    this.#running.get(name)?.stop();
    this.#running.delete(name);
  }

  stopLivenessAndStartup(): void {
    for (const probes of this.#running.values()) probes.stopLivenessAndStartup();
  }

  endAll(): void {
    for (const name of [...this.#running.keys()]) this.end(name);
  }
}
