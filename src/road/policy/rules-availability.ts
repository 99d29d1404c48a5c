import {
  type DeploymentSpec,
  type LabelSelector,
  matchesSelector,
  type NetworkPolicySpec,
  type PodDisruptionBudgetSpec,
} from '../../engine/kinds/index.ts';
import type { PolicyRule, Scope, Subject } from './contract.ts';

/** Whether it goes on serving while pods and nodes come and go. */
export const AVAILABILITY_RULES: readonly PolicyRule[] = [
  {
    id: 'single-replica',
    factor: 'concurrency',
    severity: 'warning',
    kinds: ['Deployment'],
    what: 'one pod alone behind a Service',
    why: 'When its node is mended or lost, nobody answers.',
    fix: 'Set spec.replicas: 2 or more, or say Recreate when only one may run.',
    *find(subject, scope) {
      if (scope.servicesOf(subject).length === 0 || replicasOf(subject, scope) !== 1) return;
      const spec = specOf<DeploymentSpec>(subject);
      // Whoever recreates has said that there may be one only.
      const single = spec.strategy?.type === 'Recreate';
      yield {
        path: spec.replicas === undefined ? ['spec'] : ['spec', 'replicas'],
        message: 'one replica serves alone',
        ...(single || inDevelopment(subject) ? { severity: 'note' } : {}),
      };
    },
  },
  {
    id: 'budget-missing',
    factor: 'disposability',
    severity: 'note',
    kinds: ['Deployment'],
    what: 'several pods without a PodDisruptionBudget',
    why: 'When nodes are emptied, all of them may be taken at once.',
    fix: 'Add a PodDisruptionBudget with maxUnavailable: 1 and the same selector.',
    *find(subject, scope) {
      if (replicasOf(subject, scope) < 2 || scope.servicesOf(subject).length === 0) return;
      const budgets = scope.ofKind('PodDisruptionBudget');
      if (!budgets.some((budget) => matches(specOf<PodDisruptionBudgetSpec>(budget).selector, subject)))
        yield { path: ['spec'], message: 'no PodDisruptionBudget covers its pods' };
    },
  },
  {
    id: 'budget-blocks-drains',
    severity: 'warning',
    kinds: ['PodDisruptionBudget'],
    what: 'a PodDisruptionBudget that never lets a pod go',
    why: 'Nodes cannot be emptied: upgrades of the cluster stand still.',
    fix: 'Set maxUnavailable: 1, or have more replicas than minAvailable.',
    *find(subject, scope) {
      const { minAvailable, maxUnavailable, selector } = specOf<PodDisruptionBudgetSpec>(subject);
      if (maxUnavailable === 0 || maxUnavailable === '0%') {
        yield { path: ['spec', 'maxUnavailable'], message: `maxUnavailable ${maxUnavailable} lets no pod go` };
        return;
      }
      if (minAvailable === undefined) return;
      if (minAvailable === '100%') {
        yield { path: ['spec', 'minAvailable'], message: 'minAvailable 100% lets no pod go' };
        return;
      }
      for (const target of scope.subjects) {
        if (!['Deployment', 'StatefulSet', 'ReplicaSet'].includes(target.kind) || !matches(selector, target)) continue;
        const replicas = replicasOf(target, scope);
        const least =
          typeof minAvailable === 'number' ? minAvailable : (replicas * Number.parseFloat(minAvailable)) / 100;
        if (replicas > 0 && Math.ceil(least) >= replicas)
          yield {
            path: ['spec', 'minAvailable'],
            message: `minAvailable ${minAvailable} of the ${replicas} of ${target.kind.toLowerCase()}/${target.name} lets no pod go`,
          };
      }
    },
  },
  {
    id: 'selects-nothing',
    severity: 'warning',
    kinds: ['PodDisruptionBudget', 'NetworkPolicy'],
    what: 'a selector that matches no pods',
    why: 'What the object was made for does not happen.',
    fix: "Make its selector equal to labels of the pods' template.",
    *find(subject, scope) {
      const policy = subject.kind === 'NetworkPolicy';
      const selector = policy
        ? specOf<NetworkPolicySpec>(subject).podSelector
        : specOf<PodDisruptionBudgetSpec>(subject).selector;
      const empty = Object.keys(selector ?? {}).length === 0;
      if (empty || !scope.subjects.some(({ pod }) => pod)) return;
      if (!scope.subjects.some((target) => matches(selector, target)))
        yield { path: ['spec', policy ? 'podSelector' : 'selector'], message: 'its selector matches no pods' };
    },
  },
  {
    id: 'spread-missing',
    severity: 'note',
    kinds: ['Deployment', 'StatefulSet'],
    what: 'several pods that may all be on one node',
    why: 'When that node is lost, all of them are.',
    fix: 'Add topologySpreadConstraints over kubernetes.io/hostname with whenUnsatisfiable: ScheduleAnyway.',
    *find(subject, scope) {
      const { pod } = subject;
      if (!pod || replicasOf(subject, scope) < 2) return;
      if (!pod.spec.topologySpreadConstraints?.length && !pod.spec.affinity?.podAntiAffinity)
        yield { path: pod.path, message: 'nothing spreads its pods over nodes' };
    },
  },
  {
    id: 'roll-with-gap',
    factor: 'disposability',
    severity: 'warning',
    kinds: ['Deployment'],
    what: 'a roll that takes all pods away at once',
    why: 'A new version then means downtime, though it is called rolling.',
    fix: 'Set strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}.',
    *find(subject, scope) {
      const { strategy } = specOf<DeploymentSpec>(subject);
      const replicas = replicasOf(subject, scope);
      if (scope.servicesOf(subject).length === 0) return;
      if (strategy?.type === 'Recreate') {
        if (replicas > 1)
          yield {
            path: ['spec', 'strategy', 'type'],
            message: `Recreate ends all ${replicas} pods before a new one starts`,
          };
        return;
      }
      const most = strategy?.rollingUpdate?.maxUnavailable;
      if (most === undefined || replicas === 0) return;
      const count = typeof most === 'number' ? most : Math.floor((replicas * Number.parseFloat(most)) / 100);
      if (count >= replicas)
        yield {
          path: ['spec', 'strategy', 'rollingUpdate', 'maxUnavailable'],
          message: `maxUnavailable ${most} of ${replicas} lets all pods go at once`,
        };
    },
  },
];

function specOf<T>(subject: Subject): Partial<T> {
  return (subject.object.spec ?? {}) as Partial<T>;
}

/** What is wanted; with an autoscaler its least. */
function replicasOf(subject: Subject, scope: Scope): number {
  const scaler = scope.ofKind('HorizontalPodAutoscaler').find(({ object }) => {
    const target = (object.spec as { scaleTargetRef?: { kind?: string; name?: string } } | undefined)?.scaleTargetRef;
    return target?.kind === subject.kind && target.name === subject.name;
  });
  if (scaler) return specOf<{ minReplicas: number }>(scaler).minReplicas ?? 1;
  return specOf<{ replicas: number }>(subject).replicas ?? 1;
}

function matches(selector: LabelSelector | undefined, subject: Subject): boolean {
  return subject.pod !== undefined && matchesSelector(selector, subject.pod.labels);
}

/** A namespace that says that it is for trying things out. */
function inDevelopment({ namespace }: Subject): boolean {
  return /(?:^|-)(?:dev|development|test|local|preview)(?:-|$)/.test(namespace ?? '');
}
