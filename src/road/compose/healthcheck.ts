import type { Probe } from '../../engine/kinds/index.ts';
import { durationMs } from './amounts.ts';
import type { ComposeValue } from './contract.ts';
import type { Handler } from './draft.ts';
import { childOf, entriesOf, flagOf, isNothing, numberOf, textOf, textsOf } from './value.ts';

/** What compose does when a healthcheck does not say. */
const INTERVAL_MS = 30_000;
const TIMEOUT_MS = 30_000;
const RETRIES = 3;
/** A start is asked about so often, so that a fast one is seen fast. */
const START_INTERVAL_MS = 2000;
/** Time to start, at least; compose only calls a container unhealthy, Kubernetes would restart it. */
const START_MS_MIN = 60_000;

export const healthcheck: Handler = (value, path, draft) => {
  const { report } = draft;
  const test = childOf(value, 'test');
  const words = testWords(test);
  const off = flagOf(childOf(value, 'disable')) === true || (test !== undefined && words === 'NONE');
  if (off) {
    draft.noProbes = true;
    report.mapped(path, value.at, 'no check');
    return;
  }
  const say = (key: string, what: string): void => {
    const each = childOf(value, key);
    if (each && !isNothing(each)) report.mapped([...path, key], each.at, what);
  };
  say('disable', 'the check is on');
  if (words === undefined || words === 'NONE') {
    for (const [key, each] of entriesOf(value)) {
      if (key.startsWith('x-') || key === 'disable') continue;
      report.dropped([...path, key], each.at, {
        reason: "without a test it is about the image's own HEALTHCHECK, which Kubernetes does not read",
        todo: 'Write test: with the command of that HEALTHCHECK.',
      });
    }
    return;
  }
  const intervalMs = timeOf(value, 'interval') || INTERVAL_MS;
  const timeoutMs = timeOf(value, 'timeout') || TIMEOUT_MS;
  const retries = Math.max(1, Math.round(numberOf(childOf(value, 'retries')) ?? RETRIES) || RETRIES);
  const startMs = timeOf(value, 'start_period') ?? 0;
  const startEveryMs = timeOf(value, 'start_interval') || Math.min(intervalMs, START_INTERVAL_MS);
  const exec = { command: words };
  const probe = (everyMs: number, failures: number): Probe => ({
    exec: { ...exec },
    periodSeconds: seconds(everyMs),
    timeoutSeconds: seconds(timeoutMs),
    failureThreshold: failures,
  });
  const allowedMs = Math.max(START_MS_MIN, startMs + intervalMs * retries);
  draft.probes = {
    startup: probe(startEveryMs, Math.ceil(allowedMs / (seconds(startEveryMs) * 1000))),
    readiness: probe(intervalMs, retries),
    // Twice as patient: first it gets no more traffic, only then it is started anew.
    liveness: probe(intervalMs, retries * 2),
  };
  const shell = words[0] === 'sh' && words[1] === '-c' && !(test?.is === 'list' && textsOf(test)[0] === 'CMD');
  if (test) {
    const how = shell ? 'run in a shell' : 'run as it is';
    report.changed(
      [...path, 'test'],
      test.at,
      `startup, readiness and liveness probe, ${how}; after ${retries * 2} failures Kubernetes restarts the container, compose never does`,
    );
  }
  say('interval', `periodSeconds ${seconds(intervalMs)}`);
  say('timeout', `timeoutSeconds ${seconds(timeoutMs)}`);
  say('retries', `failureThreshold ${retries}; liveness ${retries * 2}`);
  say('start_period', `the startup probe allows ${Math.round(allowedMs / 1000)} s`);
  say('start_interval', `periodSeconds ${seconds(startEveryMs)} of the startup probe`);
  for (const key of ['interval', 'timeout', 'start_interval']) {
    const each = childOf(value, key);
    const ms = timeOf(value, key);
    if (each && ms !== undefined && ms > 0 && seconds(ms) * 1000 !== ms) {
      report.changed(
        [...path, key],
        each.at,
        `${textOf(each)} is rounded to ${seconds(ms)} s: probes count in seconds`,
      );
    }
  }
};

/** The words of a test; a text and CMD-SHELL are one line for a shell. */
function testWords(test: ComposeValue | undefined): string[] | 'NONE' | undefined {
  if (test === undefined || isNothing(test)) return undefined;
  if (test.is === 'scalar') return test.text.trim() === 'NONE' ? 'NONE' : ['sh', '-c', test.text];
  const [kind, ...rest] = textsOf(test);
  if (kind === 'NONE') return 'NONE';
  if (rest.length === 0) return undefined;
  return kind === 'CMD-SHELL' ? ['sh', '-c', rest.join(' ')] : rest;
}

function timeOf(value: ComposeValue, key: string): number | undefined {
  const text = textOf(childOf(value, key));
  return text === undefined ? undefined : durationMs(text);
}

function seconds(ms: number): number {
  return Math.max(1, Math.round(ms / 1000));
}
