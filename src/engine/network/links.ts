import { writeFile } from 'node:fs/promises';
import { type Log, messageOf, run } from '../../base/index.ts';
import { addressRange, addressText } from './addresses.ts';
import type { NetworkSettings } from './contract.ts';

/** Host ends of pod links are named by this and a number made of the pod's address. */
export const POD_LINK_PREFIX = 'wpod';

/** Where pods send everything: the pod range's first address, held by the node. */
export function gatewayOf(settings: NetworkSettings): string {
  return addressText(addressRange(settings.podRange).first + 1);
}

/**
 * Runs one batch of `ip` commands, in this process's network namespace or in another one.
 * @throws RunError with what `ip` said about the first command that failed.
 */
export async function ipBatch(commands: readonly string[], networkNamespace?: string): Promise<void> {
  const input = `${commands.join('\n')}\n`;
  if (networkNamespace === undefined) await run('ip', ['-batch', '-'], { input });
  else await run('nsenter', [`--net=${networkNamespace}`, 'ip', '-batch', '-'], { input });
}

/** Makes several links in one go, each from its own commands. Answers, for each, why it could not be made. */
export async function makeLinks(links: readonly (readonly string[])[]): Promise<(unknown | undefined)[]> {
  try {
    await ipBatch(links.flat());
    return links.map(() => undefined);
  } catch (error) {
    if (links.length === 1) return [error];
    // `ip` stopped at the first that failed. What it had made already is refused as existing and made anew by its owner.
    return Promise.all(
      links.map((commands) =>
        ipBatch(commands).then(
          () => undefined,
          (fault) => fault,
        ),
      ),
    );
  }
}

/** A number that no link of the host's side has otherwise: all links on their way out, taken down together. */
const LEAVING_GROUP = 57_005;

/**
 * Removes links by name; one that is gone already is no fault. The kernel waits for its readers once a removal: links of
 * one group are removed together, so fifty pods cost hardly more than one.
 */
export async function removeLinks(links: readonly (readonly string[])[]): Promise<(unknown | undefined)[]> {
  const commands = links.flat().map((link) => `link set ${link} group ${LEAVING_GROUP}`);
  const input = `${[...commands, `link del group ${LEAVING_GROUP}`].join('\n')}\n`;
  await run('ip', ['-force', '-batch', '-'], { input, allowFailure: true });
  return links.map(() => undefined);
}

/**
 * Makes the node's side of the network: its addresses on the loopback link (there they need no link of their own, and
 * are answered for on every pod link), and routes that end every packet for the cluster's own ranges here. The route of
 * the service range cannot be `unreachable`: a local connection would be refused before it is translated.
 */
export async function makeNodeLinks(settings: NetworkSettings, log: Log): Promise<void> {
  const addresses = [settings.nodeAddress, gatewayOf(settings), settings.dnsAddress];
  await ipBatch([
    'link set lo up',
    ...addresses.map((address) => `addr replace ${address}/32 dev lo`),
    `route replace unreachable ${settings.podRange} metric 4096`,
    `route replace ${settings.serviceRange} dev lo src ${settings.nodeAddress}`,
  ]);
  await setKernelSwitches(log);
}

/** Kernel switches by their path below /proc/sys/net; those of `required` must be writable. */
async function setKernelSwitches(log: Log): Promise<void> {
  const required = ['ipv4/ip_forward=1'];
  const wanted = [
    'ipv4/conf/all/rp_filter=0',
    'ipv4/conf/default/rp_filter=0',
    // A host port on 127.0.0.1 is led on to a pod; packets of pods for 127.0.0.0/8 are dropped by the rules.
    'ipv4/conf/all/route_localnet=1',
    'ipv4/conf/all/send_redirects=0',
    'ipv4/conf/default/send_redirects=0',
    // Host ends need no IPv6: no duplicate-address detection, no multicast chatter.
    'ipv6/conf/default/disable_ipv6=1',
    'ipv4/neigh/default/gc_thresh3=65536',
    'netfilter/nf_conntrack_tcp_be_liberal=1',
  ];
  const set = async (assignment: string): Promise<void> => {
    const [path = '', value = ''] = assignment.split('=');
    await writeFile(`/proc/sys/net/${path}`, value);
  };
  await Promise.all([
    ...required.map(set),
    ...wanted.map((assignment) =>
      set(assignment).catch((error) => log.debug('kernel switch not set', { assignment, why: messageOf(error) })),
    ),
  ]);
}
