import {
  type ConfigMapProjection,
  type DownwardAPIVolumeFile,
  kinds,
  type Pod,
  type SecretProjection,
  type ServiceAccountTokenProjection,
  type Volume,
} from '../../kinds/index.ts';
import { fieldValue, type NodeFacts, resourceFieldValue } from '../field-path.ts';
import { containersOf } from '../pod-spec.ts';
import { lookUp, type Scope, watchKey } from '../scope.ts';
import { keyedPayload, type Payload, type PayloadFile, VolumeError } from './payload.ts';
import type { PodTokens } from './token.ts';
import { trustBundlePayload } from './trust-bundle.ts';

const DEFAULT_MODE = 0o644;

/** What a volume's content was made of, so that a change of it is noticed. */
export interface Gathered {
  readonly payload: Payload;
  /** Names of `watchKey`. */
  readonly dependencies: readonly string[];
  /** A token in it wants to be renewed after this long. */
  readonly renewAfterMs: number | undefined;
}

/** Whether a volume's files come from the API. */
export function isWritten(volume: Volume): boolean {
  return Boolean(volume.configMap ?? volume.secret ?? volume.downwardAPI ?? volume.projected);
}

/** The names (see `watchKey`) that a volume is made of. */
export function dependenciesOf(pod: Pod, volume: Volume): string[] {
  const { namespace } = pod.metadata;
  const configMaps = [volume.configMap, ...(volume.projected?.sources ?? []).map(({ configMap }) => configMap)].flatMap(
    (source) => source?.name ?? [],
  );
  const secrets = [
    volume.secret?.secretName,
    ...(volume.projected?.sources ?? []).map(({ secret }) => secret?.name),
  ].flatMap((name) => name ?? []);
  return [
    ...configMaps.map((name) => watchKey('configmaps', namespace, name)),
    ...secrets.map((name) => watchKey('secrets', namespace, name)),
  ];
}

/** The files of a configMap, secret, downwardAPI or projected volume as they are to be now. @throws VolumeError */
export async function gather(
  scope: Scope,
  pod: Pod,
  volume: Volume,
  facts: NodeFacts,
  tokens: PodTokens,
): Promise<Gathered> {
  const dependencies = dependenciesOf(pod, volume);
  if (volume.configMap) {
    const { defaultMode = DEFAULT_MODE, ...source } = volume.configMap;
    return { payload: await configMapFiles(scope, pod, source, defaultMode), dependencies, renewAfterMs: undefined };
  }
  if (volume.secret) {
    const { secretName, items, optional, defaultMode = DEFAULT_MODE } = volume.secret;
    const source: SecretProjection = {
      ...(secretName ? { name: secretName } : {}),
      ...(items ? { items } : {}),
      ...(optional ? { optional } : {}),
    };
    return { payload: await secretFiles(scope, pod, source, defaultMode), dependencies, renewAfterMs: undefined };
  }
  if (volume.downwardAPI) {
    const { items = [], defaultMode = DEFAULT_MODE } = volume.downwardAPI;
    return { payload: downwardFiles(pod, items, defaultMode, facts), dependencies, renewAfterMs: undefined };
  }
  return gatherProjected(scope, pod, volume, facts, tokens, dependencies);
}

async function gatherProjected(
  scope: Scope,
  pod: Pod,
  volume: Volume,
  facts: NodeFacts,
  tokens: PodTokens,
  dependencies: string[],
): Promise<Gathered> {
  const mode = volume.projected?.defaultMode ?? DEFAULT_MODE;
  const payload = new Map<string, PayloadFile>();
  let renewAfterMs: number | undefined;
  for (const source of volume.projected?.sources ?? []) {
    let files: Payload = new Map();
    if (source.configMap) files = await configMapFiles(scope, pod, source.configMap, mode);
    else if (source.secret) files = await secretFiles(scope, pod, source.secret, mode);
    else if (source.downwardAPI) files = downwardFiles(pod, source.downwardAPI.items ?? [], mode, facts);
    else if (source.clusterTrustBundle) files = await trustBundlePayload(scope, source.clusterTrustBundle, mode);
    else if (source.serviceAccountToken) {
      const token = await tokenFile(scope, pod, source.serviceAccountToken, mode, tokens);
      files = token.files;
      renewAfterMs = Math.min(renewAfterMs ?? Number.POSITIVE_INFINITY, token.renewAfterMs);
    } else throw new VolumeError('this projected volume source is not supported');
    for (const [path, file] of files) payload.set(path, file);
  }
  return { payload, dependencies, renewAfterMs };
}

async function configMapFiles(scope: Scope, pod: Pod, source: ConfigMapProjection, mode: number): Promise<Payload> {
  const { name = '', items, optional = false } = source;
  const found = await lookUp(scope, scope.configMaps, kinds.configmaps, pod.metadata.namespace, name);
  if (!found && !optional) throw new VolumeError(`configmap "${name}" not found`);
  const text = Object.entries(found?.data ?? {}).map(([key, value]): [string, Buffer] => [key, Buffer.from(value)]);
  const binary = Object.entries(found?.binaryData ?? {}).map(([key, value]): [string, Buffer] => [
    key,
    Buffer.from(value, 'base64'),
  ]);
  return keyedPayload(new Map([...text, ...binary]), found ? items : undefined, mode, optional, 'configmap');
}

async function secretFiles(scope: Scope, pod: Pod, source: SecretProjection, mode: number): Promise<Payload> {
  const { name = '', items, optional = false } = source;
  const found = await lookUp(scope, scope.secrets, kinds.secrets, pod.metadata.namespace, name);
  if (!found && !optional) throw new VolumeError(`secret "${name}" not found`);
  const data = Object.entries(found?.data ?? {}).map(([key, value]): [string, Buffer] => [
    key,
    Buffer.from(value, 'base64'),
  ]);
  return keyedPayload(new Map(data), found ? items : undefined, mode, optional, 'secret');
}

function downwardFiles(pod: Pod, items: readonly DownwardAPIVolumeFile[], mode: number, facts: NodeFacts): Payload {
  const files = new Map<string, PayloadFile>();
  for (const item of items) {
    let text: string | undefined;
    if (item.fieldRef) {
      text = fieldValue(pod, item.fieldRef.fieldPath, facts);
      if (text === undefined) throw new VolumeError(`unsupported fieldPath: ${item.fieldRef.fieldPath}`);
    } else if (item.resourceFieldRef) {
      text = resourceFieldValue(pod, item.resourceFieldRef, item.resourceFieldRef.containerName ?? '', facts);
    }
    files.set(item.path, { content: Buffer.from(text ?? ''), mode: item.mode ?? mode });
  }
  return files;
}

/** A token is readable by its owner alone where the pod says who that is (upstream's projected volume). */
async function tokenFile(
  scope: Scope,
  pod: Pod,
  source: ServiceAccountTokenProjection,
  mode: number,
  tokens: PodTokens,
): Promise<{ files: Payload; renewAfterMs: number }> {
  const { token, renewAfterMs } = await tokens.get(scope, pod, source);
  const users = new Set(
    containersOf(pod).map(
      ({ container }) => container.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser,
    ),
  );
  const [uid] = users.size === 1 ? users : [];
  const owned = uid !== undefined || pod.spec.securityContext?.fsGroup !== undefined;
  const file = { content: Buffer.from(token), mode: owned ? 0o600 : mode, ...(uid === undefined ? {} : { uid }) };
  return { files: new Map([[source.path, file]]), renewAfterMs };
}
