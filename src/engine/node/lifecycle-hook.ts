import { messageOf } from '../../base/index.ts';
import type { LifecycleHandler } from '../kinds/index.ts';
import { execCaptured } from './probes/exec.ts';
import { httpGet, httpTarget } from './probes/http.ts';
import type { ProbeSubject } from './probes/run-probe.ts';
import { portNumber } from './probes/target.ts';
import { probeTcp } from './probes/tcp.ts';

const HTTP_TIMEOUT_MS = 30_000;
const AGENT = 'kube-lifecycle/1.36';

/**
 * Runs a postStart or preStop handler to its end. `sleep` waits by the injected clock. @throws when it failed, with why
 */
export async function runHook(
  handler: LifecycleHandler,
  subject: ProbeSubject,
  sleep: (delayMs: number) => Promise<void>,
  timeoutMs?: number,
): Promise<void> {
  const { container, host } = subject;
  if (handler.exec) {
    const command = handler.exec.command ?? [];
    const { exitCode, output } = await execCaptured(subject.runtime, subject.containerId, command, timeoutMs);
    if (exitCode !== 0) throw new Error(`command '${command.join(' ')}' exited with ${exitCode}: ${output}`);
  } else if (handler.httpGet) {
    const target = httpTarget(handler.httpGet, host, portNumber(handler.httpGet.port, container), AGENT);
    await getWithFallback(target, timeoutMs ?? HTTP_TIMEOUT_MS);
  } else if (handler.tcpSocket) {
    const outcome = await probeTcp(
      handler.tcpSocket.host || host,
      portNumber(handler.tcpSocket.port, container),
      timeoutMs ?? HTTP_TIMEOUT_MS,
    );
    if (outcome.result !== 'success') throw new Error(outcome.output);
  } else if (handler.sleep) {
    await sleep(handler.sleep.seconds * 1000);
  }
}

/** An https hook that finds a plain server is sent again as http, which upstream keeps for hooks written before schemes counted. */
async function getWithFallback(target: ReturnType<typeof httpTarget>, timeoutMs: number): Promise<void> {
  try {
    await httpGet(target, timeoutMs);
  } catch (error) {
    if (target.url.protocol !== 'https:' || !/wrong version number|packet length|EPROTO/i.test(messageOf(error)))
      throw error;
    const url = new URL(target.url);
    url.protocol = 'http:';
    const { authorization: _secret, ...headers } = target.headers;
    await httpGet({ ...target, url, shown: url.href, headers }, timeoutMs);
  }
}
