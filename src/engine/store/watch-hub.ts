import type { StoreEvent, Watch, WatchOptions } from './contract.ts';

class Watcher {
  readonly prefix: string;
  readonly after: number;
  readonly onEvents: (events: readonly StoreEvent[]) => void;
  /** Events that wait until the watcher has been told of the past; undefined from then on. */
  backlog: StoreEvent[] | undefined;
  stopped = false;

  constructor(options: WatchOptions, after: number, backlog: StoreEvent[]) {
    this.prefix = options.prefix;
    this.after = after;
    this.onEvents = options.onEvents;
    this.backlog = backlog;
  }

  tell(events: readonly StoreEvent[]): void {
    if (this.stopped) return;
    const last = events.at(-1);
    if (!last || last.revision <= this.after) return;
    const wanted = (events[0]?.revision ?? 0) > this.after ? events : events.filter((one) => one.revision > this.after);
    if (this.backlog) this.backlog.push(...wanted);
    else this.onEvents(wanted);
  }

  begin(): void {
    const backlog = this.backlog;
    this.backlog = undefined;
    if (backlog && backlog.length > 0 && !this.stopped) this.onEvents(backlog);
  }
}

/**
 * Tells each watcher of the events below its prefix. Watchers of the same prefix share one array of events.
 * Watchers are found by cutting an event's key at its slashes, so the cost of an event does not grow with the watchers
 * of other prefixes.
 */
export class WatchHub {
  readonly #byFolder = new Map<string, Set<Watcher>>();
  /** Watchers whose prefix does not end in a slash: matched one by one. */
  readonly #others = new Set<Watcher>();

  /** `past`: the events the watcher is told first, in a call of its own after this one returns. */
  add(options: WatchOptions, after: number, past: StoreEvent[]): Watch {
    const watcher = new Watcher(options, after, past);
    const group = options.prefix.endsWith('/') ? this.#group(options.prefix) : this.#others;
    group.add(watcher);
    queueMicrotask(() => watcher.begin());
    return {
      stop: () => {
        watcher.stopped = true;
        group.delete(watcher);
        if (group !== this.#others && group.size === 0) this.#byFolder.delete(options.prefix);
      },
    };
  }

  publish(events: readonly StoreEvent[]): void {
    const told = new Map<Set<Watcher>, StoreEvent[]>();
    if (this.#byFolder.size > 0) {
      for (const event of events) {
        for (let at = event.key.indexOf('/'); at >= 0; at = event.key.indexOf('/', at + 1)) {
          const group = this.#byFolder.get(event.key.slice(0, at + 1));
          if (!group) continue;
          const list = told.get(group);
          if (list) list.push(event);
          else told.set(group, [event]);
        }
      }
    }
    for (const [group, list] of told) for (const watcher of group) watcher.tell(list);
    for (const watcher of this.#others) {
      const list = events.filter((event) => event.key.startsWith(watcher.prefix));
      if (list.length > 0) watcher.tell(list);
    }
  }

  #group(prefix: string): Set<Watcher> {
    let group = this.#byFolder.get(prefix);
    if (!group) {
      group = new Set();
      this.#byFolder.set(prefix, group);
    }
    return group;
  }
}
