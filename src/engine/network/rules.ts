import { createHash } from 'node:crypto';
import type { NetworkSettings, PodAttachment, ServicePortRule } from './contract.ts';
import { gatewayOf, POD_LINK_PREFIX } from './links.ts';

/** A pod's wish to be reached at a port of the node. */
export type HostPort = PodAttachment['hostPorts'][number] & { readonly podAddress: string };

/** What the rules should be, as data: chains and sets by name, elements by `MAP KEY` with their value. */
export interface RuleState {
  readonly chains: ReadonlyMap<string, readonly string[]>;
  readonly sets: ReadonlyMap<string, string>;
  readonly elements: ReadonlyMap<string, string>;
}

export const TABLE = 'ip wherry';
const CHAIN_NAME_LENGTH_MAX = 100;

/**
 * The part that never changes: maps that lead from an address and port to a chain (a look-up costs the same with ten
 * services and with ten thousand), and the chains that the kernel calls.
 */
export function ruleFrame(settings: NetworkSettings): string {
  const { nodeAddress, podRange, serviceRange, dnsAddress } = settings;
  const links = `"${POD_LINK_PREFIX}*"`;
  return `table ${TABLE} {
  map services { type ipv4_addr . inet_proto . inet_service : verdict; }
  map unserved { type ipv4_addr . inet_proto . inet_service : verdict; }
  map nodePorts { type inet_proto . inet_service : verdict; }
  map unservedNodePorts { type inet_proto . inet_service : verdict; }
  map hostPorts { type inet_proto . inet_service : ipv4_addr . inet_service; }
  map hostPortsAt { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }
  set hairpin { type ipv4_addr . ipv4_addr; }
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject with icmp port-unreachable
  }
  chain translate {
    ip daddr . meta l4proto . th dport vmap @services
    ip daddr { ${nodeAddress}, 127.0.0.1 } meta l4proto . th dport vmap @nodePorts
    dnat ip to ip daddr . meta l4proto . th dport map @hostPortsAt
    ip daddr { ${nodeAddress}, 127.0.0.1 } dnat ip to meta l4proto . th dport map @hostPorts
  }
  chain beforeRouting { type nat hook prerouting priority dstnat; jump translate; }
  chain fromNode { type nat hook output priority -100; jump translate; }
  chain afterRouting { type nat hook postrouting priority srcnat
    ct status dnat ip saddr . ip daddr @hairpin snat to ${nodeAddress} comment "a pod that reaches itself"
    ip saddr 127.0.0.0/8 oifname ${links} snat to ${nodeAddress}
    ip saddr ${podRange} oifname != "lo" oifname != ${links} masquerade
  }
  chain refuseForwarded { type filter hook forward priority filter
    ip daddr . meta l4proto . th dport vmap @unserved
    ip daddr ${serviceRange} goto refuse
  }
  chain refuseToNode { type filter hook input priority filter
    ip daddr ${nodeAddress} meta l4proto . th dport vmap @unservedNodePorts
  }
  chain refuseFromNode { type filter hook output priority filter
    ip daddr . meta l4proto . th dport vmap @unserved
    ip daddr ${serviceRange} ip daddr != ${dnsAddress} goto refuse
  }
  chain guardLoopback { type filter hook prerouting priority raw
    iifname ${links} ip daddr 127.0.0.0/8 drop
  }
}
`;
}

/** The part of the rules that one service port makes. */
interface Fragment {
  readonly chains: readonly (readonly [string, readonly string[]])[];
  readonly sets: readonly (readonly [string, string])[];
  readonly elements: readonly (readonly [string, string])[];
}

/**
 * Turns services and host ports into chains, sets and elements. What a rule makes is kept with the rule: of thousands of
 * services one change makes one part anew, and what stays is the same object, quickly seen to be equal.
 */
export class RuleCompiler {
  readonly #settings: NetworkSettings;
  readonly #gateway: string;
  readonly #fragments = new WeakMap<ServicePortRule, Fragment>();

  constructor(settings: NetworkSettings) {
    this.#settings = settings;
    this.#gateway = gatewayOf(settings);
  }

  /** Of two claims to one address and port the first has it. */
  compile(services: readonly ServicePortRule[], hostPorts: readonly HostPort[]): RuleState {
    const chains = new Map<string, readonly string[]>();
    const sets = new Map<string, string>();
    const elements = new Map<string, string>();
    for (const rule of services) {
      let fragment = this.#fragments.get(rule);
      if (!fragment) {
        fragment = this.#fragmentOf(rule, baseChain(rule));
        this.#fragments.set(rule, fragment);
      }
      const first = fragment.chains[0]?.[0];
      if (first !== undefined && chains.has(first)) fragment = this.#fragmentOf(rule, freeName(chains, first));
      for (const [name, rules] of fragment.chains) chains.set(name, rules);
      for (const [name, definition] of fragment.sets) sets.set(name, definition);
      for (const [element, value] of fragment.elements) if (!elements.has(element)) elements.set(element, value);
    }
    for (const [element, value] of hostPorts.flatMap(hostPortElements)) {
      if (!elements.has(element)) elements.set(element, value);
    }
    return { chains, sets, elements };
  }

  #fragmentOf(rule: ServicePortRule, chain: string): Fragment {
    const { nodeAddress, dnsAddress } = this.#settings;
    const protocol = rule.protocol.toLowerCase();
    // The node answers names itself, at an address of its own.
    const addresses = rule.addresses.filter((address) => address !== dnsAddress || rule.port !== 53);
    if (addresses.length === 0 && rule.nodePort === undefined) return { chains: [], sets: [], elements: [] };
    const isServed = rule.endpoints.length > 0;
    const verdict = isServed ? `goto ${chain}` : 'goto refuse';
    const elements: [string, string][] = addresses.map((address) => [
      `${isServed ? 'services' : 'unserved'} ${address} . ${protocol} . ${rule.port}`,
      verdict,
    ]);
    if (rule.nodePort !== undefined) {
      elements.push([`${isServed ? 'nodePorts' : 'unservedNodePorts'} ${protocol} . ${rule.nodePort}`, verdict]);
    }
    for (const { address } of rule.endpoints) {
      // The node's own connections to itself never leave the loopback and need no other sender.
      if (address !== nodeAddress && address !== this.#gateway) elements.push([`hairpin ${address} . ${address}`, '']);
    }
    return { ...(isServed ? chainsOf(rule, protocol, chain) : { chains: [], sets: [] }), elements };
  }
}

function hostPortElements({ protocol, hostIp, hostPort, podAddress, containerPort }: HostPort): [string, string][] {
  if (hostIp?.includes(':')) return [];
  const key = `${protocol.toLowerCase()} . ${hostPort}`;
  const isEverywhere = !hostIp || hostIp === '0.0.0.0';
  return [
    [isEverywhere ? `hostPorts ${key}` : `hostPortsAt ${hostIp} . ${key}`, `${podAddress} . ${containerPort}`],
    [`hairpin ${podAddress} . ${podAddress}`, ''],
  ];
}

function baseChain(rule: ServicePortRule): string {
  return chainName(`svc/${rule.protocol.toLowerCase()}/${rule.name.replaceAll(':', '/')}`);
}

/** The chain that leads to one of the endpoints at random; with affinity one more for each endpoint, and its clients. */
function chainsOf(rule: ServicePortRule, protocol: string, name: string): Pick<Fragment, 'chains' | 'sets'> {
  const count = rule.endpoints.length;
  if (rule.affinitySeconds === undefined) {
    const choices = rule.endpoints.map(({ address, port }, index) => `${index} : ${address} . ${port}`);
    const choose = `meta l4proto ${protocol} dnat ip to numgen random mod ${count} map { ${choices.join(', ')} }`;
    return { chains: [[name, [choose]]], sets: [] };
  }
  const seconds = rule.affinitySeconds;
  const known: string[] = [];
  const chosen: string[] = [];
  const chains: [string, string[]][] = [];
  const sets: [string, string][] = [];
  for (const [index, { address, port }] of rule.endpoints.entries()) {
    const endpoint = chainName(`${name}/${address}/${port}`);
    // The timeout is part of the name: the kernel cannot change it in a set that exists.
    const clients = chainName(`clients/${seconds}/${endpoint}`);
    sets.push([clients, `{ type ipv4_addr; flags dynamic,timeout; timeout ${seconds}s; size 65535; }`]);
    const lead = `meta l4proto ${protocol} dnat ip to ${address}:${port}`;
    chains.push([endpoint, [`update @${clients} { ip saddr }`, lead]]);
    known.push(`ip saddr @${clients} goto ${endpoint}`);
    chosen.push(`${index} : goto ${endpoint}`);
  }
  return { chains: [[name, [...known, `numgen random mod ${count} vmap { ${chosen.join(', ')} }`]], ...chains], sets };
}

/** The kernel's names are short: a long one is cut and made unique by a digest. */
function chainName(wanted: string): string {
  if (wanted.length <= CHAIN_NAME_LENGTH_MAX) return wanted;
  const digest = createHash('sha256').update(wanted).digest('hex').slice(0, 16);
  return `${wanted.slice(0, CHAIN_NAME_LENGTH_MAX - 17)}-${digest}`;
}

function freeName(chains: ReadonlyMap<string, unknown>, wanted: string): string {
  let name = wanted;
  for (let count = 2; chains.has(name); count++) name = `${wanted}.${count}`;
  return name;
}

/** One transaction that makes the whole table anew, whatever was there. */
export function wholeTable(settings: NetworkSettings, state: RuleState): string {
  const empty: RuleState = { chains: new Map(), sets: new Map(), elements: new Map() };
  return `add table ${TABLE}\ndelete table ${TABLE}\n${ruleFrame(settings)}${difference(empty, state)}`;
}

/** One transaction that leads from `before` to `after` and touches nothing else; empty when they are equal. */
export function difference(before: RuleState, after: RuleState): string {
  const lines: string[] = [];
  const gone: string[] = [];
  for (const [name, definition] of after.sets) {
    if (!before.sets.has(name)) lines.push(`add set ${TABLE} ${name} ${definition}`);
  }
  const changed = [...after.chains].filter(([name, rules]) => {
    const known = before.chains.get(name);
    return known !== rules && known?.join() !== rules.join();
  });
  for (const [name] of changed) {
    lines.push(`add chain ${TABLE} ${name}`);
    if (before.chains.has(name)) lines.push(`flush chain ${TABLE} ${name}`);
  }
  for (const [name, rules] of changed) {
    for (const rule of rules) lines.push(`add rule ${TABLE} ${name} ${rule}`);
  }
  const removed = new Map<string, string[]>();
  const added = new Map<string, string[]>();
  const file = (lists: Map<string, string[]>, element: string, value: string): void => {
    const [map = ''] = element.split(' ', 1);
    const list = lists.get(map) ?? [];
    list.push(value === '' ? element.slice(map.length + 1) : `${element.slice(map.length + 1)} : ${value}`);
    lists.set(map, list);
  };
  for (const [element, value] of before.elements) if (after.elements.get(element) !== value) file(removed, element, '');
  for (const [element, value] of after.elements) {
    if (before.elements.get(element) !== value) file(added, element, value);
  }
  for (const [map, list] of removed) lines.push(`delete element ${TABLE} ${map} { ${list.join(', ')} }`);
  for (const [map, list] of added) lines.push(`add element ${TABLE} ${map} { ${list.join(', ')} }`);
  for (const name of before.chains.keys()) {
    if (after.chains.has(name)) continue;
    lines.push(`flush chain ${TABLE} ${name}`);
    gone.push(`delete chain ${TABLE} ${name}`);
  }
  for (const name of before.sets.keys()) if (!after.sets.has(name)) gone.push(`delete set ${TABLE} ${name}`);
  return [...lines, ...gone].map((line) => `${line}\n`).join('');
}
