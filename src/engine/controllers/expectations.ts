import type { Clock } from '../../base/index.ts';
import type { Informer } from '../client/index.ts';
import type { KubeObject } from '../kinds/index.ts';

const FORGOTTEN_AFTER_MS = 300_000;

/**
 * What an owner has made or taken away and the view does not show yet. Until it does, counting what the view holds would
 * make too many or delete too many. By uid, so it is exact; what never shows is forgotten after 5 minutes, as upstream.
 */
export class Expectations<T extends KubeObject> {
  readonly #view: Informer<T>;
  readonly #clock: Clock;
  readonly #created = new Map<string, Map<string, number>>();
  readonly #deleted = new Map<string, Map<string, number>>();
  readonly #ownerOf = new Map<string, string>();

  constructor(view: Informer<T>, clock: Clock) {
    this.#view = view;
    this.#clock = clock;
    view.onChange((now, before) => {
      const object = now ?? before;
      const owner = object === undefined ? undefined : this.#ownerOf.get(object.metadata.uid);
      if (object === undefined || owner === undefined) return;
      const { uid } = object.metadata;
      this.#created.get(owner)?.delete(uid);
      if (now === undefined || now.metadata.deletionTimestamp !== undefined) this.#deleted.get(owner)?.delete(uid);
      if (!this.#created.get(owner)?.has(uid) && !this.#deleted.get(owner)?.has(uid)) this.#ownerOf.delete(uid);
    });
  }

  created(owner: string, object: T): void {
    const { namespace, name, uid } = object.metadata;
    if (this.#view.get(namespace, name)?.metadata.uid === uid) return;
    this.#expect(this.#created, owner, uid);
  }

  deleted(owner: string, object: T): void {
    const { namespace, name, uid } = object.metadata;
    const shown = this.#view.get(namespace, name);
    if (shown?.metadata.uid !== uid || shown.metadata.deletionTimestamp !== undefined) return;
    this.#expect(this.#deleted, owner, uid);
  }

  /** Whether the view shows everything this owner did. */
  met(owner: string): boolean {
    const limit = this.#clock.monotonic() - FORGOTTEN_AFTER_MS;
    for (const waiting of [this.#created.get(owner), this.#deleted.get(owner)]) {
      if (waiting === undefined) continue;
      for (const [uid, atMs] of waiting) {
        if (atMs > limit) return false;
        waiting.delete(uid);
        this.#ownerOf.delete(uid);
      }
    }
    return true;
  }

  /** The owner is gone. */
  forget(owner: string): void {
    for (const book of [this.#created, this.#deleted]) {
      for (const uid of book.get(owner)?.keys() ?? []) this.#ownerOf.delete(uid);
      book.delete(owner);
    }
  }

  #expect(book: Map<string, Map<string, number>>, owner: string, uid: string): void {
    const waiting = book.get(owner) ?? new Map<string, number>();
    waiting.set(uid, this.#clock.monotonic());
    book.set(owner, waiting);
    this.#ownerOf.set(uid, owner);
  }
}
