import type { Cron as CronType } from 'croner';

/** A cron schedule: when it was due, and when it is due next. */
export interface Schedule {
  /** The next moment after `afterMs`, milliseconds since 1970; undefined when there is none. */
  next(afterMs: number): number | undefined;
  /** The last moment before `atMs`, or at it. */
  lastUpTo(atMs: number): number | undefined;
}

const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const UNITS_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 };

/**
 * Reads a schedule as upstream's parser does: five fields, a descriptor, or `@every 1h30m`.
 * @throws Error for anything else, and RangeError for a time zone that is not known.
 */
export async function parseSchedule(text: string, timeZone: string | undefined): Promise<Schedule> {
  const trimmed = text.trim();
  if (timeZone !== undefined) new Intl.DateTimeFormat('en', { timeZone });
  const every = /^@every\s+(.+)$/.exec(trimmed);
  if (every !== null) return everySchedule(every[1] ?? '');
  const pattern = trimmed.startsWith('@') ? DESCRIPTORS[trimmed] : trimmed;
  if (pattern === undefined) throw new Error(`unrecognized descriptor: ${trimmed}`);
  const fields = pattern.split(/\s+/);
  if (fields.length !== 5) throw new Error(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`);
  const { Cron } = await import('croner');
  const cron: CronType = new Cron(pattern.replaceAll('?', '*'), {
    paused: true,
    timezone: timeZone ?? 'Etc/UTC',
    mode: '5-part',
  });
  return {
    next: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime(),
    // The library answers moments before its reference, never the reference itself.
    lastUpTo: (atMs) => cron.previousRuns(1, new Date(atMs + 1000))[0]?.getTime(),
  };
}

/** Constant intervals, counted from whole multiples so that they need no memory. */
function everySchedule(text: string): Schedule {
  let periodMs = 0;
  const rest = text.replaceAll(/(\d+(?:\.\d+)?)(h|m|s)/g, (_all, count: string, unit: string) => {
    periodMs += Number(count) * (UNITS_MS[unit] ?? 0);
    return '';
  });
  if (rest.trim() !== '' || periodMs < 1000) throw new Error(`failed to parse duration @every ${text}`);
  return {
    next: (afterMs) => (Math.floor(afterMs / periodMs) + 1) * periodMs,
    lastUpTo: (atMs) => Math.floor(atMs / periodMs) * periodMs,
  };
}
