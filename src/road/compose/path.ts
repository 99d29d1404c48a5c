/** Where a value stands in the merged document: names and, for lists, positions from 0. */
export type Path = readonly (string | number)[];

/** `services.web.ports[0]`; a name that is no plain word stands in quotes: `labels."com.example.team"`. */
export function keyOf(path: Path): string {
  let key = '';
  for (const step of path) {
    if (typeof step === 'number') key += `[${step}]`;
    else key += `${key === '' ? '' : '.'}${/^[\w/@-]+$/.test(step) ? step : JSON.stringify(step)}`;
  }
  return key;
}
