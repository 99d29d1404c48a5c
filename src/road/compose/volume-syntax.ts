/** A volume in its short form, taken apart. */
export interface ShortVolume {
  readonly type: 'bind' | 'volume';
  /** Undefined for an anonymous volume. */
  readonly source: string | undefined;
  readonly target: string;
  readonly options: readonly string[];
}

/** `[SOURCE:]TARGET[:OPTIONS]`; a drive letter of Windows belongs to its path. Undefined for what is none. */
export function splitVolume(spec: string): ShortVolume | undefined {
  const parts = spec.replace(/(^|:)([A-Za-z]):(?=[\\/])/g, '$1$2\0').split(':');
  const words = parts.map((part) => part.replace('\0', ':'));
  if (words.length > 3 || words.some((word) => word === '')) return undefined;
  const [first, second, options] = words;
  if (first === undefined) return undefined;
  if (second === undefined) return { type: 'volume', source: undefined, target: first, options: [] };
  const isPath = /^(?:[./~]|\\\\|[A-Za-z]:)/.test(first);
  return {
    type: isPath ? 'bind' : 'volume',
    source: first,
    target: second,
    options: options === undefined ? [] : options.split(','),
  };
}
