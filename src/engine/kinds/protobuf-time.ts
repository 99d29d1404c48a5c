export interface Timestamp {
  readonly seconds: number;
  readonly nanos: number;
}

/** RFC 3339 to what travels. */
export function formatTimestamp(text: string): Timestamp {
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? '';
  return {
    seconds: Math.floor(Date.parse(text.replace(/\.\d+/, '')) / 1000),
    nanos: Number(fraction.padEnd(9, '0').slice(0, 9)),
  };
}

/** What travelled to metav1.Time, or metav1.MicroTime. */
export function readTimestamp({ seconds, nanos }: Timestamp, isMicro: boolean): string {
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return isMicro ? `${whole}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z` : `${whole}Z`;
}
