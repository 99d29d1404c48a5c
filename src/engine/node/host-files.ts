import { readFile } from 'node:fs/promises';
import type { Pod } from '../kinds/index.ts';

const HOST_NAME_LENGTH_MAX = 63;
const SEARCHES_MAX = 32;
const NAMESERVERS_MAX = 3;

export interface HostNames {
  /** What `hostname` answers in the pod. */
  readonly hostname: string;
  /** Within the subdomain's service, if the pod has one. */
  readonly fullName: string | undefined;
}

/** The pod's names (upstream's GeneratePodHostNameAndDomain). */
export function podHostNames(pod: Pod, clusterDomain: string, nodeHostname: string): HostNames {
  if (pod.spec.hostnameOverride) return { hostname: pod.spec.hostnameOverride, fullName: undefined };
  if (pod.spec.hostNetwork) return { hostname: nodeHostname, fullName: undefined };
  const short = (pod.spec.hostname || pod.metadata.name).slice(0, HOST_NAME_LENGTH_MAX).replace(/[-.]+$/, '');
  const subdomain = pod.spec.subdomain;
  const fullName = subdomain ? `${short}.${subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}` : undefined;
  return { hostname: pod.spec.setHostnameAsFQDN && fullName ? fullName : short, fullName };
}

/** The text of a pod's /etc/hosts, managed as upstream's managedHostsFileContent. */
export function hostsFile(pod: Pod, address: string, names: HostNames): string {
  const lines = [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::\tip6-localnet',
    'fe00::\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
  ];
  const short = names.fullName ? names.fullName.split('.')[0] : names.hostname;
  lines.push(names.fullName ? `${address}\t${names.fullName}\t${short}` : `${address}\t${names.hostname}`);
  return `${lines.join('\n')}\n${aliasLines(pod)}`;
}

/** The node's own hosts file with the pod's aliases: what a pod on the node's network sees. */
export async function nodeHostsFile(pod: Pod): Promise<string> {
  const own = await readFile('/etc/hosts', 'utf8').catch(() => '127.0.0.1\tlocalhost\n');
  return `# Kubernetes-managed hosts file (host network).\n${own}${aliasLines(pod)}`;
}

function aliasLines(pod: Pod): string {
  const aliases = pod.spec.hostAliases ?? [];
  if (aliases.length === 0) return '';
  const lines = aliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join('\t')}`);
  return `\n# Entries added by HostAliases.\n${lines.join('\n')}\n`;
}

interface Resolver {
  nameservers: string[];
  searches: string[];
  options: string[];
}

/** The text of a pod's /etc/resolv.conf (upstream's dns.Configurer.GetPodDNS). */
export async function resolverFile(pod: Pod, clusterDns: string, clusterDomain: string): Promise<string> {
  const resolver = await baseResolver(pod, clusterDns, clusterDomain);
  const { nameservers = [], searches = [], options = [] } = pod.spec.dnsConfig ?? {};
  resolver.nameservers = [...new Set([...resolver.nameservers, ...nameservers])].slice(0, NAMESERVERS_MAX);
  resolver.searches = [...new Set([...resolver.searches, ...searches])].slice(0, SEARCHES_MAX);
  for (const { name, value } of options) {
    if (!name) continue;
    resolver.options = resolver.options.filter((option) => option.split(':')[0] !== name);
    resolver.options.push(value ? `${name}:${value}` : name);
  }
  const lines = [
    ...(resolver.searches.length > 0 ? [`search ${resolver.searches.join(' ')}`] : []),
    ...resolver.nameservers.map((address) => `nameserver ${address}`),
    ...(resolver.options.length > 0 ? [`options ${resolver.options.join(' ')}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

async function baseResolver(pod: Pod, clusterDns: string, clusterDomain: string): Promise<Resolver> {
  const policy = pod.spec.dnsPolicy ?? 'ClusterFirst';
  if (policy === 'None') return { nameservers: [], searches: [], options: [] };
  const usesCluster = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && !pod.spec.hostNetwork);
  const own = parseResolver(await readFile('/etc/resolv.conf', 'utf8').catch(() => ''));
  if (!usesCluster || !clusterDns) return own;
  const namespace = pod.metadata.namespace ?? 'default';
  return {
    nameservers: [clusterDns],
    searches: [`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain, ...own.searches],
    options: ['ndots:5'],
  };
}

function parseResolver(text: string): Resolver {
  const resolver: Resolver = { nameservers: [], searches: [], options: [] };
  for (const line of text.split('\n')) {
    const [word, ...rest] = line.trim().split(/\s+/);
    if (word === 'nameserver' && rest[0]) resolver.nameservers.push(rest[0]);
    else if (word === 'search') resolver.searches = rest.filter((name) => name !== '.');
    else if (word === 'options') resolver.options = rest;
  }
  return resolver;
}
