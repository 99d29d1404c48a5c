const SECONDS = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;
const MICRO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/;
const RFC3339 = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d+))?(Z|[+-]\d{2}:\d{2})$/;

/** metav1.Time: RFC 3339, UTC, whole seconds; undefined for what is no RFC 3339 time. */
export function canonicalTime(text: string): string | undefined {
  if (SECONDS.test(text)) return Number.isNaN(Date.parse(text)) ? undefined : text;
  const match = RFC3339.exec(text);
  const time = match ? Date.parse(`${match[1]}${match[3]}`) : Number.NaN;
  return Number.isNaN(time) ? undefined : formatTime(time);
}

/** metav1.MicroTime: RFC 3339, UTC, six digits of the second. */
export function canonicalMicroTime(text: string): string | undefined {
  if (MICRO.test(text)) return text;
  const match = RFC3339.exec(text);
  const time = match ? Date.parse(`${match[1]}${match[3]}`) : Number.NaN;
  if (Number.isNaN(time)) return undefined;
  return `${new Date(time).toISOString().slice(0, 19)}.${(match?.[2] ?? '').padEnd(6, '0').slice(0, 6)}Z`;
}

/** metav1.Time of milliseconds since 1970. */
export function formatTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** metav1.MicroTime of milliseconds since 1970. */
export function formatMicroTime(milliseconds: number): string {
  const whole = Math.floor(milliseconds);
  const micro = Math.floor((milliseconds - whole) * 1000);
  return `${new Date(whole).toISOString().slice(0, 23)}${String(micro).padStart(3, '0')}Z`;
}
