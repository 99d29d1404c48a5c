import type { Node, NodeSelectorTerm, Pod, PodTemplateSpec, Taint, Toleration } from '../kinds/index.ts';

/** Whether a toleration covers a taint (core/v1 Toleration.ToleratesTaint). */
export function toleratesTaint(tolerations: readonly Toleration[], taint: Taint): boolean {
  return tolerations.some(
    (toleration) =>
      (!toleration.effect || toleration.effect === taint.effect) &&
      (!toleration.key || toleration.key === taint.key) &&
      (toleration.operator === 'Exists' ||
        (Boolean(toleration.key) && (toleration.value ?? '') === (taint.value ?? ''))),
  );
}

function matchesTerm(term: NodeSelectorTerm, node: Node): boolean {
  const { matchExpressions = [], matchFields = [] } = term;
  if (matchExpressions.length + matchFields.length === 0) return false;
  const holds = ({ operator, values = [] }: { operator: string; values?: string[] }, value: string | undefined) => {
    if (operator === 'In') return value !== undefined && values.includes(value);
    if (operator === 'NotIn') return value === undefined || !values.includes(value);
    if (operator === 'Exists') return value !== undefined;
    if (operator === 'DoesNotExist') return value === undefined;
    if (value === undefined || !/^-?\d+$/.test(value)) return false;
    return operator === 'Gt' ? Number(value) > Number(values[0]) : Number(value) < Number(values[0]);
  };
  return (
    matchExpressions.every((entry) => holds(entry, node.metadata.labels?.[entry.key])) &&
    matchFields.every((entry) => entry.key === 'metadata.name' && holds(entry, node.metadata.name))
  );
}

/** Whether a template's nodeName, nodeSelector and required node affinity allow a node. */
export function allowsNode(template: PodTemplateSpec | Pod, node: Node): boolean {
  const { spec } = template;
  if (spec?.nodeName && spec.nodeName !== node.metadata.name) return false;
  for (const [key, value] of Object.entries(spec?.nodeSelector ?? {})) {
    if (node.metadata.labels?.[key] !== value) return false;
  }
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || required.nodeSelectorTerms.some((term) => matchesTerm(term, node));
}
