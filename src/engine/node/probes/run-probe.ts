import { messageOf } from '../../../base/index.ts';
import type { Probe } from '../../kinds/index.ts';
import type { Runtime } from '../../runtime/index.ts';
import type { AnyContainer } from '../pod-spec.ts';
import { probeExec } from './exec.ts';
import { probeGrpc } from './grpc.ts';
import { httpTarget, probeHttp } from './http.ts';
import type { Outcome } from './outcome.ts';
import { portNumber } from './target.ts';
import { probeTcp } from './tcp.ts';

export interface ProbeSubject {
  readonly container: AnyContainer;
  readonly containerId: string;
  /** The pod's address. */
  readonly host: string;
  readonly runtime: Runtime;
  /** `kube-probe/1.36` */
  readonly agent: string;
  /** For durations, milliseconds. */
  monotonic(): number;
}

/** Carries out a probe once. Never rejects. */
export async function runProbe(probe: Probe, subject: ProbeSubject): Promise<Outcome> {
  const { container, host, agent } = subject;
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  try {
    if (probe.exec)
      return await probeExec(subject.runtime, subject.containerId, probe.exec.command ?? [], timeoutMs, () =>
        subject.monotonic(),
      );
    if (probe.httpGet)
      return await probeHttp(
        httpTarget(probe.httpGet, host, portNumber(probe.httpGet.port, container), agent),
        timeoutMs,
      );
    if (probe.tcpSocket)
      return await probeTcp(probe.tcpSocket.host || host, portNumber(probe.tcpSocket.port, container), timeoutMs);
    if (probe.grpc) return await probeGrpc(host, probe.grpc.port, probe.grpc.service ?? '', timeoutMs, agent);
    return { result: 'error', output: `missing probe handler for container ${container.name}` };
  } catch (error) {
    return { result: 'error', output: messageOf(error) };
  }
}
