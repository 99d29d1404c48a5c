import type { LoadCount } from '../load/index.ts';
import type { Gates } from './contract.ts';

const ERROR_PERCENT_MAX = 1;
const LATENCY_FACTOR_MAX = 5;
/** Starting containers slow a small machine down for moments; below that it is not the version. */
const LATENCY_FLOOR_MS = 1_000;
/** Fewer requests say nothing about a rate, fewer failures nothing about a version. */
const REQUESTS_MIN = 20;
const FAILURES_MIN = 3;

/** Too many failed requests; undefined: nothing is wrong. `before` is what they showed before the release. */
export function errorFault(count: LoadCount, before: LoadCount | undefined, gates: Gates): string | undefined {
  if (count.requests < REQUESTS_MIN) return undefined;
  const limit = gates.errorPercentMax ?? ERROR_PERCENT_MAX;
  // What serves badly may be replaced by what mends it: then it must only not get worse.
  const allowed = limit + (before && before.requests >= REQUESTS_MIN ? percent(before) : 0);
  if (count.failed < FAILURES_MIN || percent(count) <= allowed) return undefined;
  const [reason, times] = Object.entries(count.reasons)[0] ?? [];
  const mostly = reason === undefined ? '' : `, mostly ${reason} (${times})`;
  return `${count.failed} of ${count.requests} requests failed${mostly}; at most ${round(allowed)} % may`;
}

/** Requests that take too long, or much longer than before; undefined: nothing is wrong. */
export function latencyFault(count: LoadCount, before: LoadCount | undefined, gates: Gates): string | undefined {
  if (count.requests < REQUESTS_MIN) return undefined;
  const p99 = count.latency?.p99Ms;
  if (p99 === undefined) return undefined;
  if (gates.latencyP99MsMax !== undefined) {
    if (p99 <= gates.latencyP99MsMax) return undefined;
    return `99 % of the requests took up to ${Math.round(p99)} ms; at most ${gates.latencyP99MsMax} ms are allowed`;
  }
  const was = before?.latency?.p99Ms;
  if (was === undefined || p99 <= Math.max(was * LATENCY_FACTOR_MAX, LATENCY_FLOOR_MS)) return undefined;
  return `99 % of the requests took up to ${Math.round(p99)} ms; before it was ${Math.round(was)} ms`;
}

function percent({ failed, requests }: LoadCount): number {
  return (100 * failed) / requests;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
