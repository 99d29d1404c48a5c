import type {
  ControllerRevision,
  Draft,
  PersistentVolumeClaim,
  Pod,
  PodTemplateSpec,
  StatefulSet,
  Volume,
} from '../../kinds/index.ts';
import { podFromTemplate } from '../pod-control.ts';
import { templateOf } from '../revisions.ts';

export const REVISION_LABEL = 'controller-revision-hash';
const NAME_LABEL = 'statefulset.kubernetes.io/pod-name';
const INDEX_LABEL = 'apps.kubernetes.io/pod-index';

export function startOrdinal(set: StatefulSet): number {
  return set.spec.ordinals?.start ?? 0;
}

/** The number at the end of a pod's name; -1 for a pod that is not of this set. */
export function ordinalOf(set: StatefulSet, pod: Pod): number {
  const prefix = `${set.metadata.name}-`;
  const { name } = pod.metadata;
  const text = name.startsWith(prefix) ? name.slice(prefix.length) : '';
  return /^(0|[1-9]\d*)$/.test(text) ? Number(text) : -1;
}

export function claimName(set: StatefulSet, template: PersistentVolumeClaim, ordinal: number): string {
  return `${template.metadata.name}-${set.metadata.name}-${ordinal}`;
}

/** Claim volumes take the place of the template's volumes of the same name. */
function volumesOf(set: StatefulSet, template: PodTemplateSpec, ordinal: number): Volume[] {
  const claims = (set.spec.volumeClaimTemplates ?? []).map(
    (claim): Volume => ({
      name: claim.metadata.name,
      persistentVolumeClaim: { claimName: claimName(set, claim, ordinal), readOnly: false },
    }),
  );
  const names = new Set(claims.map((claim) => claim.name));
  return [...claims, ...(template.spec?.volumes ?? []).filter((volume) => !names.has(volume.name))];
}

/** The pod of an ordinal, of a revision's template. */
export function podOf(set: StatefulSet, revision: ControllerRevision, ordinal: number): Draft<Pod> {
  const template = templateOf(revision);
  const draft = podFromTemplate(set, template);
  const name = `${set.metadata.name}-${ordinal}`;
  const { generateName: _, ...metadata } = draft.metadata;
  const labels = {
    ...metadata.labels,
    [NAME_LABEL]: name,
    [INDEX_LABEL]: String(ordinal),
    [REVISION_LABEL]: revision.metadata.name,
  };
  if (draft.spec === undefined) return { ...draft, metadata: { ...metadata, name, labels } };
  const volumes = volumesOf(set, template, ordinal);
  const spec = {
    ...draft.spec,
    hostname: name,
    ...(set.spec.serviceName ? { subdomain: set.spec.serviceName } : {}),
    ...(volumes.length > 0 ? { volumes } : {}),
  };
  return { ...draft, metadata: { ...metadata, name, labels }, spec };
}

export function hasIdentity(set: StatefulSet, pod: Pod, ordinal: number): boolean {
  const { name, labels = {} } = pod.metadata;
  return (
    name === `${set.metadata.name}-${ordinal}` && labels[NAME_LABEL] === name && labels[INDEX_LABEL] === String(ordinal)
  );
}

export function identityLabels(pod: Pod, ordinal: number): Record<string, string> {
  return { [NAME_LABEL]: pod.metadata.name, [INDEX_LABEL]: String(ordinal) };
}
