import {
  type Container,
  forbidden,
  kinds,
  type Pod,
  randomSuffix,
  type ServiceAccount,
  type Volume,
} from '../../kinds/index.ts';
import type { Admission } from '../contract.ts';
import { createdPod } from './pod-admission.ts';

const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';
/** As upstream: an hour and a little, so that a token is renewed before an hour's caches expire. */
const TOKEN_SECONDS = 3607;

/** Every pod runs as a service account, and finds its token where client libraries look for it. */
export function serviceAccount(): Admission {
  return {
    name: 'ServiceAccount',
    mutate(request) {
      const pod = createdPod(request);
      if (!pod || pod.metadata.annotations?.[MIRROR_ANNOTATION] !== undefined) return;
      const namespace = request.target.namespace ?? '';
      if (!pod.spec.serviceAccountName) pod.spec.serviceAccountName = pod.spec.serviceAccount || 'default';
      const name = pod.spec.serviceAccountName;
      pod.spec.serviceAccount = name;
      const account = request.read(kinds.serviceaccounts, namespace, name);
      if (!account) {
        throw forbidden(
          kinds.pods,
          pod.metadata.name,
          `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`,
        );
      }
      if (mountsToken(pod, account)) mountToken(pod);
      const secrets = account.imagePullSecrets;
      if (!pod.spec.imagePullSecrets?.length && secrets?.length) pod.spec.imagePullSecrets = structuredClone(secrets);
    },
  };
}

function mountsToken(pod: Pod, account: ServiceAccount): boolean {
  return pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
}

function mountToken(pod: Pod): void {
  const existing = pod.spec.volumes?.find(({ name, projected }) => name.startsWith('kube-api-access-') && projected);
  const name = existing?.name ?? `kube-api-access-${randomSuffix()}`;
  let used = false;
  const mount = (container: Container) => {
    if (container.volumeMounts?.some(({ mountPath }) => mountPath === MOUNT_PATH)) return;
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath: MOUNT_PATH }];
    used = true;
  };
  pod.spec.initContainers?.forEach(mount);
  pod.spec.containers.forEach(mount);
  if (used && !existing) pod.spec.volumes = [...(pod.spec.volumes ?? []), tokenVolume(name)];
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
    },
  };
}
