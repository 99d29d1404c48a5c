import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../testing/fake-clock.ts';
import { EventCorrelator } from './event-correlation.ts';

const key = (message: string, subject = 's') => ({ subject, group: `${subject} Normal Reason`, message });

test('an equal event is found again, another message is another event', () => {
  const correlator = new EventCorrelator(new FakeClock());
  const first = correlator.correlate(key('a'));
  assert.ok(first);
  assert.equal(first.before, undefined);
  correlator.written(first.dedupKey, { name: 'n', namespace: 'd', count: 1, firstTimestamp: 't' });
  assert.equal(correlator.correlate(key('a'))?.before?.name, 'n');
  assert.equal(correlator.correlate(key('b'))?.before, undefined);
});

test('from the tenth message on, similar events are combined', () => {
  const correlator = new EventCorrelator(new FakeClock());
  for (let index = 0; index < 9; index++) assert.equal(correlator.correlate(key(`m${index}`))?.message, `m${index}`);
  assert.equal(correlator.correlate(key('m9'))?.message, '(combined from similar events): m9');
});

test('more than 25 events about one object are dropped until time passes', async () => {
  const clock = new FakeClock();
  const correlator = new EventCorrelator(clock);
  for (let index = 0; index < 25; index++) assert.ok(correlator.correlate(key('same')));
  assert.equal(correlator.correlate(key('same')), undefined);
  assert.ok(correlator.correlate(key('same', 'another object')));
  await clock.advance(300_000);
  assert.ok(correlator.correlate(key('same')));
});
