import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { invalidAll, invalidValue, required, tooLong } from '../faults.ts';
import type { Secret } from '../generated/types.ts';
import { isConfigKey } from '../names.ts';
import { immutable } from '../object-meta.ts';
import { BYTES_MAX, count, decodedBytes, validateFixed } from './entries.ts';

const own = (object: KubeObject) => object as unknown as Secret;

export const secret: Behaviour = {
  cells: (object, now) => [
    own(object).metadata.name,
    own(object).type ?? '',
    count(own(object).data),
    ageSince(own(object).metadata.creationTimestamp, now),
  ],
  selectableFields: { type: (object) => own(object).type ?? '' },
  setDefaults(object) {
    const target = own(object);
    if (target.stringData) {
      target.data ??= {};
      for (const [key, value] of Object.entries(target.stringData))
        target.data[key] = Buffer.from(value).toString('base64');
      delete target.stringData;
    }
    target.type ||= 'Opaque';
  },
  prepareForUpdate(object, old) {
    // Clients that leave the type out mean the one it has.
    if (!own(object).type) own(object).type = own(old).type ?? 'Opaque';
  },
  validate: (object) => validateSecret(own(object)),
  validateUpdate: (object, old) => [
    ...immutable(own(object).type, own(old).type, 'type'),
    ...validateFixed(own(object), own(old), ['data']),
    ...validateSecret(own(object)),
  ],
};

const DEMANDED: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};

function validateSecret({ metadata, type = '', data = {} }: Secret): FieldFault[] {
  const faults: FieldFault[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    faults.push(...invalidAll(`data[${key}]`, key, isConfigKey(key)));
    bytes += decodedBytes(value);
  }
  if (bytes > BYTES_MAX) faults.push(tooLong('data', BYTES_MAX));
  for (const key of DEMANDED[type] ?? []) if (data[key] === undefined) faults.push(required(`data[${key}]`));
  if (type === 'kubernetes.io/service-account-token' && !metadata.annotations?.['kubernetes.io/service-account.name']) {
    faults.push(required('metadata.annotations[kubernetes.io/service-account.name]'));
  }
  if (type === 'kubernetes.io/basic-auth' && data.username === undefined && data.password === undefined) {
    faults.push(required('data[username]'), required('data[password]'));
  }
  for (const key of type.startsWith('kubernetes.io/dockerc') ? (DEMANDED[type] ?? []) : []) {
    const text = data[key];
    if (text === undefined) continue;
    try {
      JSON.parse(Buffer.from(text, 'base64').toString());
    } catch {
      faults.push(
        invalidValue(`data[${key}]`, '<secret contents redacted>', 'invalid character looking for beginning of value'),
      );
    }
  }
  return faults;
}
