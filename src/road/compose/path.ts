/** Where a value stands in the merged document: names and, for lists, positions from 0. */
export type Path = readonly (string | number)[];

/** `services.web.ports[0]`; a name that is no plain word stands in quotes: `labels."com.example.team"`. */
export function keyOf(path: Path): string {
  return path.reduce<string>(keyBelow, '');
}

/** The key one step further down. */
export function keyBelow(key: string, step: string | number): string {
  if (typeof step === 'number') return `${key}[${step}]`;
  return `${key === '' ? '' : `${key}.`}${/^[\w/@-]+$/.test(step) ? step : JSON.stringify(step)}`;
}
