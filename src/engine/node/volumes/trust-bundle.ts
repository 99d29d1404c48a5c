import type { ClusterTrustBundleProjection, Kind, KubeObject, LabelSelector } from '../../kinds/index.ts';
import { StatusError } from '../../kinds/index.ts';
import type { Scope } from '../scope.ts';
import { type Payload, VolumeError } from './payload.ts';

type TrustBundle = KubeObject & { spec: { trustBundle: string; signerName?: string } };

const clusterTrustBundles: Kind<TrustBundle> = {
  group: 'certificates.k8s.io',
  version: 'v1beta1',
  resource: 'clustertrustbundles',
  kind: 'ClusterTrustBundle',
  namespaced: false,
};

/** The certificates of one trust bundle by name, or of all that match, each once. */
export async function trustBundlePayload(
  scope: Scope,
  source: ClusterTrustBundleProjection,
  mode: number,
): Promise<Payload> {
  const texts = await read(scope, source);
  if (texts.length === 0 && !source.optional) {
    throw new VolumeError(
      source.name
        ? `clustertrustbundle "${source.name}" not found`
        : `combination of signerName=${source.signerName ?? ''} and labelSelector matched zero ClusterTrustBundles`,
    );
  }
  const blocks = texts.flatMap(
    (text) => text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [],
  );
  const content = [...new Set(blocks)].map((block) => `${block}\n`).join('');
  return new Map([[source.path, { content: Buffer.from(content), mode }]]);
}

async function read(scope: Scope, source: ClusterTrustBundleProjection): Promise<string[]> {
  try {
    if (source.name)
      return [(await scope.context.client.get(clusterTrustBundles, undefined, source.name)).spec.trustBundle];
    // A selector that is not set matches nothing; an empty one matches all.
    if (!source.labelSelector) return [];
    const labelSelector = selectorText(source.labelSelector);
    const { items } = await scope.context.client.list(clusterTrustBundles, labelSelector ? { labelSelector } : {});
    return items
      .filter((bundle) => bundle.spec.signerName === source.signerName)
      .map((bundle) => bundle.spec.trustBundle);
  } catch (error) {
    if (error instanceof StatusError && error.code === 404) return [];
    throw error;
  }
}

function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const equal = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  const expressions = matchExpressions.map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`;
  });
  return [...equal, ...expressions].join(',');
}
