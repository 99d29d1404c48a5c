import type { FieldFault } from '../contract.ts';
import { at, duplicate, forbiddenField, invalidAll, invalidValue, notSupported, required } from '../faults.ts';
import type {
  Affinity,
  NodeSelectorTerm,
  PodAffinityTerm,
  PodSpec,
  PodTemplateSpec,
  Toleration,
  TopologySpreadConstraint,
} from '../generated/types.ts';
import { betweenText, isDnsLabel, isDnsSubdomain, isLabelValue, isQualifiedName } from '../names.ts';
import { validateAnnotations, validateLabelSelector, validateLabels } from '../object-meta.ts';
import {
  type ContainerScene,
  validateContainers,
  validateEphemeralContainers,
  validateId,
  validateInitContainers,
  validateSeccomp,
} from './container-validation.ts';
import { validateVolumes } from './volume-validation.ts';

const RESTARTS = ['Always', 'OnFailure', 'Never'];
const DNS_POLICIES = ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'];

/** The faults of a pod's spec, in a pod (`isPod`) or in a template (ValidatePodSpec). */
export function validatePodSpec(spec: PodSpec, path: string, isPod = false): FieldFault[] {
  const { faults, names: volumes } = validateVolumes(spec.volumes ?? [], `${path}.volumes`);
  const scene: ContainerScene = { volumes, hostNetwork: spec.hostNetwork ?? false, isPod, names: new Set() };
  faults.push(...validateContainers(spec.containers ?? [], `${path}.containers`, scene));
  faults.push(...validateInitContainers(spec.initContainers ?? [], `${path}.initContainers`, scene));
  const others = new Set(scene.names);
  faults.push(
    ...validateEphemeralContainers(spec.ephemeralContainers ?? [], `${path}.ephemeralContainers`, scene, others),
  );
  if (!spec.restartPolicy) faults.push(required(`${path}.restartPolicy`));
  else if (!RESTARTS.includes(spec.restartPolicy))
    faults.push(notSupported(`${path}.restartPolicy`, spec.restartPolicy, RESTARTS));
  faults.push(...validateDns(spec, path));
  faults.push(...validateLabels(spec.nodeSelector, `${path}.nodeSelector`));
  faults.push(...validateSecurity(spec, `${path}.securityContext`));
  if (spec.affinity) faults.push(...validateAffinity(spec.affinity, `${path}.affinity`));
  faults.push(...validateTolerations(spec.tolerations ?? [], `${path}.tolerations`));
  faults.push(...validateSpread(spec.topologySpreadConstraints ?? [], `${path}.topologySpreadConstraints`));
  for (const field of ['serviceAccountName', 'nodeName', 'priorityClassName', 'runtimeClassName'] as const) {
    const name = spec[field];
    if (name) faults.push(...invalidAll(`${path}.${field}`, name, isDnsSubdomain(name)));
  }
  for (const field of ['hostname', 'subdomain'] as const) {
    const name = spec[field];
    if (name) faults.push(...invalidAll(`${path}.${field}`, name, isDnsLabel(name)));
  }
  if (
    spec.activeDeadlineSeconds !== undefined &&
    (spec.activeDeadlineSeconds < 1 || spec.activeDeadlineSeconds > 2147483647)
  ) {
    faults.push(invalidValue(`${path}.activeDeadlineSeconds`, spec.activeDeadlineSeconds, betweenText(1, 2147483647)));
  }
  if (spec.shareProcessNamespace && spec.hostPID) {
    faults.push(
      invalidValue(`${path}.shareProcessNamespace`, true, 'ShareProcessNamespace and HostPID cannot both be enabled'),
    );
  }
  for (const [index, alias] of (spec.hostAliases ?? []).entries()) {
    for (const name of alias.hostnames ?? []) {
      faults.push(...invalidAll(`${at(`${path}.hostAliases`, index)}.hostnames`, name, isDnsSubdomain(name)));
    }
  }
  const gates = new Set<string>();
  for (const [index, gate] of (spec.schedulingGates ?? []).entries()) {
    const place = at(`${path}.schedulingGates`, index);
    faults.push(...invalidAll(`${place}.name`, gate.name, isQualifiedName(gate.name)));
    if (gates.has(gate.name)) faults.push(duplicate(place, gate.name));
    gates.add(gate.name);
  }
  return faults;
}

/** The faults of a template: its metadata and its spec. */
export function validateTemplate(template: PodTemplateSpec, path: string): FieldFault[] {
  return [
    ...validateLabels(template.metadata?.labels, `${path}.labels`),
    ...validateAnnotations(template.metadata?.annotations, `${path}.annotations`),
    ...validatePodSpec(template.spec ?? { containers: [] }, `${path}.spec`),
    ...((template.spec?.ephemeralContainers ?? []).length > 0
      ? [forbiddenField(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template')]
      : []),
  ];
}

function validateDns(spec: PodSpec, path: string): FieldFault[] {
  const policy = spec.dnsPolicy ?? '';
  if (!DNS_POLICIES.includes(policy)) return [notSupported(`${path}.dnsPolicy`, policy, DNS_POLICIES)];
  const place = `${path}.dnsConfig`;
  const faults: FieldFault[] = [];
  const nameservers = spec.dnsConfig?.nameservers ?? [];
  if (policy === 'None') {
    if (!spec.dnsConfig) return [required(place, 'must provide `dnsConfig` when `dnsPolicy` is None')];
    if (nameservers.length === 0) {
      faults.push(
        required(`${place}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None'),
      );
    }
  }
  if (nameservers.length > 3) {
    faults.push(invalidValue(`${place}.nameservers`, nameservers, 'must not have more than 3 nameservers'));
  }
  for (const [index, option] of (spec.dnsConfig?.options ?? []).entries()) {
    if (!option.name) faults.push(required(at(`${place}.options`, index), 'must not be empty'));
  }
  return faults;
}

function validateSecurity(spec: PodSpec, path: string): FieldFault[] {
  const context = spec.securityContext;
  if (!context) return [];
  const faults = (['runAsUser', 'runAsGroup', 'fsGroup'] as const).flatMap((field) =>
    validateId(context[field], `${path}.${field}`),
  );
  for (const [index, group] of (context.supplementalGroups ?? []).entries()) {
    faults.push(...validateId(group, at(`${path}.supplementalGroups`, index)));
  }
  for (const [index, sysctl] of (context.sysctls ?? []).entries()) {
    const place = `${at(`${path}.sysctls`, index)}.name`;
    if (!sysctl.name) faults.push(required(place));
    else if (!SYSCTL.test(sysctl.name))
      faults.push(invalidValue(place, sysctl.name, `must have at most 253 characters and match regex ${SYSCTL_TEXT}`));
  }
  return [...faults, ...validateSeccomp(context.seccompProfile, `${path}.seccompProfile`)];
}

const SYSCTL_TEXT = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$';
const SYSCTL = new RegExp(SYSCTL_TEXT);
const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

function validateTolerations(tolerations: readonly Toleration[], path: string): FieldFault[] {
  const faults: FieldFault[] = [];
  for (const [index, toleration] of tolerations.entries()) {
    const place = at(path, index);
    const { key = '', operator = '', value = '', effect = '' } = toleration;
    if (key) faults.push(...invalidAll(`${place}.key`, key, isQualifiedName(key)));
    else if (operator !== 'Exists') {
      faults.push(
        invalidValue(
          `${place}.operator`,
          operator,
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      );
    }
    if (toleration.tolerationSeconds !== undefined && effect !== 'NoExecute') {
      faults.push(
        invalidValue(`${place}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"),
      );
    }
    if (operator === '' || operator === 'Equal')
      faults.push(...invalidAll(`${place}.operator`, value, isLabelValue(value)));
    else if (operator === 'Exists') {
      if (value)
        faults.push(invalidValue(`${place}.operator`, toleration, "value must be empty when `operator` is 'Exists'"));
    } else if (operator !== 'Lt' && operator !== 'Gt') {
      faults.push(notSupported(`${place}.operator`, operator, ['Equal', 'Exists']));
    }
    if (effect && !EFFECTS.includes(effect)) faults.push(notSupported(`${place}.effect`, effect, EFFECTS));
  }
  return faults;
}

function validateSpread(constraints: readonly TopologySpreadConstraint[], path: string): FieldFault[] {
  const faults: FieldFault[] = [];
  const met = new Set<string>();
  for (const [index, constraint] of constraints.entries()) {
    const place = at(path, index);
    if (constraint.maxSkew <= 0)
      faults.push(invalidValue(`${place}.maxSkew`, constraint.maxSkew, 'must be greater than zero'));
    if (!constraint.topologyKey) faults.push(required(`${place}.topologyKey`, 'can not be empty'));
    else
      faults.push(
        ...invalidAll(`${place}.topologyKey`, constraint.topologyKey, isQualifiedName(constraint.topologyKey)),
      );
    const action = constraint.whenUnsatisfiable;
    if (action !== 'DoNotSchedule' && action !== 'ScheduleAnyway') {
      faults.push(notSupported(`${place}.whenUnsatisfiable`, action, ['DoNotSchedule', 'ScheduleAnyway']));
    }
    const pair = `{${constraint.topologyKey}, ${action}}`;
    if (met.has(pair)) faults.push(duplicate(`${place}.{topologyKey, whenUnsatisfiable}`, pair));
    met.add(pair);
    if (constraint.minDomains !== undefined) {
      if (constraint.minDomains <= 0)
        faults.push(invalidValue(`${place}.minDomains`, constraint.minDomains, 'must be greater than 0'));
      if (action !== 'DoNotSchedule') {
        faults.push(
          invalidValue(
            `${place}.minDomains`,
            constraint.minDomains,
            `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`,
          ),
        );
      }
    }
    faults.push(...validateLabelSelector(constraint.labelSelector, `${place}.labelSelector`));
  }
  return faults;
}

function validateAffinity(affinity: Affinity, path: string): FieldFault[] {
  const faults: FieldFault[] = [];
  const node = affinity.nodeAffinity;
  if (node?.requiredDuringSchedulingIgnoredDuringExecution) {
    const place = `${path}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`;
    faults.push(...validateNodeTerms(node.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms, place));
  }
  for (const [index, term] of (node?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    const place = at(`${path}.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution`, index);
    faults.push(...weight(term.weight, place), ...validateNodeTerm(term.preference, `${place}.preference`));
  }
  for (const side of ['podAffinity', 'podAntiAffinity'] as const) {
    const rules = affinity[side];
    const requiredPath = `${path}.${side}.requiredDuringSchedulingIgnoredDuringExecution`;
    for (const [index, term] of (rules?.requiredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      faults.push(...validatePodTerm(term, at(requiredPath, index)));
    }
    const preferredPath = `${path}.${side}.preferredDuringSchedulingIgnoredDuringExecution`;
    for (const [index, term] of (rules?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      const place = at(preferredPath, index);
      faults.push(...weight(term.weight, place), ...validatePodTerm(term.podAffinityTerm, `${place}.podAffinityTerm`));
    }
  }
  return faults;
}

function weight(value: number, path: string): FieldFault[] {
  return value < 1 || value > 100 ? [invalidValue(`${path}.weight`, value, 'must be in the range 1-100')] : [];
}

/** The terms of a node selector, of pods and of persistent volumes. */
export function validateNodeTerms(terms: readonly NodeSelectorTerm[], path: string): FieldFault[] {
  if (terms.length === 0) return [required(path, 'must have at least one node selector term')];
  return terms.flatMap((term, index) => validateNodeTerm(term, at(path, index)));
}

function validateNodeTerm(term: NodeSelectorTerm, path: string): FieldFault[] {
  const faults: FieldFault[] = [];
  for (const [index, expression] of (term.matchExpressions ?? []).entries()) {
    const place = at(`${path}.matchExpressions`, index);
    const count = expression.values?.length ?? 0;
    switch (expression.operator) {
      case 'In':
      case 'NotIn':
        if (count === 0)
          faults.push(required(`${place}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
        break;
      case 'Exists':
      case 'DoesNotExist':
        if (count > 0)
          faults.push(
            forbiddenField(`${place}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
          );
        break;
      case 'Gt':
      case 'Lt':
        if (count !== 1)
          faults.push(required(`${place}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
        break;
      default:
        faults.push(invalidValue(`${place}.operator`, expression.operator, 'not a valid selector operator'));
    }
    faults.push(...invalidAll(`${place}.key`, expression.key, isQualifiedName(expression.key)));
  }
  for (const [index, expression] of (term.matchFields ?? []).entries()) {
    const place = at(`${path}.matchFields`, index);
    if ((expression.values?.length ?? 0) !== 1) {
      faults.push(
        required(
          `${place}.values`,
          "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
        ),
      );
    }
    if (expression.key !== 'metadata.name')
      faults.push(invalidValue(`${place}.key`, expression.key, 'not a valid field selector key'));
  }
  return faults;
}

function validatePodTerm(term: PodAffinityTerm, path: string): FieldFault[] {
  const faults = [
    ...validateLabelSelector(term.labelSelector, `${path}.labelSelector`),
    ...validateLabelSelector(term.namespaceSelector, `${path}.namespaceSelector`),
  ];
  for (const [index, name] of (term.namespaces ?? []).entries()) {
    faults.push(...invalidAll(at(`${path}.namespaces`, index), name, isDnsLabel(name)));
  }
  if (!term.topologyKey) faults.push(required(`${path}.topologyKey`, 'can not be empty'));
  else faults.push(...invalidAll(`${path}.topologyKey`, term.topologyKey, isQualifiedName(term.topologyKey)));
  return faults;
}
