import { formatAge } from '../age.ts';
import type { Behaviour, KubeObject } from '../contract.ts';
import { invalidValue, required } from '../faults.ts';
import type { Event } from '../generated/types.ts';

/** Core and events.k8s.io Events are one kind with two faces. */
interface Any extends Event {
  regarding?: Event['involvedObject'];
  note?: string;
  deprecatedSource?: Event['source'];
  reportingController?: string;
  deprecatedFirstTimestamp?: string;
  deprecatedLastTimestamp?: string;
  deprecatedCount?: number;
}

const own = (object: KubeObject) => object as unknown as Any;
const about = (object: KubeObject) => own(object).involvedObject ?? own(object).regarding ?? {};
const reporter = (object: KubeObject) => own(object).reportingComponent || own(object).reportingController || '';
const source = (object: KubeObject) =>
  own(object).source?.component || own(object).deprecatedSource?.component || reporter(object);

const ABOUT = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'] as const;

function selectable(): Record<string, (object: KubeObject) => string> {
  const fields: Record<string, (object: KubeObject) => string> = {
    reason: (object) => own(object).reason ?? '',
    type: (object) => own(object).type ?? '',
    source,
    reportingComponent: (object) => reporter(object) || (own(object).source?.component ?? ''),
  };
  for (const field of ABOUT) {
    fields[`involvedObject.${field}`] = (object) => about(object)[field] ?? '';
    fields[`regarding.${field}`] = (object) => about(object)[field] ?? '';
  }
  fields.reportingController = reporter;
  return fields;
}

export const event: Behaviour = {
  createOnUpdate: true,
  selectableFields: selectable(),
  cells,
  validate(object) {
    const namespace = object.metadata.namespace;
    const involved = about(object);
    const field = own(object).regarding ? 'regarding' : 'involvedObject';
    const faults = [];
    if ((involved.namespace ?? '') !== '' && involved.namespace !== namespace) {
      faults.push(invalidValue(`${field}.namespace`, involved.namespace, 'does not match event.namespace'));
    }
    if (!involved.namespace && namespace !== 'default' && namespace !== 'kube-system') {
      faults.push(invalidValue(`${field}.namespace`, '', 'does not match event.namespace'));
    }
    if (own(object).regarding || own(object).eventTime) {
      if (!reporter(object)) faults.push(required('reportingController'));
      if (!own(object).reportingInstance) faults.push(required('reportingInstance'));
      if (!own(object).action) faults.push(required('action'));
      if (!own(object).reason) faults.push(required('reason'));
    }
    return faults;
  },
};

function cells(object: KubeObject, now: number): (string | number)[] {
  const one = own(object);
  const involved = about(object);
  const first = one.firstTimestamp ?? one.deprecatedFirstTimestamp ?? one.eventTime;
  const last = one.series?.lastObservedTime ?? one.lastTimestamp ?? one.deprecatedLastTimestamp;
  const firstAge = age(first, now);
  const host = one.source?.host ?? one.deprecatedSource?.host;
  const component = source(object);
  const subject = involved.kind ? `${involved.kind.toLowerCase()}/${involved.name ?? ''}` : (involved.name ?? '');
  return [
    last ? age(last, now) : firstAge,
    one.type ?? '',
    one.reason ?? '',
    subject,
    involved.fieldPath ?? '',
    host ? `${component}, ${host}` : component,
    (one.message ?? one.note ?? '').trim(),
    firstAge,
    String(one.series?.count ?? one.count ?? one.deprecatedCount ?? 1),
    one.metadata.name,
  ];
}

function age(time: string | undefined, now: number): string {
  return time ? formatAge(now - Date.parse(time)) : '<unknown>';
}
