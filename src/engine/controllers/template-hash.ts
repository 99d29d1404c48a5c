const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * The hash that names what a template made (pod-template-hash, controller-revision-hash): 32-bit FNV-1a over the
 * template with its keys in order, and the collision count when there is one, in upstream's alphabet without vowels.
 */
export function templateHash(template: unknown, collisionCount?: number): string {
  const text = orderedJson(template) + (collisionCount === undefined ? '' : `#${collisionCount}`);
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return safeEncode(String(hash));
}

/** Upstream's rand.SafeEncodeString. */
export function safeEncode(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text)) encoded += ALPHABET[byte % ALPHABET.length];
  return encoded;
}

/** JSON with the keys of every object in order, so that equal values give equal texts. */
export function orderedJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
