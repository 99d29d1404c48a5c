import type { PodSpec } from '../../engine/kinds/index.ts';
import type { Manifest } from '../manifests/index.ts';

/** The pod of an object with its template; undefined for one that makes no pods. */
export function podSpecOf(object: Manifest): { spec: PodSpec; template: object } | undefined {
  const spec = isMap(object.spec) ? object.spec : {};
  const job = isMap(spec.jobTemplate) && isMap(spec.jobTemplate.spec) ? spec.jobTemplate.spec : spec;
  const template = job.template;
  if (!isMap(template) || !isMap(template.spec)) return undefined;
  return { spec: template.spec as unknown as PodSpec, template };
}

/** A copy in which every text is what `change` makes of it; keys stay. */
export function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((one) => mapStrings(one, change));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, mapStrings(one, change)]));
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
