import { assert } from '../../base/index.ts';
import type { Client } from '../client/index.ts';
import { type Draft, type Kind, kinds, StatusError } from '../kinds/index.ts';
import { DEFAULTS } from './settings.ts';

export interface BootstrapOptions {
  readonly nodeAddress: string;
  readonly apiPort: number;
  readonly rootCa: string;
  readonly server: string;
  /** Roles and bindings of the default policy. */
  readonly policy: readonly { readonly kind?: string }[];
}

type Item = [kind: Kind<unknown>, object: Record<string, unknown>];

const SYSTEM_NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** What upstream's cluster has from its first second. Objects that are there stay as they are. */
export async function bootstrap(client: Client, options: BootstrapOptions): Promise<void> {
  await createMissing(
    client,
    SYSTEM_NAMESPACES.map((name): Item => [kinds.namespaces, { metadata: { name } }]),
  );
  await createMissing(client, [...objects(options), ...options.policy.map(policyItem)]);
}

async function createMissing(client: Client, items: readonly Item[]): Promise<void> {
  await Promise.all(
    items.map(async ([kind, object]) => {
      const { name = '', namespace } = (object as { metadata: { name?: string; namespace?: string } }).metadata;
      try {
        await client.get(kind, namespace, name);
        return;
      } catch (error) {
        if (!(error instanceof StatusError) || error.code !== 404) throw error;
      }
      try {
        await client.create(kind, object as Draft<unknown>);
      } catch (error) {
        if (!(error instanceof StatusError) || error.code !== 409) throw error;
      }
    }),
  );
}

function objects({ nodeAddress, apiPort, rootCa, server }: BootstrapOptions): Item[] {
  const endpointPort = { name: 'https', port: apiPort, protocol: 'TCP' };
  return [
    [
      kinds.services,
      {
        metadata: {
          name: 'kubernetes',
          namespace: 'default',
          labels: { component: 'apiserver', provider: 'kubernetes' },
        },
        spec: {
          type: 'ClusterIP',
          clusterIP: DEFAULTS.apiServiceAddress,
          clusterIPs: [DEFAULTS.apiServiceAddress],
          ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: apiPort }],
        },
      },
    ],
    [
      kinds.endpoints,
      {
        metadata: {
          name: 'kubernetes',
          namespace: 'default',
          labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' },
        },
        subsets: [{ addresses: [{ ip: nodeAddress }], ports: [endpointPort] }],
      },
    ],
    [
      kinds.endpointslices,
      {
        metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
        addressType: 'IPv4',
        endpoints: [{ addresses: [nodeAddress], conditions: { ready: true } }],
        ports: [endpointPort],
      },
    ],
    [
      kinds.services,
      {
        metadata: {
          name: 'kube-dns',
          namespace: 'kube-system',
          labels: { 'k8s-app': 'kube-dns', 'kubernetes.io/name': 'CoreDNS' },
        },
        spec: {
          type: 'ClusterIP',
          clusterIP: DEFAULTS.dnsAddress,
          clusterIPs: [DEFAULTS.dnsAddress],
          ports: [
            { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
            { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
          ],
        },
      },
    ],
    [kinds.servicecidrs, { metadata: { name: 'kubernetes' }, spec: { cidrs: [DEFAULTS.serviceRange] } }],
    [
      kinds.priorityclasses,
      {
        metadata: { name: 'system-node-critical' },
        value: 2000001000,
        description: 'Used for system critical pods that must not be moved from their current node.',
      },
    ],
    [
      kinds.priorityclasses,
      {
        metadata: { name: 'system-cluster-critical' },
        value: 2000000000,
        description:
          'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
      },
    ],
    [
      kinds.storageclasses,
      {
        metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
        provisioner: 'wherry.dev/directory',
        reclaimPolicy: 'Delete',
        volumeBindingMode: 'WaitForFirstConsumer',
      },
    ],
    [
      kinds.ingressclasses,
      {
        metadata: { name: 'wherry', annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
        spec: { controller: 'wherry.dev/ingress' },
      },
    ],
    [
      kinds.configmaps,
      {
        metadata: { name: 'cluster-info', namespace: 'kube-public' },
        data: {
          kubeconfig: JSON.stringify({
            apiVersion: 'v1',
            kind: 'Config',
            clusters: [
              { name: '', cluster: { server, 'certificate-authority-data': Buffer.from(rootCa).toString('base64') } },
            ],
          }),
        },
      },
    ],
    [
      kinds.configmaps,
      {
        metadata: { name: 'extension-apiserver-authentication', namespace: 'kube-system' },
        data: { 'client-ca-file': rootCa },
      },
    ],
    ...flowControl(),
  ];
}

/** The two levels and schemas that upstream always keeps; wherry's queue is the event loop, so they only describe. */
function flowControl(): Item[] {
  const everyone = ['system:authenticated', 'system:unauthenticated'].map((name) => ({
    kind: 'Group',
    group: { name },
  }));
  const everything = {
    resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  };
  const schema = (name: string, level: string, matchingPrecedence: number, subjects: unknown[]): Item => [
    kinds.flowschemas,
    {
      metadata: { name },
      spec: { priorityLevelConfiguration: { name: level }, matchingPrecedence, rules: [{ subjects, ...everything }] },
    },
  ];
  return [
    [
      kinds.prioritylevelconfigurations,
      {
        metadata: { name: 'exempt' },
        spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
      },
    ],
    [
      kinds.prioritylevelconfigurations,
      {
        metadata: { name: 'catch-all' },
        spec: {
          type: 'Limited',
          limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: 'Reject' } },
        },
      },
    ],
    schema('exempt', 'exempt', 1, [{ kind: 'Group', group: { name: 'system:masters' } }]),
    schema('catch-all', 'catch-all', 10000, everyone),
  ];
}

const POLICY_KINDS: Readonly<Record<string, Kind<unknown>>> = {
  Role: kinds.roles,
  ClusterRole: kinds.clusterroles,
  RoleBinding: kinds.rolebindings,
  ClusterRoleBinding: kinds.clusterrolebindings,
};

function policyItem(object: { readonly kind?: string }): Item {
  const kind = POLICY_KINDS[object.kind ?? ''];
  assert(kind, `the default policy holds a ${object.kind}`);
  return [kind, object as Record<string, unknown>];
}
