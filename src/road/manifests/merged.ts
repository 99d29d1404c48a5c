/** Lists of which the second is added to the first; other lists are replaced. */
const ADDED = new Set([
  'env',
  'envFrom',
  'volumeMounts',
  'volumeDevices',
  'volumes',
  'initContainers',
  'containers',
  'imagePullSecrets',
  'hostAliases',
]);

/** Maps of which only one key may stand: a hook or a probe of another type takes the place of the first. */
const WHOLE = new Set(['preStop', 'postStart', 'startupProbe', 'readinessProbe', 'livenessProbe']);

/** The first object with the second's fields over it; maps are merged, so that one field takes nothing else away. */
export function merged<T extends object>(first: T, second: Partial<T> | undefined): T {
  if (!second) return first;
  const result = new Map<string, unknown>(Object.entries(first));
  for (const [key, value] of Object.entries(second)) {
    if (value === undefined) continue;
    const old = result.get(key);
    if (Array.isArray(old) && Array.isArray(value) && ADDED.has(key)) result.set(key, [...old, ...value]);
    else if (isMap(old) && isMap(value) && !WHOLE.has(key)) result.set(key, merged(old, value));
    else result.set(key, value);
  }
  return Object.fromEntries(result) as T;
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
