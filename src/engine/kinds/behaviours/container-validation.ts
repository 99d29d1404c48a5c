import type { FieldFault } from '../contract.ts';
import { at, duplicate, forbiddenField, invalidAll, invalidValue, notSupported, required } from '../faults.ts';
import type {
  Container,
  ContainerPort,
  EnvFromSource,
  EnvVar,
  EphemeralContainer,
  SecurityContext,
} from '../generated/types.ts';
import { betweenText, isDnsLabel, isEnvironmentName, isPortName, isPortNumber } from '../names.ts';
import { validateHandler, validateProbe } from './probe-validation.ts';
import { validateResources } from './resource-validation.ts';
import { keyFaults, validateMounts } from './volume-validation.ts';

export interface ContainerScene {
  readonly volumes: ReadonlySet<string>;
  readonly hostNetwork: boolean;
  /** A pod, whose host ports are filled in already; a template may leave that to its pods. */
  readonly isPod: boolean;
  /** Names met so far, over all lists of containers. */
  readonly names: Set<string>;
}

/** The faults of `spec.containers`. */
export function validateContainers(
  containers: readonly Container[],
  path: string,
  scene: ContainerScene,
): FieldFault[] {
  if (containers.length === 0) return [required(path)];
  const faults: FieldFault[] = [];
  for (const [index, container] of containers.entries()) {
    const place = at(path, index);
    faults.push(...validateCommon(container, place, scene), ...validateRunning(container, place));
    if (container.restartPolicy !== undefined && !CONTAINER_RESTARTS.includes(container.restartPolicy)) {
      faults.push(notSupported(`${place}.restartPolicy`, container.restartPolicy, CONTAINER_RESTARTS));
    }
  }
  return [...faults, ...hostPortConflicts(containers, path)];
}

const CONTAINER_RESTARTS = ['Always', 'OnFailure', 'Never'];

/** The faults of `spec.initContainers`: only those that restart always (sidecars) have probes and hooks. */
export function validateInitContainers(
  containers: readonly Container[],
  path: string,
  scene: ContainerScene,
): FieldFault[] {
  const faults: FieldFault[] = [];
  for (const [index, container] of containers.entries()) {
    const place = at(path, index);
    faults.push(...validateCommon(container, place, scene));
    if (container.restartPolicy !== undefined && !CONTAINER_RESTARTS.includes(container.restartPolicy)) {
      faults.push(notSupported(`${place}.restartPolicy`, container.restartPolicy, CONTAINER_RESTARTS));
    }
    if (container.restartPolicy === 'Always') {
      faults.push(...validateRunning(container, place));
      continue;
    }
    for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
      if (container[field])
        faults.push(
          forbiddenField(`${place}.${field}`, 'may not be set for init containers without restartPolicy=Always'),
        );
    }
  }
  return faults;
}

const NOT_FOR_EPHEMERAL = [
  'ports',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'resizePolicy',
] as const;

/** The faults of `spec.ephemeralContainers`. */
export function validateEphemeralContainers(
  containers: readonly EphemeralContainer[],
  path: string,
  scene: ContainerScene,
  others: ReadonlySet<string>,
): FieldFault[] {
  const faults: FieldFault[] = [];
  for (const [index, container] of containers.entries()) {
    const place = at(path, index);
    faults.push(...validateCommon(container, place, scene));
    if (container.targetContainerName && !others.has(container.targetContainerName)) {
      faults.push({
        path: `${place}.targetContainerName`,
        type: 'NotFound',
        value: container.targetContainerName,
        detail: '',
      });
    }
    for (const field of NOT_FOR_EPHEMERAL) {
      const value = container[field];
      if (value && !(Array.isArray(value) && value.length === 0)) {
        faults.push(forbiddenField(`${place}.${field}`, 'cannot be set for an Ephemeral Container'));
      }
    }
    if (Object.keys(container.resources ?? {}).length > 0) {
      faults.push(forbiddenField(`${place}.resources`, 'cannot be set for an Ephemeral Container'));
    }
    for (const [mountIndex, mount] of (container.volumeMounts ?? []).entries()) {
      if (mount.subPath)
        faults.push(
          forbiddenField(
            `${at(`${place}.volumeMounts`, mountIndex)}.subPath`,
            'cannot be set for an Ephemeral Container',
          ),
        );
    }
  }
  return faults;
}

function validateCommon(container: Container | EphemeralContainer, path: string, scene: ContainerScene): FieldFault[] {
  const faults: FieldFault[] = [];
  if (!container.name) faults.push(required(`${path}.name`));
  else faults.push(...invalidAll(`${path}.name`, container.name, isDnsLabel(container.name)));
  if (container.name && scene.names.has(container.name)) faults.push(duplicate(`${path}.name`, container.name));
  scene.names.add(container.name);
  const image = container.image ?? '';
  if (!image) faults.push(required(`${path}.image`));
  else if (image !== image.trim())
    faults.push(invalidValue(`${path}.image`, image, 'must not have leading or trailing whitespace'));
  const policy = container.terminationMessagePolicy;
  if (policy !== 'File' && policy !== 'FallbackToLogsOnError') {
    faults.push(
      policy
        ? notSupported(`${path}.terminationMessagePolicy`, policy, ['FallbackToLogsOnError', 'File'])
        : required(`${path}.terminationMessagePolicy`),
    );
  }
  faults.push(...validatePorts(container.ports ?? [], `${path}.ports`, scene));
  faults.push(...validateEnvironment(container.env ?? [], `${path}.env`));
  faults.push(...validateEnvironmentSources(container.envFrom ?? [], `${path}.envFrom`));
  faults.push(
    ...validateMounts(
      container.volumeMounts ?? [],
      container.volumeDevices ?? [],
      scene.volumes,
      `${path}.volumeMounts`,
    ),
  );
  const pull = container.imagePullPolicy;
  if (!pull) faults.push(required(`${path}.imagePullPolicy`));
  else if (!['Always', 'IfNotPresent', 'Never'].includes(pull)) {
    faults.push(notSupported(`${path}.imagePullPolicy`, pull, ['Always', 'IfNotPresent', 'Never']));
  }
  faults.push(...validateResources(container.resources, `${path}.resources`));
  faults.push(...validateSecurityContext(container.securityContext, `${path}.securityContext`));
  return faults;
}

function validateRunning(container: Container, path: string): FieldFault[] {
  const faults: FieldFault[] = [];
  const { postStart, preStop } = container.lifecycle ?? {};
  if (postStart) faults.push(...validateHandler(postStart, `${path}.lifecycle.postStart`));
  if (preStop) faults.push(...validateHandler(preStop, `${path}.lifecycle.preStop`));
  return [
    ...faults,
    ...validateProbe(container.livenessProbe, `${path}.livenessProbe`, 'liveness'),
    ...validateProbe(container.readinessProbe, `${path}.readinessProbe`, 'readiness'),
    ...validateProbe(container.startupProbe, `${path}.startupProbe`, 'startup'),
  ];
}

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

function validatePorts(ports: readonly ContainerPort[], path: string, scene: ContainerScene): FieldFault[] {
  const faults: FieldFault[] = [];
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const place = at(path, index);
    if (port.name) {
      const texts = isPortName(port.name);
      if (texts.length > 0) faults.push(...invalidAll(`${place}.name`, port.name, texts));
      else if (names.has(port.name)) faults.push(duplicate(`${place}.name`, port.name));
      else names.add(port.name);
    }
    if (!port.containerPort) faults.push(required(`${place}.containerPort`));
    else faults.push(...invalidAll(`${place}.containerPort`, port.containerPort, isPortNumber(port.containerPort)));
    if (port.hostPort) faults.push(...invalidAll(`${place}.hostPort`, port.hostPort, isPortNumber(port.hostPort)));
    if (!port.protocol) faults.push(required(`${place}.protocol`));
    else if (!PROTOCOLS.includes(port.protocol))
      faults.push(notSupported(`${place}.protocol`, port.protocol, PROTOCOLS));
    const host = port.hostPort ?? 0;
    if (scene.hostNetwork && (scene.isPod || host !== 0) && host !== port.containerPort) {
      faults.push(invalidValue(`${place}.hostPort`, host, 'must match `containerPort` when `hostNetwork` is true'));
    }
  }
  return faults;
}

function hostPortConflicts(containers: readonly Container[], path: string): FieldFault[] {
  const taken = new Set<string>();
  const faults: FieldFault[] = [];
  for (const [index, container] of containers.entries()) {
    for (const [portIndex, port] of (container.ports ?? []).entries()) {
      if (!port.hostPort) continue;
      const key = `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}`;
      if (taken.has(key)) faults.push(duplicate(`${at(`${at(path, index)}.ports`, portIndex)}.hostPort`, key));
      taken.add(key);
    }
  }
  return faults;
}

const FIELD_PATHS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

function validateEnvironment(variables: readonly EnvVar[], path: string): FieldFault[] {
  const faults: FieldFault[] = [];
  for (const [index, variable] of variables.entries()) {
    const place = at(path, index);
    if (!variable.name) faults.push(required(`${place}.name`));
    else faults.push(...invalidAll(`${place}.name`, variable.name, isEnvironmentName(variable.name)));
    const source = variable.valueFrom;
    if (!source) continue;
    const from = `${place}.valueFrom`;
    const count = Object.keys(source).length;
    if (source.fieldRef) faults.push(...validateFieldRef(source.fieldRef.fieldPath, `${from}.fieldRef`));
    if (source.resourceFieldRef && !source.resourceFieldRef.resource)
      faults.push(required(`${from}.resourceFieldRef.resource`));
    for (const field of ['configMapKeyRef', 'secretKeyRef'] as const) {
      const reference = source[field];
      if (reference) faults.push(...keyFaults(reference.key, `${from}.${field}.key`));
    }
    if (count === 0) {
      faults.push(
        invalidValue(
          from,
          '',
          'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
        ),
      );
    } else if (variable.value) faults.push(invalidValue(from, '', 'may not be specified when `value` is not empty'));
    if (count > 1) faults.push(invalidValue(from, '', 'may not have more than one field specified at a time'));
  }
  return faults;
}

function validateFieldRef(fieldPath: string, path: string): FieldFault[] {
  if (!fieldPath) return [required(`${path}.fieldPath`)];
  if (/^metadata\.(annotations|labels)\['.+'\]$/.test(fieldPath)) return [];
  if (!/^(metadata|spec|status)\./.test(fieldPath)) {
    return [
      invalidValue(
        `${path}.fieldPath`,
        fieldPath,
        `error converting fieldPath: field label not supported: ${fieldPath}`,
      ),
    ];
  }
  return FIELD_PATHS.includes(fieldPath) ? [] : [notSupported(`${path}.fieldPath`, fieldPath, FIELD_PATHS)];
}

function validateEnvironmentSources(sources: readonly EnvFromSource[], path: string): FieldFault[] {
  const faults: FieldFault[] = [];
  for (const [index, source] of sources.entries()) {
    const place = at(path, index);
    if (source.prefix) faults.push(...invalidAll(`${place}.prefix`, source.prefix, isEnvironmentName(source.prefix)));
    const count = Number(source.configMapRef !== undefined) + Number(source.secretRef !== undefined);
    if (source.configMapRef && !source.configMapRef.name) faults.push(required(`${place}.configMapRef.name`));
    if (source.secretRef && !source.secretRef.name) faults.push(required(`${place}.secretRef.name`));
    if (count === 0) faults.push(invalidValue(place, '', 'must specify one of: `configMapRef` or `secretRef`'));
    if (count > 1) faults.push(invalidValue(place, '', 'may not have more than one field specified at a time'));
  }
  return faults;
}

const ID_MAX = 2 ** 31 - 1;

export function validateId(value: number | undefined, path: string): FieldFault[] {
  return value !== undefined && (value < 0 || value > ID_MAX)
    ? [invalidValue(path, value, betweenText(0, ID_MAX))]
    : [];
}

function validateSecurityContext(context: SecurityContext | undefined, path: string): FieldFault[] {
  if (!context) return [];
  const faults = [
    ...validateId(context.runAsUser, `${path}.runAsUser`),
    ...validateId(context.runAsGroup, `${path}.runAsGroup`),
  ];
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged) {
      faults.push(
        invalidValue(path, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'),
      );
    }
    if (context.capabilities?.add?.includes('CAP_SYS_ADMIN')) {
      faults.push(
        invalidValue(
          path,
          context,
          'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN',
        ),
      );
    }
  }
  return [...faults, ...validateSeccomp(context.seccompProfile, `${path}.seccompProfile`)];
}

export function validateSeccomp(profile: SecurityContext['seccompProfile'], path: string): FieldFault[] {
  if (!profile) return [];
  if (!profile.type) return [required(`${path}.type`, 'type is required when seccompProfile is set')];
  if (!['Localhost', 'RuntimeDefault', 'Unconfined'].includes(profile.type)) {
    return [notSupported(`${path}.type`, profile.type, ['Localhost', 'RuntimeDefault', 'Unconfined'])];
  }
  if (profile.type === 'Localhost' && !profile.localhostProfile) {
    return [required(`${path}.localhostProfile`, 'must be set when seccomp type is Localhost')];
  }
  if (profile.type !== 'Localhost' && profile.localhostProfile !== undefined) {
    return [
      invalidValue(
        `${path}.localhostProfile`,
        profile.localhostProfile,
        'can only be set when seccomp type is Localhost',
      ),
    ];
  }
  return [];
}
