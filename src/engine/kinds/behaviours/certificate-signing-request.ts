import { ageSince, formatAge } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { invalidValue, required } from '../faults.ts';
import type { CertificateSigningRequest } from '../generated/types.ts';
import { pathSegmentName } from '../names.ts';
import { copy } from '../object-meta.ts';
import { keepAllButStatus, keepStatus, loose } from './strategy.ts';

const csr = (object: KubeObject) => object as unknown as CertificateSigningRequest;

export const certificateSigningRequest: Behaviour = {
  validateName: pathSegmentName,
  selectableFields: { 'spec.signerName': (object) => csr(object).spec.signerName },
  cells(object, now) {
    const { metadata, spec, status } = csr(object);
    const states = [...(status?.conditions ?? [])];
    const holds = (type: string) => states.some((one) => one.type === type);
    let state = holds('Denied') ? 'Denied' : holds('Approved') ? 'Approved' : 'Pending';
    if (holds('Failed')) state += ',Failed';
    if (status?.certificate) state += ',Issued';
    return [
      metadata.name,
      ageSince(metadata.creationTimestamp, now),
      spec.signerName || '<none>',
      spec.username ?? '',
      spec.expirationSeconds === undefined ? '<none>' : formatAge(spec.expirationSeconds * 1000),
      state,
    ];
  },
  setDefaults(object) {
    const { spec } = csr(object);
    if ((spec.usages ?? []).length === 0) spec.usages = ['digital signature', 'key encipherment'];
  },
  prepareForCreate(object) {
    loose(object).status = {};
  },
  prepareForUpdate(object, old) {
    // What was asked for and by whom never changes.
    loose(object).spec = copy(loose(old).spec);
    keepStatus(loose(object), loose(old));
  },
  prepareForStatusUpdate(object, old) {
    const certificate = csr(object).status;
    keepAllButStatus(loose(object), loose(old));
    if (certificate) csr(object).status = certificate;
  },
  validate(object) {
    const { spec } = csr(object);
    const faults: FieldFault[] = [];
    if (!spec.request)
      faults.push(invalidValue('spec.request', spec.request ?? null, 'PEM block type must be CERTIFICATE REQUEST'));
    else if (!/-----BEGIN (NEW )?CERTIFICATE REQUEST-----/.test(Buffer.from(spec.request, 'base64').toString())) {
      faults.push(invalidValue('spec.request', spec.request, 'PEM block type must be CERTIFICATE REQUEST'));
    }
    if (!spec.signerName) faults.push(required('spec.signerName'));
    if (spec.expirationSeconds !== undefined && spec.expirationSeconds < 600) {
      faults.push(
        invalidValue(
          'spec.expirationSeconds',
          spec.expirationSeconds,
          'may not specify a duration less than 600 seconds (10 minutes)',
        ),
      );
    }
    return faults;
  },
};
