const SCHEDULE_FIELD = /^[\d*/,\-?A-Za-z#]+$/;

export function scheduleFault(schedule: string): string | undefined {
  const text = schedule.replace(/^(CRON_)?TZ=\S+\s+/, '').trim();
  if (text.startsWith('@')) {
    return /^@(yearly|annually|monthly|weekly|daily|midnight|hourly|every .+)$/.test(text)
      ? undefined
      : `unrecognized descriptor: ${text}`;
  }
  const fields = text.split(/\s+/);
  if (fields.length !== 5) return `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`;
  for (const [index, field] of fields.entries()) {
    const fault = SCHEDULE_FIELD.test(field)
      ? rangeFault(field, RANGES[index] ?? [0, 59, []])
      : `failed to parse int from ${field}`;
    if (fault) return fault;
  }
  return undefined;
}

type Range = readonly [low: number, high: number, names: readonly string[]];

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const RANGES: readonly Range[] = [
  [0, 59, []],
  [0, 23, []],
  [1, 31, []],
  [1, 12, ['', ...MONTHS]],
  [0, 6, DAYS],
];

/** One field of a schedule: lists of `*`, numbers, names and ranges with a step. */
function rangeFault(field: string, [low, high, names]: Range): string | undefined {
  for (const term of field.split(',')) {
    const [span = '', step, ...more] = term.split('/');
    if (more.length > 0) return `too many slashes: ${term}`;
    if (step !== undefined && !/^[1-9]\d*$/.test(step)) return `failed to parse int from ${step}`;
    if (span === '*' || span === '?') continue;
    const ends = span.split('-');
    if (ends.length > 2) return `too many hyphens: ${term}`;
    const values = ends.map((end) => {
      const index = names.indexOf(end.toLowerCase());
      return index >= 0 ? index : /^\d+$/.test(end) ? Number(end) : Number.NaN;
    });
    const bad = values.findIndex((value) => Number.isNaN(value));
    if (bad >= 0)
      return `failed to parse int from ${ends[bad]}: strconv.Atoi: parsing ${JSON.stringify(ends[bad])}: invalid syntax`;
    const [start = 0, end = start] = values;
    if (start < low) return `beginning of range (${start}) below minimum (${low}): ${term}`;
    if (end > high) return `end of range (${end}) above maximum (${high}): ${term}`;
    if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${term}`;
  }
  return undefined;
}
