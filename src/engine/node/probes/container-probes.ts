import type { Pod, Probe } from '../../kinds/index.ts';
import type { Scope } from '../scope.ts';
import type { Outcome } from './outcome.ts';
import { type ProbeKind, ProbeLoop } from './probe-loop.ts';
import { type ProbeSubject, runProbe } from './run-probe.ts';

export interface ContainerProbesOptions {
  readonly scope: Scope;
  readonly subject: ProbeSubject;
  /** What events are about: the pod, and `spec.containers{name}`. */
  pod(): Pod;
  readonly part: string;
  onStarted(): void;
  onReady(ready: boolean): void;
  onUnhealthy(probe: 'startup' | 'liveness', gracePeriodSeconds: number | undefined): void;
}

const TITLES = { startup: 'Startup', readiness: 'Readiness', liveness: 'Liveness' } as const;

/** The probes of one running container: readiness and liveness begin once the startup probe has succeeded. */
export class ContainerProbes {
  readonly #options: ContainerProbesOptions;
  readonly #loops = new Map<ProbeKind, ProbeLoop>();
  #stopped = false;

  /** `alreadyStarted`: found running by a new engine after its startup probe had succeeded. */
  constructor(options: ContainerProbesOptions, alreadyStarted: boolean) {
    this.#options = options;
    const { startupProbe } = options.subject.container;
    if (startupProbe && !alreadyStarted)
      this.#begin('startup', startupProbe, (healthy) => this.#startupSaid(healthy, startupProbe));
    else this.#started();
  }

  /** Terminating pods keep their readiness probe, so that they may say they are not ready (upstream: StopLivenessAndStartup). */
  stopLivenessAndStartup(): void {
    for (const kind of ['startup', 'liveness'] as const) this.#end(kind);
  }

  stop(): void {
    this.#stopped = true;
    for (const kind of [...this.#loops.keys()]) this.#end(kind);
  }

  #startupSaid(healthy: boolean, probe: Probe): void {
    this.#end('startup');
    if (!healthy) {
      this.#options.onUnhealthy('startup', probe.terminationGracePeriodSeconds);
      return;
    }
    this.#started();
    this.#options.onStarted();
  }

  #started(): void {
    if (this.#stopped) return;
    const { readinessProbe, livenessProbe } = this.#options.subject.container;
    if (readinessProbe) this.#begin('readiness', readinessProbe, (healthy) => this.#options.onReady(healthy));
    if (livenessProbe) {
      this.#begin('liveness', livenessProbe, (healthy) => {
        if (healthy) return;
        this.#end('liveness');
        this.#options.onUnhealthy('liveness', livenessProbe.terminationGracePeriodSeconds);
      });
    }
  }

  #begin(kind: ProbeKind, probe: Probe, onVerdict: (healthy: boolean) => void): void {
    const { scope, subject } = this.#options;
    this.#loops.set(
      kind,
      new ProbeLoop({
        kind,
        probe,
        clock: scope.context.clock,
        run: () => runProbe(probe, subject),
        onVerdict,
        onTrouble: (outcome) => this.#tell(kind, outcome),
      }),
    );
  }

  #end(kind: ProbeKind): void {
    this.#loops.get(kind)?.stop();
    this.#loops.delete(kind);
  }

  #tell(kind: ProbeKind, outcome: Outcome): void {
    const title = TITLES[kind];
    const { recorder } = this.#options.scope;
    const pod = this.#options.pod();
    const { part } = this.#options;
    if (outcome.result === 'warning')
      recorder.event(pod, 'Warning', 'ProbeWarning', `${title} probe warning: ${outcome.output}`, part);
    else if (outcome.result === 'error')
      recorder.event(
        pod,
        'Warning',
        'Unhealthy',
        `${title} probe errored and resulted in unknown state: ${outcome.output}`,
        part,
      );
    else recorder.event(pod, 'Warning', 'Unhealthy', `${title} probe failed: ${outcome.output}`, part);
  }
}
