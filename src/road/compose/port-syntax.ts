/** A port in its short form, ranges written out. */
export interface ShortPort {
  readonly target: number;
  /** Undefined: any free one. */
  readonly published: number | undefined;
  readonly hostAddress: string | undefined;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  /** One of several published for the same target; compose takes the first that is free. */
  readonly anyOf?: string;
}

/** More would be a mistake, and too many for a Service. */
const RANGE_MAX = 250;

/**
 * `[[HOST:]PUBLISHED:]TARGET[/PROTOCOL]`, each a number or a range; an IPv6 address stands in brackets.
 * @returns what is wrong, as a text
 */
export function splitPort(spec: string): ShortPort[] | string {
  const [ports = '', protocol = 'tcp', ...more] = spec.split('/');
  if (more.length > 0 || !['tcp', 'udp', 'sctp'].includes(protocol.toLowerCase())) {
    return 'the protocol is tcp, udp or sctp';
  }
  const match = /^(?:(?:(\[[0-9a-fA-F:.]+\]|[^:[\]]*|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*):)?([0-9-]*):)?([0-9-]+)$/.exec(
    ports,
  );
  if (!match) return 'it is not [[ADDRESS:]PUBLISHED:]TARGET';
  const [, host, published = '', target = ''] = match;
  const targets = range(target);
  const outside = published === '' ? undefined : range(published);
  if (!targets || (published !== '' && !outside))
    return `a port is a number from 1 to 65535, a range at most ${RANGE_MAX} long`;
  const common = {
    hostAddress: host ? host.replace(/^\[|\]$/g, '') : undefined,
    protocol: protocol.toLowerCase() as ShortPort['protocol'],
  };
  if (outside && targets.length === 1 && outside.length > 1) {
    return targets.map((each) => ({ ...common, target: each, published: outside[0], anyOf: published }));
  }
  if (outside && outside.length !== targets.length) return 'the two ranges are not equally long';
  return targets.map((each, index) => ({ ...common, target: each, published: outside?.[index] }));
}

function range(text: string): number[] | undefined {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  if (!match) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  if (first < 1 || last > 65_535 || last < first || last - first >= RANGE_MAX) return undefined;
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
