/**
 * The command, for the launcher to run outside as the cluster's own user, that gives the cluster a way out: pasta (of the
 * package passt) joins the bundle's network with the host's by ordinary sockets, and nothing of the host is changed.
 * It stays in the foreground and ends with the bundle. No port of the host leads in and none of the cluster's leads out:
 * doors do that.
 */
export function outboundCommand(bundle: {
  /** The process id, on the host, of any process of the bundle. */
  readonly processId: number;
  /** Where names are asked inside; pasta answers there with the host's resolvers. */
  readonly resolverAddress: string;
}): { readonly command: string; readonly args: readonly string[] } {
  const noPorts = ['--tcp-ports', 'none', '--udp-ports', 'none', '--tcp-ns', 'none', '--udp-ns', 'none'];
  const bundleArgs = ['--netns', `/proc/${bundle.processId}/ns/net`, '--config-net', '--ns-ifname', OUTBOUND_LINK];
  const resolver = ['--dns-forward', bundle.resolverAddress];
  return { command: 'pasta', args: ['--foreground', '--quiet', '--ipv4-only', ...bundleArgs, ...noPorts, ...resolver] };
}

const OUTBOUND_LINK = 'outside';
