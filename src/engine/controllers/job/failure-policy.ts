import type { ContainerStatus, Job, Pod, PodFailurePolicyRule } from '../../kinds/index.ts';

export interface PolicyMatch {
  readonly action: 'FailJob' | 'FailIndex' | 'Ignore' | 'Count';
  readonly message: string;
}

/** What spec.podFailurePolicy says of a failed pod: its first rule that matches; undefined without one. */
export function matchFailurePolicy(job: Job, pod: Pod): PolicyMatch | undefined {
  const rules = job.spec.podFailurePolicy?.rules ?? [];
  if (pod.status.phase !== 'Failed') return undefined;
  for (const [index, rule] of rules.entries()) {
    const message = matchExitCodes(rule, pod, index) ?? matchConditions(rule, pod, index);
    if (message !== undefined) return { action: rule.action as PolicyMatch['action'], message };
  }
  return undefined;
}

function matchExitCodes(rule: PodFailurePolicyRule, pod: Pod, index: number): string | undefined {
  const wanted = rule.onExitCodes;
  if (wanted === undefined) return undefined;
  const statuses: ContainerStatus[] = [
    ...(pod.status.containerStatuses ?? []),
    ...(pod.status.initContainerStatuses ?? []),
  ];
  for (const status of statuses) {
    const exitCode = status.state?.terminated?.exitCode;
    if (exitCode === undefined || exitCode === 0) continue;
    if (wanted.containerName !== undefined && wanted.containerName !== status.name) continue;
    if (wanted.values.includes(exitCode) !== (wanted.operator === 'In')) continue;
    return `Container ${status.name} for pod ${pod.metadata.namespace}/${pod.metadata.name} failed with exit code ${exitCode} matching ${rule.action} rule at index ${index}`;
  }
  return undefined;
}

function matchConditions(rule: PodFailurePolicyRule, pod: Pod, index: number): string | undefined {
  for (const pattern of rule.onPodConditions ?? []) {
    const found = pod.status.conditions?.find((condition) => condition.type === pattern.type);
    if (found?.status !== (pattern.status ?? 'True')) continue;
    return `Pod ${pod.metadata.namespace}/${pod.metadata.name} has condition ${pattern.type} matching ${rule.action} rule at index ${index}`;
  }
  return undefined;
}
