import { ageSince } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject } from '../contract.ts';
import { invalidAll, invalidValue, tooLong } from '../faults.ts';
import type { ConfigMap } from '../generated/types.ts';
import { isConfigKey } from '../names.ts';
import { BYTES_MAX, count, decodedBytes, validateFixed } from './entries.ts';

const map = (object: KubeObject) => object as unknown as ConfigMap;

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
