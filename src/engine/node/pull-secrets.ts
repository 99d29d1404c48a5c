import type { RegistryCredentials } from '../images/index.ts';
import { kinds, type Pod, type Secret } from '../kinds/index.ts';
import { lookUp, type Scope } from './scope.ts';

/**
 * Credentials by registry from the pod's imagePullSecrets (`kubernetes.io/dockerconfigjson` and the older
 * `kubernetes.io/dockercfg`). Secrets that are missing or cannot be read are passed over, as upstream does.
 */
export async function pullCredentials(
  scope: Scope,
  pod: Pod,
): Promise<(registry: string) => RegistryCredentials | undefined> {
  const known = new Map<string, RegistryCredentials>();
  for (const { name } of pod.spec.imagePullSecrets ?? []) {
    if (!name) continue;
    const secret = await lookUp(scope, scope.secrets, kinds.secrets, pod.metadata.namespace, name);
    if (!secret) {
      const message = `Unable to retrieve some image pull secrets (${name}); attempting to pull the image may not succeed.`;
      scope.recorder.event(pod, 'Warning', 'FailedToRetrieveImagePullSecret', message);
      continue;
    }
    for (const [registry, credentials] of readSecret(secret)) known.set(registry, credentials);
  }
  return (registry) => known.get(registryKey(registry));
}

function readSecret(secret: Secret): [string, RegistryCredentials][] {
  const modern = secret.data?.['.dockerconfigjson'];
  const older = secret.data?.['.dockercfg'];
  const text = modern ?? older;
  if (!text) return [];
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
    const entries = modern ? recordOf(recordOf(parsed).auths) : recordOf(parsed);
    return Object.entries(entries).map(([registry, entry]) => [registryKey(registry), readEntry(recordOf(entry))]);
  } catch {
    return [];
  }
}

function readEntry(entry: Record<string, unknown>): RegistryCredentials {
  const text = (key: string) => (typeof entry[key] === 'string' ? entry[key] : undefined);
  const auth = text('auth');
  const decoded = auth ? Buffer.from(auth, 'base64').toString('utf8') : '';
  const colon = decoded.indexOf(':');
  const username = colon >= 0 ? decoded.slice(0, colon) : text('username');
  const password = colon >= 0 ? decoded.slice(colon + 1) : text('password');
  const identityToken = text('identitytoken');
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(identityToken === undefined ? {} : { identityToken }),
  };
}

/** Docker keys its configuration by host, with or without scheme and path. */
function registryKey(registry: string): string {
  const host = registry.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  // The first registry's own hosts carry a label in front of the domain that references name.
  return host.replace(/^(?:index|registry-1)\./, '');
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
