import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../../base/index.ts';
import { kinds, type Pod, type PodStatus, StatusError } from '../kinds/index.ts';
import type { Scope } from './scope.ts';

const RETRY_FIRST_MS = 50;
const RETRY_LONGEST_MS = 30_000;

/**
 * Writes one pod's status. Writes are coalesced: while one is on its way, only the newest wish is kept; a conflict reads
 * the pod anew and asks for the status again. Nothing is written that is so already.
 */
export class StatusWriter {
  readonly #scope: Scope;
  readonly #uid: string;
  readonly #compute: (pod: Pod) => PodStatus;
  #latest: Pod;
  #wanted = false;
  #writing: Promise<void> | undefined;
  #stopped = false;

  /** `compute` makes the wanted status on top of the pod it is given. */
  constructor(scope: Scope, pod: Pod, compute: (pod: Pod) => PodStatus) {
    this.#scope = scope;
    this.#latest = pod;
    this.#uid = pod.metadata.uid;
    this.#compute = compute;
  }

  /** The pod as last read or written, whichever is newer. */
  get latest(): Pod {
    return this.#latest;
  }

  /** Takes note of the pod as the informer has it. */
  observe(pod: Pod): void {
    if (isNewer(pod, this.#latest)) this.#latest = pod;
  }

  /** Asks for a write; returns at once. */
  request(): void {
    this.#wanted = true;
    if (this.#writing || this.#stopped) return;
    this.#writing = this.#drain().finally(() => {
      this.#writing = undefined;
      if (this.#wanted && !this.#stopped) this.request();
    });
  }

  /** Resolves when nothing is left to write. */
  async settled(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  stop(): void {
    this.#stopped = true;
  }

  async #drain(): Promise<void> {
    let delayMs = RETRY_FIRST_MS;
    let conflicts = 0;
    while (this.#wanted && !this.#stopped) {
      this.#wanted = false;
      try {
        await this.#write();
        delayMs = RETRY_FIRST_MS;
        conflicts = 0;
      } catch (error) {
        if (error instanceof StatusError && error.code === 404) return;
        this.#wanted = true;
        if (error instanceof StatusError && error.code === 409) {
          // One or two are another writer's; more in a row are a quarrel that must not take the whole processor.
          if (++conflicts > 2) await this.#scope.context.clock.sleep(RETRY_FIRST_MS);
          if (!(await this.#readAnew())) return;
        } else {
          this.#scope.context.log.warn('writing a pod status failed', {
            pod: this.#latest.metadata.name,
            error: messageOf(error),
          });
          await this.#scope.context.clock.sleep(delayMs);
          delayMs = Math.min(delayMs * 2, RETRY_LONGEST_MS);
        }
      }
    }
  }

  async #write(): Promise<void> {
    const pod = this.#latest;
    const status = this.#compute(pod);
    if (isDeepStrictEqual(status, pod.status)) return;
    const written = await this.#scope.context.client.updateStatus(kinds.pods, { ...pod, status });
    if (isNewer(written, this.#latest)) this.#latest = written;
  }

  /** False when the pod is gone or another one has its name. */
  async #readAnew(): Promise<boolean> {
    const { namespace, name } = this.#latest.metadata;
    try {
      const pod = await this.#scope.context.client.get(kinds.pods, namespace, name);
      if (pod.metadata.uid !== this.#uid) {
        this.#wanted = false;
        return false;
      }
      this.#latest = pod;
      return true;
    } catch (error) {
      if (error instanceof StatusError && error.code === 404) {
        this.#wanted = false;
        return false;
      }
      await this.#scope.context.clock.sleep(RETRY_FIRST_MS);
      return true;
    }
  }
}

function isNewer(pod: Pod, than: Pod): boolean {
  return Number(pod.metadata.resourceVersion) >= Number(than.metadata.resourceVersion);
}
