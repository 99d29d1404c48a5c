import { type KubeObject, type ResourceInfo, type Status, StatusError } from '../kinds/index.ts';
import { CompactedError, type Entry, type StoreEvent } from '../store/index.ts';
import { apiVersionOf, type Context, inVersion, prefixOf } from './context.ts';
import type { ResourceEvent, ResourceWatch, Target, WatchRequest } from './contract.ts';
import { checkVersionMatch, tooLargeVersion, versionNumber, watchGone } from './list-versions.ts';
import { selectionOf } from './selection.ts';

const BOOKMARK_INTERVAL_MS = 60_000;
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

/** Converted objects with their bytes, shared by all watchers of the same version. */
type View = { readonly object: KubeObject; bytes(): Buffer };
const views = new WeakMap<Entry, Map<ResourceInfo, View>>();

function viewOf(context: Context, entry: Entry, info: ResourceInfo): View {
  const stored = entry.value as KubeObject;
  if (!info.custom && stored.apiVersion === apiVersionOf(info)) return { object: stored, bytes: () => entry.bytes() };
  const known = views.get(entry) ?? new Map<ResourceInfo, View>();
  views.set(entry, known);
  let view = known.get(info);
  if (!view) {
    const object = inVersion(context, stored, info);
    let bytes: Buffer | undefined;
    const encode = () => (object === stored ? entry.bytes() : Buffer.from(JSON.stringify(object)));
    view = { object, bytes: () => (bytes ??= encode()) };
    known.set(info, view);
  }
  return view;
}

/**
 * Events after a version, or from now with the present objects first. A version that is no longer kept answers one ERROR
 * event with 410 and ends. Bookmarks come with the initial events' end and about once a minute.
 * @throws StatusError 400, 422 for requests that cannot be read
 */
export function watch(
  context: Context,
  target: Target,
  request: WatchRequest,
  onEvents: (events: readonly ResourceEvent[]) => void,
  onClose: (error?: Error) => void,
): ResourceWatch {
  checkVersionMatch(request, true, request.sendInitialEvents);
  const { info } = target;
  const selection = selectionOf(info, request, target.name);
  const asked = request.resourceVersion ? versionNumber(request.resourceVersion) : 0;
  // Without a version the present state comes first, unless the client says whether it wants it.
  const wantsInitial = request.sendInitialEvents ?? asked === 0;
  const prefix = prefixOf(info, target.namespace);
  const { store } = context;
  if (wantsInitial && asked > store.revision) throw tooLargeVersion(asked, store.revision);

  let stopped = false;
  let bookmark: { cancel(): void } | undefined;
  const end = () => {
    stopped = true;
    bookmark?.cancel();
    storeWatch?.stop();
  };
  const translate = (event: StoreEvent): ResourceEvent | undefined => {
    const view = viewOf(context, event.entry, info);
    const { matches } = selection;
    if (!matches) return { type: NAMES[event.type], ...view };
    const now = event.type !== 'deleted' && matches(view.object);
    const before = event.previous !== undefined && matches(viewOf(context, event.previous, info).object);
    if (now) return { type: before ? 'MODIFIED' : 'ADDED', ...view };
    if (!before) return undefined;
    return event.type === 'deleted' ? { type: 'DELETED', ...view } : departed(context, event, info);
  };
  const initial: ResourceEvent[] = [];
  const from = wantsInitial ? store.revision : asked;
  if (wantsInitial) {
    for (const entry of store.list(prefix).entries) {
      const view = viewOf(context, entry, info);
      if (!selection.matches || selection.matches(view.object)) initial.push({ type: 'ADDED', ...view });
    }
    if (request.sendInitialEvents && request.allowWatchBookmarks) initial.push(bookmarkAt(info, from, true));
  }
  let waiting: ResourceEvent[] | undefined = initial;
  const deliver = (events: ResourceEvent[]) => {
    if (stopped || events.length === 0) return;
    if (waiting) waiting.push(...events);
    else onEvents(events);
  };
  let storeWatch: { stop(): void } | undefined;
  try {
    storeWatch = store.watch({
      prefix,
      after: from,
      onEvents: (events) => {
        const told: ResourceEvent[] = [];
        for (const event of events) {
          const one = translate(event);
          if (one) told.push(one);
        }
        deliver(told);
      },
    });
  } catch (error) {
    if (!(error instanceof CompactedError)) throw error;
    const { status } = watchGone(asked, error.oldest);
    queueMicrotask(() => {
      if (stopped) return;
      onEvents([{ type: 'ERROR', object: status, bytes: () => Buffer.from(JSON.stringify(status)) }]);
      onClose(new StatusError(status));
    });
    return { stop: end };
  }
  queueMicrotask(() => {
    const first = waiting ?? [];
    waiting = undefined;
    if (!stopped && first.length > 0) onEvents(first);
  });
  if (request.allowWatchBookmarks) {
    const again = () => {
      bookmark = context.clock.after(BOOKMARK_INTERVAL_MS, () => {
        if (stopped) return;
        onEvents([bookmarkAt(info, store.revision, false)]);
        again();
      });
    };
    again();
  }
  return { stop: end };
}

const NAMES = { added: 'ADDED', modified: 'MODIFIED', deleted: 'DELETED' } as const;

/** An object that no longer matches: its last matching state, at the revision of the change. */
function departed(context: Context, event: StoreEvent, info: ResourceInfo): ResourceEvent | undefined {
  if (!event.previous) return undefined;
  const { object: last } = viewOf(context, event.previous, info);
  const object: KubeObject = { ...last, metadata: { ...last.metadata, resourceVersion: String(event.revision) } };
  let bytes: Buffer | undefined;
  return { type: 'DELETED', object, bytes: () => (bytes ??= Buffer.from(JSON.stringify(object))) };
}

function bookmarkAt(info: ResourceInfo, revision: number, endsInitial: boolean): ResourceEvent {
  const object = {
    kind: info.kind,
    apiVersion: apiVersionOf(info),
    metadata: {
      resourceVersion: String(revision),
      ...(endsInitial && { annotations: { [INITIAL_EVENTS_END]: 'true' } }),
    },
  } as unknown as KubeObject | Status;
  return { type: 'BOOKMARK', object, bytes: () => Buffer.from(JSON.stringify(object)) };
}
