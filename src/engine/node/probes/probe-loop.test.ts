import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Clock } from '../../../base/index.ts';
import type { Probe } from '../../kinds/index.ts';
import type { Outcome } from './outcome.ts';
import { type ProbeKind, ProbeLoop } from './probe-loop.ts';

/** Time that moves only when told; timers run in their order. */
class HandClock implements Clock {
  #now = 0;
  #timers: { at: number; callback: () => void }[] = [];
  now = () => this.#now;
  monotonic = () => this.#now;
  sleep = async () => {};
  after(delayMs: number, callback: () => void) {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.push(timer);
    const cancel = () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
    return { cancel };
  }
  async moveTo(time: number) {
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= time).sort((one, other) => one.at - other.at)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#now = next.at;
      next.callback();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#now = time;
  }
}

function loopOf(kind: ProbeKind, probe: Probe, answer: (atMs: number) => Outcome['result']) {
  const clock = new HandClock();
  const runs: number[] = [];
  const verdicts: string[] = [];
  let troubles = 0;
  const loop = new ProbeLoop({
    kind,
    probe,
    clock,
    async run() {
      runs.push(clock.now());
      return { result: answer(clock.now()), output: '' };
    },
    onVerdict: (healthy) => verdicts.push(`${healthy} at ${clock.now()}`),
    onTrouble: () => troubles++,
  });
  return { clock, loop, runs, verdicts, troubles: () => troubles };
}

describe('a probe loop', () => {
  const http = { httpGet: { port: 80 } };

  test('runs at once, then on its period', async () => {
    const { clock, runs, verdicts } = loopOf('readiness', { ...http, periodSeconds: 5 }, () => 'success');
    await clock.moveTo(10_000);
    assert.deepEqual(runs, [0, 5000, 10_000]);
    assert.deepEqual(verdicts, ['true at 0']);
  });

  test('looks eagerly while a container comes up, without counting failures', async () => {
    const { clock, verdicts, troubles } = loopOf(
      'readiness',
      { ...http, periodSeconds: 5, failureThreshold: 2 },
      (at) => (at < 300 ? 'failure' : 'success'),
    );
    await clock.moveTo(1000);
    assert.deepEqual(verdicts, ['true at 375']);
    assert.equal(troubles(), 1);
  });

  test('waits for its initial delay', async () => {
    const { clock, runs } = loopOf('liveness', { ...http, initialDelaySeconds: 3, periodSeconds: 5 }, () => 'success');
    await clock.moveTo(9000);
    assert.deepEqual(runs, [3000, 8000]);
  });

  test('needs as many in a row as its thresholds say', async () => {
    const answers: Outcome['result'][] = ['success', 'failure', 'success', 'success', 'failure', 'failure'];
    const { clock, verdicts } = loopOf(
      'readiness',
      { ...http, periodSeconds: 1, successThreshold: 2, failureThreshold: 2 },
      (at) => answers[at / 1000] ?? 'success',
    );
    await clock.moveTo(5000);
    assert.deepEqual(verdicts, ['true at 3000', 'false at 5000']);
  });

  test('ends when it is stopped', async () => {
    const { clock, loop, runs } = loopOf('liveness', { ...http, periodSeconds: 1 }, () => 'success');
    await clock.moveTo(0);
    loop.stop();
    await clock.moveTo(5000);
    assert.deepEqual(runs, [0]);
  });
});
