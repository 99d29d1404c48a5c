import { messageOf } from '../../base/index.ts';
import type { Pod } from '../kinds/index.ts';
import type { Grace } from './grace.ts';
import { runHook } from './lifecycle-hook.ts';
import type { AnyContainer } from './pod-spec.ts';
import type { ProbeSubject } from './probes/run-probe.ts';
import type { Scope } from './scope.ts';

/** A container always gets this long between its signal and the end (upstream's minimumGracePeriodInSeconds). */
export const SHORTEST_GRACE_MS = 2000;
/** After SIGKILL the kernel needs a moment; past this the container is removed by force. */
const KILL_WAIT_MS = 10_000;

export interface StopRequest {
  readonly scope: Scope;
  readonly pod: Pod;
  readonly container: AnyContainer;
  readonly subject: ProbeSubject;
  /** What events are about: `spec.containers{name}`. */
  readonly part: string;
  /** The Killing event's text. */
  readonly message: string;
  readonly grace: Grace;
  /** Given to the stop signal once the hook and the turn have used up theirs. */
  readonly newGrace: (lengthMs: number) => Grace;
  readonly imageStopSignal: string | undefined;
  /** Resolves when it is this container's turn to end. */
  readonly turn: Promise<void>;
  /** Resolves when the container has ended. */
  readonly exited: Promise<void>;
}

/** Ends a container as the kubelet does: preStop hook, its turn, stop signal, the rest of its grace period, SIGKILL. */
export async function stopContainer(request: StopRequest): Promise<void> {
  const { scope, pod, container, subject, part, grace, exited } = request;
  const { runtime } = scope.options;
  const id = subject.containerId;
  scope.recorder.event(pod, 'Normal', 'Killing', request.message, part);
  const hook = container.lifecycle?.preStop;
  if (hook && grace.leftMs > 0) {
    const running = runHook(
      hook,
      subject,
      (delayMs) => scope.context.clock.sleep(delayMs),
      Math.max(grace.leftMs, 1),
    ).catch((error: unknown) => {
      scope.recorder.event(pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed', part);
      scope.context.log.info('a preStop hook failed', { container: id, error: messageOf(error) });
    });
    await grace.covers(Promise.race([running, exited]));
  }
  await grace.covers(Promise.race([request.turn, exited]));
  await runtime.signal(id, container.lifecycle?.stopSignal ?? request.imageStopSignal ?? 'SIGTERM');
  const last = grace.leftMs < SHORTEST_GRACE_MS ? request.newGrace(SHORTEST_GRACE_MS) : grace;
  const ended = await last.covers(exited);
  if (!ended) {
    await runtime.signal(id, 'SIGKILL');
    const killed = request.newGrace(KILL_WAIT_MS);
    if (!(await killed.covers(exited))) await runtime.remove(id);
    killed.end();
  }
  grace.end();
  last.end();
}
