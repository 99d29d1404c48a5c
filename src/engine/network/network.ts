import { connect, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Clock, type Log, messageOf } from '../../base/index.ts';
import { Attachments } from './attachments.ts';
import type {
  DnsRecords,
  Door,
  IngressState,
  Network,
  NetworkSettings,
  PodAttachment,
  ServicePortRule,
} from './contract.ts';
import { DnsServer } from './dns-server.ts';
import { Doors } from './doors.ts';
import { IngressServer } from './ingress-server.ts';
import { makeNodeLinks } from './links.ts';
import { OUTBOUND_RESOLVER, startOutbound } from './outbound.ts';
import { RuleWriter } from './rule-writer.ts';

export interface NetworkOptions {
  settings: NetworkSettings;
  /** Where attachments are kept over a restart; made when missing. */
  directory: string;
  clock: Clock;
  log: Log;
  /** Path of the host's network namespace (`/proc/self/fd/9`); undefined when the host's network is this one. */
  hostNetworkNamespace: string | undefined;
  /** Listening servers opened outside, by `tcp/ADDRESS:PORT`. They wait, with their connections, until setDoors asks. */
  handedDoors: ReadonlyMap<string, Server>;
  /**
   * Resolvers outside, `ADDRESS` or `ADDRESS:PORT`; without any, names outside the cluster do not exist. When not given:
   * the host's own with outbound 'pasta', none otherwise.
   */
  dnsUpstream?: readonly string[];
}

const HOST_LOOPBACK = '127.0.0.1';

/**
 * The cluster's network. Kernel state (links, routes, rules) outlives this process and is found again by `start`; what is
 * served by the process itself (names, ingress, doors) ends with `stop`.
 * Host ports of pods need no one's help: they are rules inside, and doors on the host for those without an address or
 * with one of the host's loopback range.
 */
export function createNetwork(options: NetworkOptions): Network {
  const { settings, clock } = options;
  const log = options.log.child({ part: 'network' });
  const rules = new RuleWriter(settings, log);
  const attachments = new Attachments(settings, options.directory, log);
  const outside = settings.outbound === 'pasta' ? [OUTBOUND_RESOLVER] : [];
  const dns = new DnsServer(settings, options.dnsUpstream ?? outside, clock, log);
  const ingress = new IngressServer(clock, log);
  const doors = new Doors({
    hostNetworkNamespace: options.hostNetworkNamespace,
    handed: options.handedDoors,
    clock,
    log,
    toIngress: (socket, isTls) => ingress.accept(socket, isTls),
  });

  async function hostPortsChanged(): Promise<void> {
    const hostPorts = attachments
      .all()
      .flatMap(({ address, hostPorts: wanted }) => wanted.map((port) => ({ ...port, podAddress: address })));
    const wantedDoors = hostPorts.flatMap(({ protocol, hostIp, hostPort, podAddress, containerPort }): Door[] => {
      const isEverywhere = !hostIp || hostIp === '0.0.0.0';
      if (protocol === 'SCTP' || !(isEverywhere || hostIp.startsWith('127.'))) return [];
      const hostAddress = isEverywhere ? HOST_LOOPBACK : hostIp;
      const kind = protocol === 'UDP' ? 'udp' : 'tcp';
      return [{ protocol: kind, hostAddress, hostPort, address: podAddress, port: containerPort }];
    });
    // Doors may take a while to open and a pod must not wait for the host: it runs in the cluster in any case.
    doors.set('hostPorts', wantedDoors).then(
      (faults) => {
        for (const { door, fault } of faults) log.warn('host port has no door', { port: door.hostPort, why: fault });
      },
      (error) => log.error('host port doors failed', { why: messageOf(error) }),
    );
    await rules.setHostPorts(hostPorts);
  }

  return {
    settings,

    async start(): Promise<void> {
      const named = makeNodeLinks(settings, log).then(() => dns.start());
      await Promise.all([named, rules.start(), attachments.load()]);
      if (settings.outbound === 'pasta') await startOutbound(options.hostNetworkNamespace, options.directory);
      if (attachments.all().some(({ hostPorts }) => hostPorts.length > 0)) await hostPortsChanged();
    },

    async attachPod(attachment: PodAttachment): Promise<{ address: string }> {
      const { address, hostPorts } = await attachments.attach(attachment);
      if (hostPorts.length > 0) await hostPortsChanged();
      return { address };
    },

    async detachPod(podId: string): Promise<void> {
      const detached = await attachments.detach(podId);
      if (detached && detached.hostPorts.length > 0) await hostPortsChanged();
    },

    setServices: (services: readonly ServicePortRule[]) => rules.setServices(services),
    setDns: (records: DnsRecords) => dns.setRecords(records),
    setIngress: (state: IngressState) => ingress.setState(state),
    setDoors: (wanted: readonly Door[]) => doors.set('services', wanted),

    connect(host: string, port: number): Promise<Duplex> {
      return new Promise((resolve, reject) => {
        const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
        socket.once('error', reject);
        socket.once('connect', () => {
          // A later fault also ends the stream, which is how its user learns of it.
          socket.on('error', () => {});
          resolve(socket);
        });
      });
    },

    async stop(): Promise<void> {
      await doors.stop();
      ingress.stop();
      await dns.stop();
    },
  };
}
