import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunError, run, UserError } from '../../base/index.ts';

const OUTBOUND_LINK = 'outside';
/** A link-local network of two, so that it cannot be one that the host knows. */
const OUTBOUND_ADDRESS = '169.254.253.2';
const OUTBOUND_GATEWAY = '169.254.253.1';
/** Where names are asked inside; pasta answers there by the host's resolvers. */
export const OUTBOUND_RESOLVER = '169.254.253.53';

/**
 * Gives the cluster a way out: pasta (of the package passt) joins this network with the host's by ordinary sockets, and
 * nothing of the host is changed. It opens no port either way, and the host's loopback stays out of reach: doors lead in.
 * pasta runs in this process's own process namespace, so it outlives an engine restart and ends with the bundle. It gives
 * up the right to open another process's namespace before it does so; hence the bind mount, seen by pasta alone.
 * @throws UserError when pasta is missing or cannot start.
 */
export async function startOutbound(hostNetworkNamespace: string | undefined, directory: string): Promise<void> {
  const existing = await run('ip', ['link', 'show', OUTBOUND_LINK], { allowFailure: true });
  if (existing.exitCode === 0) return;
  if (hostNetworkNamespace === undefined) {
    throw new UserError('network', 'the way out by pasta needs the host network to lead to', "Use outbound 'none'.");
  }
  const own = `/proc/${process.pid}/ns/net`;
  const bound = join(directory, 'network-namespace');
  await writeFile(bound, '');
  const script = 'mount --bind "$1" "$2" && shift 2 && exec pasta "$@"';
  const host = hostNetworkNamespace.replace('/proc/self/', `/proc/${process.pid}/`);
  const privately = ['unshare', '--mount', 'sh', '-c', script, 'sh', own, bound];
  try {
    await run('nsenter', [`--net=${host}`, ...privately, ...pastaArgs(bound, directory)]);
  } catch (error) {
    const why = error instanceof RunError ? error.result.stderr.trim().split('\n').pop() : undefined;
    throw new UserError('network', `no way out: pasta did not start: ${why}`, 'Install passt, or use outbound none.', {
      cause: error,
    });
  }
}

/** Without --foreground pasta returns when all is set up, and goes on in the background. */
function pastaArgs(networkNamespace: string, directory: string): string[] {
  const target = ['--netns', networkNamespace, '--netns-only', '--no-netns-quit', '--runas', '0:0'];
  const link = ['--config-net', '--ns-ifname', OUTBOUND_LINK, '--ipv4-only'];
  const addresses = ['--address', OUTBOUND_ADDRESS, '--netmask', '30', '--gateway', OUTBOUND_GATEWAY];
  const shut = ['--tcp-ports', 'none', '--udp-ports', 'none', '--tcp-ns', 'none', '--udp-ns', 'none', '--no-map-gw'];
  const log = ['--quiet', '--log-file', join(directory, 'pasta.log'), '--log-size', '1048576'];
  return [...target, ...link, ...addresses, ...shut, '--dns-forward', OUTBOUND_RESOLVER, ...log];
}
