import type { Container, Draft, EnvVar, Job, Pod } from '../../kinds/index.ts';
import { INDEX_FAILURES, TRACKING_FINALIZER } from './accounting.ts';
import { INDEX_ANNOTATION } from './indexes.ts';

const INDEX_ENVIRONMENT: EnvVar = {
  name: 'JOB_COMPLETION_INDEX',
  valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: `metadata.labels['${INDEX_ANNOTATION}']` } },
};

/** Turns a pod of the template into one of this Job: tracked and, of an Indexed one, with its index. */
export function jobPod(job: Job, index: number | undefined, failuresBefore: number): (draft: Draft<Pod>) => Draft<Pod> {
  return (draft) => {
    const finalizers = [...(draft.metadata.finalizers ?? []), TRACKING_FINALIZER];
    if (index === undefined) return { ...draft, metadata: { ...draft.metadata, finalizers } };
    const perIndex = job.spec.backoffLimitPerIndex !== undefined;
    const metadata = {
      ...draft.metadata,
      finalizers,
      generateName: `${job.metadata.name}-${index}-`,
      labels: { ...draft.metadata.labels, [INDEX_ANNOTATION]: String(index) },
      annotations: {
        ...draft.metadata.annotations,
        [INDEX_ANNOTATION]: String(index),
        ...(perIndex ? { [INDEX_FAILURES]: String(failuresBefore) } : {}),
      },
    };
    if (draft.spec === undefined) return { ...draft, metadata };
    const { initContainers } = draft.spec;
    const spec = {
      ...draft.spec,
      hostname: `${job.metadata.name}-${index}`,
      containers: draft.spec.containers.map(withIndex),
      ...(initContainers === undefined ? {} : { initContainers: initContainers.map(withIndex) }),
    };
    return { ...draft, metadata, spec };
  };
}

function withIndex(container: Container): Container {
  if (container.env?.some(({ name }) => name === INDEX_ENVIRONMENT.name)) return container;
  return { ...container, env: [...(container.env ?? []), INDEX_ENVIRONMENT] };
}
