import { badRequest, type KubeObject } from '../kinds/index.ts';
import { CompactedError, type Entry, FutureRevisionError } from '../store/index.ts';
import { type Context, inVersion, keyOf, prefixOf } from './context.ts';
import { type Continuation, continueGone, decodeContinue, encodeContinue } from './continue-token.ts';
import type { ListAnswer, ListRequest, Target } from './contract.ts';
import { checkVersionMatch, tooLargeVersion, versionGone, versionNumber } from './list-versions.ts';
import { selectionOf } from './selection.ts';

/** How many entries are looked at in one go when a selector thins them out. */
const SCAN_ENTRIES = 1000;

interface Item {
  readonly object: KubeObject;
  readonly entry: Entry;
}

/**
 * Lists as of one revision. A page's token names that revision, so that all pages show the same state.
 * @throws StatusError 400 (selectors, tokens), 410 (the revision is no longer kept), 504 (not written yet)
 */
export function list(context: Context, target: Target, request: ListRequest): ListAnswer {
  checkVersionMatch(request, false);
  const { info } = target;
  const selection = selectionOf(info, request);
  const prefix = prefixOf(info, target.namespace);
  const page = request.continue ? decodeContinue(request.continue) : undefined;
  const revision = revisionOf(context, request, page);
  const limit = request.limit && request.limit > 0 ? request.limit : Number.POSITIVE_INFINITY;
  try {
    if (selection.name !== undefined && (target.namespace || !info.namespaced)) {
      return oneOf(context, target, selection.name, selection.matches, revision);
    }
    const items: Item[] = [];
    let after = page ? prefix + page.after : undefined;
    let [remaining, last, at] = [0, '', revision];
    do {
      const wanted = limit - items.length;
      const answer = context.store.list(prefix, {
        ...(revision !== undefined && { revision }),
        ...(after !== undefined && { after }),
        ...(wanted !== Number.POSITIVE_INFINITY && {
          limit: selection.matches ? Math.max(wanted, SCAN_ENTRIES) : wanted,
        }),
      });
      at ??= answer.revision;
      remaining = answer.remaining;
      for (const [index, entry] of answer.entries.entries()) {
        after = entry.key;
        const object = inVersion(context, entry.value as KubeObject, info);
        if (selection.matches && !selection.matches(object)) continue;
        items.push({ object, entry });
        last = entry.key;
        if (items.length < limit) continue;
        remaining += answer.entries.length - index - 1;
        break;
      }
    } while (items.length < limit && remaining > 0);
    const resourceVersion = String(at ?? context.store.revision);
    if (remaining === 0 || items.length < limit) return { items, resourceVersion };
    return {
      items,
      resourceVersion,
      continue: encodeContinue(last.slice(prefix.length), at ?? context.store.revision),
      // With a selector nobody knows how many of the rest match.
      ...(!request.labelSelector && !request.fieldSelector && { remainingItemCount: remaining }),
    };
  } catch (error) {
    if (error instanceof CompactedError) throw page ? continueGone(page.after) : versionGone();
    if (error instanceof FutureRevisionError) throw tooLargeVersion(revision ?? 0, context.store.revision);
    throw error;
  }
}

/** A look-up where the selector leaves one name. */
function oneOf(
  context: Context,
  target: Target,
  name: string,
  matches: ((object: KubeObject) => boolean) | undefined,
  revision: number | undefined,
): ListAnswer {
  const key = keyOf(target.info, target.namespace, name);
  const entry = revision === undefined ? context.store.get(key) : context.store.getAt(key, revision);
  const resourceVersion = String(revision ?? context.store.revision);
  if (!entry) return { items: [], resourceVersion };
  const object = inVersion(context, entry.value as KubeObject, target.info);
  return { items: matches && !matches(object) ? [] : [{ object, entry }], resourceVersion };
}

/** The revision to read at; undefined for the newest. */
function revisionOf(context: Context, request: ListRequest, page: Continuation | undefined): number | undefined {
  if (page) {
    if (request.resourceVersion && request.resourceVersion !== '0') {
      throw badRequest('specifying resource version is not allowed when using continue');
    }
    return page.revision;
  }
  if (!request.resourceVersion) return undefined;
  const asked = versionNumber(request.resourceVersion);
  if (asked === 0) return undefined;
  // A page of a version without a match rule is exact, as it always was.
  const exact = request.resourceVersionMatch === 'Exact' || (!request.resourceVersionMatch && Boolean(request.limit));
  if (asked > context.store.revision) throw tooLargeVersion(asked, context.store.revision);
  return exact ? asked : undefined;
}
