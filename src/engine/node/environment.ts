import { type ConfigMap, type EnvVar, kinds, type Pod, type Secret } from '../kinds/index.ts';
import { expand } from './expansion.ts';
import { fieldValue, type NodeFacts, resourceFieldValue } from './field-path.ts';
import { type AnyContainer, containersOf } from './pod-spec.ts';
import { lookUp, type Scope, watchKey } from './scope.ts';
import { serviceEnvironment } from './service-environment.ts';

/** The spec cannot be fulfilled as it stands; becomes the waiting reason CreateContainerConfigError. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Reads a file of one of the pod's volumes (fileKeyRef); undefined when there is none. */
export type VolumeFileReader = (volumeName: string, path: string) => Promise<string | undefined>;

/**
 * A container's variables in the order upstream's makeEnvironmentVariables gives them: services', then envFrom's, then
 * env's; a later one replaces an earlier of its name. @throws ConfigError for what is missing and not optional
 */
export async function containerEnvironment(
  scope: Scope,
  pod: Pod,
  container: AnyContainer,
  facts: NodeFacts,
  readVolumeFile: VolumeFileReader,
): Promise<Map<string, string>> {
  const namespace = pod.metadata.namespace ?? '';
  const links = scope.options.serviceEnvironment && pod.spec.enableServiceLinks !== false;
  const services = [
    ...scope.services.list(namespace),
    ...(namespace === 'default' ? [] : scope.services.list('default')),
  ];
  const fromServices = serviceEnvironment(services, namespace, links);
  const result = new Map<string, string>();
  const sources = new Sources(scope, namespace);

  for (const { configMapRef, secretRef, prefix = '' } of container.envFrom ?? []) {
    const data = configMapRef
      ? await sources.configMapData(configMapRef.name, configMapRef.optional)
      : secretRef
        ? await sources.secretData(secretRef.name, secretRef.optional)
        : {};
    for (const [key, value] of Object.entries(data)) result.set(prefix + key, value);
  }
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom
      ? await valueFrom(pod, container, variable, facts, sources, readVolumeFile)
      : expand(variable.value ?? '', (name) => result.get(name) ?? fromServices.get(name));
    if (value === undefined) continue;
    result.delete(variable.name);
    result.set(variable.name, value);
    fromServices.delete(variable.name);
  }
  for (const [name, value] of fromServices) if (!result.has(name)) result.set(name, value);
  return result;
}

async function valueFrom(
  pod: Pod,
  container: AnyContainer,
  variable: EnvVar,
  facts: NodeFacts,
  sources: Sources,
  readVolumeFile: VolumeFileReader,
): Promise<string | undefined> {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = variable.valueFrom ?? {};
  if (fieldRef) {
    const value = fieldValue(pod, fieldRef.fieldPath, facts);
    if (value === undefined) throw new ConfigError(`unsupported fieldPath: ${fieldRef.fieldPath}`);
    return value;
  }
  if (resourceFieldRef) {
    try {
      return resourceFieldValue(pod, resourceFieldRef, container.name, facts);
    } catch (error) {
      throw new ConfigError(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }
  if (configMapKeyRef) {
    const { name = '', key, optional } = configMapKeyRef;
    const value = (await sources.configMapData(name, optional))[key];
    if (value === undefined && !optional)
      throw new ConfigError(`couldn't find key ${key} in ConfigMap ${sources.namespace}/${name}`);
    return value;
  }
  if (secretKeyRef) {
    const { name = '', key, optional } = secretKeyRef;
    const value = (await sources.secretData(name, optional))[key];
    if (value === undefined && !optional)
      throw new ConfigError(`couldn't find key ${key} in Secret ${sources.namespace}/${name}`);
    return value;
  }
  if (fileKeyRef) {
    const text = await readVolumeFile(fileKeyRef.volumeName, fileKeyRef.path);
    const value = text === undefined ? undefined : parseEnvFile(text).get(fileKeyRef.key);
    if (value === undefined && !fileKeyRef.optional)
      throw new ConfigError(`environment variable key "${fileKeyRef.key}" not found in file "${fileKeyRef.path}"`);
    return value;
  }
  return '';
}

/** `NAME='value'` lines; blank lines and those starting with # are skipped. */
function parseEnvFile(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
    if (match) values.set(match[1] ?? '', (match[2] ?? '').trim().replace(/^'(.*)'$|^"(.*)"$/, '$1$2'));
  }
  return values;
}

class Sources {
  readonly #scope: Scope;
  readonly namespace: string;

  constructor(scope: Scope, namespace: string) {
    this.#scope = scope;
    this.namespace = namespace;
  }

  async configMapData(name = '', optional = false): Promise<Readonly<Record<string, string>>> {
    const found: ConfigMap | undefined = await lookUp(
      this.#scope,
      this.#scope.configMaps,
      kinds.configmaps,
      this.namespace,
      name,
    );
    if (!found && !optional) throw new ConfigError(`configmap "${name}" not found`);
    return found?.data ?? {};
  }

  async secretData(name = '', optional = false): Promise<Readonly<Record<string, string>>> {
    const found: Secret | undefined = await lookUp(
      this.#scope,
      this.#scope.secrets,
      kinds.secrets,
      this.namespace,
      name,
    );
    if (!found && !optional) throw new ConfigError(`secret "${name}" not found`);
    const data = Object.entries(found?.data ?? {});
    return Object.fromEntries(data.map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]));
  }
}

/** The ConfigMaps and Secrets (see `watchKey`) that a pod's variables are made of. */
export function environmentDependencies(pod: Pod): string[] {
  const { namespace } = pod.metadata;
  return containersOf(pod).flatMap(({ container: { env = [], envFrom = [] } }) => {
    const configMaps = [
      ...env.map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name),
      ...envFrom.map(({ configMapRef }) => configMapRef?.name),
    ];
    const secrets = [
      ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
      ...envFrom.map(({ secretRef }) => secretRef?.name),
    ];
    return [
      ...configMaps.flatMap((name) => (name ? [watchKey('configmaps', namespace, name)] : [])),
      ...secrets.flatMap((name) => (name ? [watchKey('secrets', namespace, name)] : [])),
    ];
  });
}
