import type { Node, NodeSelector, NodeSelectorTerm, Pod, Taint, Toleration } from '../kinds/index.ts';

/** Whether any term of a node selector matches. An empty term matches nothing. */
export function matchesNodeSelector(selector: NodeSelector, node: Node): boolean {
  return selector.nodeSelectorTerms.some((term) => matchesTerm(term, node));
}

export function matchesTerm(term: NodeSelectorTerm, node: Node): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length === 0 && fields.length === 0) return false;
  return (
    expressions.every((entry) => matchesEntry(entry, node.metadata.labels?.[entry.key])) &&
    fields.every((entry) => entry.key === 'metadata.name' && matchesEntry(entry, node.metadata.name))
  );
}

function matchesEntry(entry: { operator: string; values?: string[] }, value: string | undefined): boolean {
  const { operator, values = [] } = entry;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
    case 'Lt': {
      if (value === undefined || !/^-?\d+$/.test(value)) return false;
      const bound = Number(values[0]);
      return operator === 'Gt' ? Number(value) > bound : Number(value) < bound;
    }
    default:
      return false;
  }
}

/** nodeSelector and required node affinity together. */
export function matchesPodsNodeRules(pod: Pod, node: Node): boolean {
  for (const [key, value] of Object.entries(pod.spec.nodeSelector ?? {})) {
    if (node.metadata.labels?.[key] !== value) return false;
  }
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || matchesNodeSelector(required, node);
}

export function tolerates(tolerations: readonly Toleration[] | undefined, taint: Taint): boolean {
  return (tolerations ?? []).some((toleration) => {
    if (toleration.effect && toleration.effect !== taint.effect) return false;
    if (toleration.key && toleration.key !== taint.key) return false;
    const { value = '' } = toleration;
    const actual = taint.value ?? '';
    switch (toleration.operator ?? 'Equal') {
      case '':
      case 'Equal':
        return Boolean(toleration.key) && value === actual;
      case 'Exists':
        return true;
      case 'Lt':
      case 'Gt': {
        if (!/^-?\d+$/.test(value) || !/^-?\d+$/.test(actual)) return false;
        return toleration.operator === 'Lt' ? Number(actual) < Number(value) : Number(actual) > Number(value);
      }
      default:
        return false;
    }
  });
}

/** The first taint that keeps new pods away and is not tolerated. */
export function untolerated(pod: Pod, node: Node): Taint | undefined {
  return (node.spec.taints ?? []).find(
    (taint) =>
      (taint.effect === 'NoSchedule' || taint.effect === 'NoExecute') && !tolerates(pod.spec.tolerations, taint),
  );
}
