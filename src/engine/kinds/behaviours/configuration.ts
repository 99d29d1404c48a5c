import { isDeepStrictEqual } from 'node:util';
import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { forbiddenField, invalidAll, invalidValue, required, tooLong } from '../faults.ts';
import type { ConfigMap, Secret } from '../generated/types.ts';
import { isConfigKey } from '../names.ts';
import { immutable } from '../object-meta.ts';

const map = (object: KubeObject) => object as unknown as ConfigMap;
const own = (object: KubeObject) => object as unknown as Secret;
const BYTES_MAX = 1024 * 1024;
const FIXED = 'field is immutable when `immutable` is set';
const count = (entries: object | undefined) => Object.keys(entries ?? {}).length;

/** Decoded length of base64 text. */
const decodedBytes = (text: string) => Math.floor((text.replace(/=+$/, '').length * 3) / 4);

export const configMap: Behaviour = {
  cells: (object, now) => [
    map(object).metadata.name,
    count(map(object).data) + count(map(object).binaryData),
    ageSince(map(object).metadata.creationTimestamp, now),
  ],
  validate: (object) => validateMap(map(object)),
  validateUpdate: (object, old) => [
    ...validateFixed(map(object), map(old), ['data', 'binaryData']),
    ...validateMap(map(object)),
  ],
};

function validateMap(object: ConfigMap): FieldFault[] {
  const faults: FieldFault[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(object.data ?? {})) {
    faults.push(...invalidAll(`data[${key}]`, key, isConfigKey(key)));
    if (object.binaryData && Object.hasOwn(object.binaryData, key)) {
      faults.push(invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData'));
    }
    bytes += Buffer.byteLength(value);
  }
  for (const [key, value] of Object.entries(object.binaryData ?? {})) {
    faults.push(...invalidAll(`binaryData[${key}]`, key, isConfigKey(key)));
    bytes += decodedBytes(value);
  }
  if (bytes > BYTES_MAX) faults.push(tooLong('', BYTES_MAX));
  return faults;
}

type Fixable = Pick<ConfigMap, 'data' | 'binaryData' | 'immutable'>;

/** What `immutable: true` holds fast; it cannot be taken back. */
function validateFixed(now: Fixable, before: Fixable, fields: readonly ('data' | 'binaryData')[]): FieldFault[] {
  if (!before.immutable) return [];
  const faults: FieldFault[] = [];
  if (!now.immutable) faults.push(forbiddenField('immutable', FIXED));
  for (const field of fields) {
    if (!isDeepStrictEqual(now[field] ?? {}, before[field] ?? {})) faults.push(forbiddenField(field, FIXED));
  }
  return faults;
}

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
