export { Backoff } from './backoff.ts';
export { type Clock, systemClock, type Timer } from './clock.ts';
export { assert, Bug, codeOf, messageOf, UserError } from './errors.ts';
export { type Log, type LogFields, silentLog } from './log.ts';
export { RunError, type RunOptions, type RunResult, run } from './run.ts';
export { currentSpawner, type Spawner, type SpawnReply, startSpawner } from './spawner.ts';
