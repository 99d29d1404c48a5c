import { type Clock, systemClock } from '../../base/index.ts';
import type { FromLoad, ToLoad } from './messages.ts';
import { type Load, runLoad } from './run-load.ts';

/** The whole of the load's own process: does what its parent says over IPC, and ends when that does. */
export function runLoadWorker(clock: Clock = systemClock): void {
  let load: Load | undefined;
  const tell = (message: FromLoad): void => {
    process.send?.(message);
  };
  process.on('message', (message: ToLoad) => {
    if (message.type === 'start') {
      load = runLoad({ ...message.options, clock });
      load.ended.then(
        () => tell({ type: 'ended' }),
        () => process.exit(1),
      );
      tell({ type: 'started' });
    } else if (message.type === 'mark') load?.mark(message.phase);
    else if (message.type === 'recent' && load) {
      tell({ type: 'recent', id: message.id, count: load.recent(message.windowMs) });
    } else if (message.type === 'stop') {
      load?.stop().then(
        (report) => process.send?.({ type: 'report', report } satisfies FromLoad, () => process.disconnect()),
        () => process.exit(1),
      );
    }
  });
  // Ctrl-C reaches the whole group; the parent decides when the load ends.
  process.on('SIGINT', () => {});
  process.on('disconnect', () => process.exit(0));
}
