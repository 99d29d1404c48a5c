import { codeOf, type Log, messageOf, RunError, run } from '../../base/index.ts';
import type { NetworkSettings, ServicePortRule } from './contract.ts';

let isMissing = false;

/**
 * Makes the kernel forget UDP flows that a change of endpoints made wrong: those led to an endpoint that is gone, and
 * those that began while a node port led nowhere. Without this a client that keeps its source port goes on talking to
 * nobody until the flow runs out. TCP needs none of it: its next connection is a new flow. Where the `conntrack` program
 * is missing the kernel's own timeouts (30 s without an answer) do it.
 */
export async function forgetUdpFlows(
  settings: NetworkSettings,
  before: readonly ServicePortRule[],
  after: readonly ServicePortRule[],
  log: Log,
): Promise<void> {
  if (isMissing) return;
  const calls = staleUdpFlows(settings, before, after);
  for (const args of calls) {
    try {
      await run('conntrack', args, { allowFailure: true });
    } catch (error) {
      if (error instanceof RunError && codeOf(error.cause) === 'ENOENT') {
        isMissing = true;
        log.debug('conntrack is not installed; stale UDP flows end by timeout');
        return;
      }
      log.warn('UDP flows not forgotten', { why: messageOf(error) });
    }
  }
}

/** The arguments of each `conntrack` call that the change asks for. */
export function staleUdpFlows(
  settings: NetworkSettings,
  before: readonly ServicePortRule[],
  after: readonly ServicePortRule[],
): string[][] {
  const now = new Map(after.filter((rule) => rule.protocol === 'UDP').map((rule) => [rule.name, rule]));
  const was = new Map(before.filter((rule) => rule.protocol === 'UDP').map((rule) => [rule.name, rule]));
  const calls: string[][] = [];
  for (const [name, old] of was) {
    const kept = new Set(now.get(name)?.endpoints.map(({ address, port }) => `${address}:${port}`));
    for (const { address, port } of old.endpoints.filter((end) => !kept.has(`${end.address}:${end.port}`))) {
      for (const served of [...old.addresses, ...(old.nodePort === undefined ? [] : [settings.nodeAddress])]) {
        calls.push(['-D', '-p', 'udp', '-d', served, '-r', address, '--reply-port-src', String(port)]);
      }
    }
  }
  for (const [name, rule] of now) {
    const hadNone = (was.get(name)?.endpoints.length ?? 0) === 0;
    if (!hadNone || rule.endpoints.length === 0) continue;
    for (const address of rule.addresses) {
      calls.push(['-D', '-p', 'udp', '-d', address, '--orig-port-dst', String(rule.port)]);
    }
    if (rule.nodePort !== undefined) {
      calls.push(['-D', '-p', 'udp', '-d', settings.nodeAddress, '--orig-port-dst', String(rule.nodePort)]);
    }
  }
  return calls;
}
