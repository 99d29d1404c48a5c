const OUTBOUND_LINK = 'outside';
/** A link-local network of two, so that it cannot be one that the host knows. */
const OUTBOUND_ADDRESS = '169.254.253.2';
const OUTBOUND_GATEWAY = '169.254.253.1';

/**
 * The command, for the launcher to run outside, that gives the cluster a way out: pasta (of the package passt) joins the
 * bundle's network with the host's by ordinary sockets, and nothing of the host is changed. It stays in the foreground and
 * ends with the bundle. It opens no port either way, and the host's loopback stays out of reach: doors lead in.
 */
export function outboundCommand(bundle: {
  /** The process id, on the host, of any process of the bundle. */
  readonly processId: number;
  /** Where names are asked inside (`createNetwork`'s dnsUpstream); pasta answers there by the host's resolvers. */
  readonly resolverAddress: string;
}): { readonly command: string; readonly args: readonly string[] } {
  const target = ['--netns', `/proc/${bundle.processId}/ns/net`, '--netns-only'];
  const link = ['--config-net', '--ns-ifname', OUTBOUND_LINK];
  const addresses = ['--address', OUTBOUND_ADDRESS, '--netmask', '30', '--gateway', OUTBOUND_GATEWAY];
  const shut = ['--tcp-ports', 'none', '--udp-ports', 'none', '--tcp-ns', 'none', '--udp-ns', 'none', '--no-map-gw'];
  const names = ['--dns-forward', bundle.resolverAddress];
  return {
    command: 'pasta',
    args: ['--foreground', '--quiet', '--ipv4-only', ...target, ...link, ...addresses, ...shut, ...names],
  };
}
