import {
  badRequest,
  expired,
  type FieldFault,
  invalid,
  StatusError as Refusal,
  type StatusError,
  timeout,
} from '../kinds/index.ts';
import type { ListRequest } from './contract.ts';

/** @throws StatusError 400 for what is no resource version. */
export function versionNumber(text: string): number {
  if (!/^\d+$/.test(text)) {
    throw badRequest(
      `invalid resource version ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  return Number(text);
}

/** 504: the version is not written yet; the client may come again in a second. */
export function tooLargeVersion(asked: number, current: number): StatusError {
  const made = timeout(`Too large resource version: ${asked}, current: ${current}`, 1);
  return new Refusal({
    ...made.status,
    details: {
      ...made.status.details,
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    },
  });
}

/** 410 of a list at a version that is no longer kept. */
export function versionGone(): StatusError {
  return expired('The resourceVersion for the provided list is too old.');
}

/** 410 of a watch. */
export function watchGone(asked: number, oldest: number): StatusError {
  return expired(`too old resource version: ${asked} (${oldest})`);
}

/** What resourceVersionMatch may stand with. @throws StatusError 422 */
export function checkVersionMatch(request: ListRequest, isWatch: boolean, sendInitialEvents?: boolean): void {
  const faults: FieldFault[] = [];
  const forbid = (detail: string, path = 'resourceVersionMatch') => faults.push({ path, type: 'Forbidden', detail });
  const { resourceVersionMatch: match, resourceVersion: version } = request;
  if (isWatch) {
    if (sendInitialEvents !== undefined) {
      if (match !== 'NotOlderThan') {
        forbid('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
      }
    } else if (match) forbid('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
  } else {
    if (sendInitialEvents !== undefined) forbid('sendInitialEvents is forbidden for list', 'sendInitialEvents');
    if (match) {
      if (!version) forbid('resourceVersionMatch is forbidden unless resourceVersion is provided');
      else if (request.continue) forbid('resourceVersionMatch is forbidden when continue is provided');
      if ((match as string) !== 'Exact' && (match as string) !== 'NotOlderThan') {
        faults.push({
          path: 'resourceVersionMatch',
          type: 'NotSupported',
          value: match,
          detail: 'supported values: "Exact", "NotOlderThan", ""',
        });
      } else if (match === 'Exact' && version === '0') {
        forbid('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
      }
    }
  }
  if (faults.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', faults);
}
