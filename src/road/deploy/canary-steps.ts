import { UserError } from '../../base/index.ts';
import type { CanaryStep } from '../project/index.ts';

const STEPS_MAX = 20;
const HOLD_SECONDS_MAX = 7 * 86_400;
const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** What a canary does when nobody says otherwise. */
export const CANARY_DEFAULT: readonly CanaryStep[] = [
  { weightPercent: 10, holdSeconds: 30 },
  { weightPercent: 50, holdSeconds: 30 },
  { weightPercent: 100, holdSeconds: 0 },
];

/**
 * `10:30s,50:1m,100`: weights in per cent, rising, each with how long it is held; `hold` waits for a promotion, nothing
 * goes on at once. @throws UserError naming the step that is wrong.
 */
export function canaryStepsOf(flag: string, text: string): CanaryStep[] {
  const steps = text.split(',').map((part): CanaryStep => {
    const [weight = '', time, ...more] = part.trim().split(':');
    if (!/^\d{1,3}$/.test(weight) || Number(weight) < 1 || Number(weight) > 100 || more.length > 0) {
      throw wrong(flag, `"${part}" is no step`);
    }
    const holdSeconds = time === undefined ? 0 : time === 'hold' ? undefined : secondsOf(flag, time);
    return { weightPercent: Number(weight), holdSeconds };
  });
  if (steps.length > STEPS_MAX) throw wrong(flag, `has ${steps.length} steps; at most ${STEPS_MAX} are sensible`);
  steps.forEach(({ weightPercent }, index) => {
    const before = steps[index - 1]?.weightPercent ?? 0;
    if (weightPercent <= before) throw wrong(flag, `${weightPercent} comes after ${before}; weights rise`);
  });
  return steps;
}

/** `60s`, `2m`, `1h`, `90`: seconds. @throws UserError */
export function secondsOf(flag: string, text: string): number {
  const [, number = '', unit = 's'] = /^(\d{1,6})([smh])?$/.exec(text) ?? [];
  const seconds = Number(number) * (UNIT_SECONDS[unit] ?? 1);
  if (number === '' || seconds > HOLD_SECONDS_MAX) throw wrong(flag, `"${text}" is no time`);
  return seconds;
}

function wrong(flag: string, fault: string): UserError {
  return new UserError(flag, fault, 'Write it as 10:30s,50:1m,100 (per cent:time, or per cent:hold).', {
    exitStatus: 2,
  });
}
