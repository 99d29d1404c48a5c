import { connect } from 'node:net';
import type { Outcome } from './outcome.ts';
import { dialFault, hostAndPort } from './target.ts';

/** Succeeds when a connection can be opened within `timeoutMs`. */
export function probeTcp(host: string, port: number, timeoutMs: number): Promise<Outcome> {
  const address = hostAndPort(host, port);
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (outcome: Outcome) => {
      socket.destroy();
      resolve(outcome);
    };
    socket.setTimeout(timeoutMs, () => end({ result: 'failure', output: `dial tcp ${address}: i/o timeout` }));
    socket.on('connect', () => end({ result: 'success', output: '' }));
    socket.on('error', (error) => end({ result: 'failure', output: dialFault(error, address) }));
  });
}
