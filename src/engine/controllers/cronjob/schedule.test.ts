import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSchedule } from './schedule.ts';

const at = (text: string) => Date.parse(text);

test('five fields, descriptors and intervals are read', async () => {
  const every = await parseSchedule('*/5 * * * *', undefined);
  assert.equal(every.next(at('2026-01-01T00:01:00Z')), at('2026-01-01T00:05:00Z'));
  assert.equal(every.lastUpTo(at('2026-01-01T00:05:00Z')), at('2026-01-01T00:05:00Z'));
  assert.equal(every.lastUpTo(at('2026-01-01T00:09:59Z')), at('2026-01-01T00:05:00Z'));
  const daily = await parseSchedule('@daily', undefined);
  assert.equal(daily.next(at('2026-01-01T00:00:00Z')), at('2026-01-02T00:00:00Z'));
  const interval = await parseSchedule('@every 1h30m', undefined);
  assert.equal(interval.next(0), 5_400_000);
});

test('a time zone moves the hour', async () => {
  const schedule = await parseSchedule('0 9 * * *', 'Asia/Tokyo');
  assert.equal(schedule.next(at('2026-01-01T00:00:00Z')), at('2026-01-02T00:00:00Z'));
});

test('what is no schedule and no time zone is refused', async () => {
  await assert.rejects(parseSchedule('* * * *', undefined), /expected exactly 5 fields, found 4/);
  await assert.rejects(parseSchedule('* * * * * *', undefined), /expected exactly 5 fields, found 6/);
  await assert.rejects(parseSchedule('@sometimes', undefined), /unrecognized descriptor/);
  await assert.rejects(parseSchedule('@daily', 'Mars/Olympus'), RangeError);
});
