import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, type Timer } from '../../../base/index.ts';
import type { Image } from '../../images/index.ts';
import type { Pod, Volume } from '../../kinds/index.ts';
import type { NodeFacts } from '../field-path.ts';
import type { Scope } from '../scope.ts';
import { writeAtomically } from './atomic-writer.ts';
import { setUpClaim } from './claim.ts';
import { setUpEmptyDir } from './empty-dir.ts';
import { setUpHostPath } from './host-path.ts';
import { setUpImageVolume } from './image-volume.ts';
import { unmountBelow } from './mount-table.ts';
import { giveToGroup } from './ownership.ts';
import { VolumeError } from './payload.ts';
import { dependenciesOf, gather, isWritten } from './sources.ts';
import { PodTokens } from './token.ts';

/** A renewal that failed is tried again after this long. */
const RENEWAL_RETRY_MS = 30_000;

export interface ReadyVolume {
  readonly path: string;
  readonly readOnly: boolean;
}

/** A volume that could not be set up, with its name; the message is that of the FailedMount event. */
export class MountError extends Error {
  override readonly name = 'MountError';
}

export interface PodVolumesOptions {
  readonly scope: Scope;
  /** The pod's directory. */
  readonly directory: string;
  pod(): Pod;
  facts(): NodeFacts;
  pullImage(reference: string, policy: string | undefined): Promise<Image>;
}

/** One pod's volumes: made before its containers, kept up to date while it runs, taken away after them. */
export class PodVolumes {
  readonly #options: PodVolumesOptions;
  readonly #ready = new Map<string, ReadyVolume>();
  readonly #renewals = new Map<string, Timer>();
  /** Writes of one volume follow each other. */
  readonly #writes = new Map<string, Promise<void>>();
  readonly #tokens = new PodTokens();
  #closed = false;

  constructor(options: PodVolumesOptions) {
    this.#options = options;
  }

  get(name: string): ReadyVolume | undefined {
    return this.#ready.get(name);
  }

  /** Makes those that are not there yet. Idempotent. @throws MountError for the first that cannot be made */
  async setUp(): Promise<void> {
    const volumes = this.#options.pod().spec.volumes ?? [];
    await Promise.all(
      volumes
        .filter((volume) => !this.#ready.has(volume.name))
        .map(async (volume) => {
          try {
            this.#ready.set(volume.name, await this.#make(volume));
          } catch (error) {
            throw new MountError(`MountVolume.SetUp failed for volume "${volume.name}" : ${messageOf(error)}`, {
              cause: error,
            });
          }
        }),
    );
  }

  /** The objects (see `watchKey`) whose changes concern these volumes. */
  dependencies(): string[] {
    const pod = this.#options.pod();
    return (pod.spec.volumes ?? []).flatMap((volume) => dependenciesOf(pod, volume));
  }

  /** Writes again what is made of `dependency`, or everything that shows the pod itself. */
  async refresh(dependency: string | 'pod'): Promise<void> {
    const pod = this.#options.pod();
    const concerned = (pod.spec.volumes ?? []).filter((volume) => {
      if (!this.#ready.has(volume.name) || !isWritten(volume)) return false;
      if (dependency !== 'pod') return dependenciesOf(pod, volume).includes(dependency);
      return (
        volume.downwardAPI !== undefined || (volume.projected?.sources ?? []).some(({ downwardAPI }) => downwardAPI)
      );
    });
    await Promise.all(concerned.map((volume) => this.#write(volume)));
  }

  /** Stops renewals; what is on disk stays. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#renewals.values()) timer.cancel();
    this.#renewals.clear();
  }

  /** Takes mounts away; the directory is removed by the caller. */
  async tearDown(): Promise<void> {
    this.close();
    await Promise.allSettled(this.#writes.values());
    await unmountBelow(this.#options.directory);
    this.#ready.clear();
  }

  async #make(volume: Volume): Promise<ReadyVolume> {
    const { scope, directory } = this.#options;
    const pod = this.#options.pod();
    const path = join(directory, 'volumes', volume.name);
    const groupId = pod.spec.securityContext?.fsGroup;
    const onlyIfNeeded = pod.spec.securityContext?.fsGroupChangePolicy === 'OnRootMismatch';
    if (volume.emptyDir) {
      await setUpEmptyDir(path, volume.emptyDir, pod, scope.options.capacity.memoryBytes);
      if (groupId !== undefined) await giveToGroup(path, groupId, onlyIfNeeded);
      return { path, readOnly: false };
    }
    if (isWritten(volume)) {
      await mkdir(path, { recursive: true });
      await chmod(path, groupId === undefined ? 0o777 : 0o2777);
      await this.#write(volume);
      return { path, readOnly: true };
    }
    if (volume.hostPath) return { path: await setUpHostPath(volume.hostPath), readOnly: false };
    if (volume.image) {
      const image = await this.#options.pullImage(volume.image.reference ?? '', volume.image.pullPolicy);
      return { path: await setUpImageVolume(path, image), readOnly: true };
    }
    const claimName =
      volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral ? `${pod.metadata.name}-${volume.name}` : undefined);
    if (claimName === undefined) throw new VolumeError('this kind of volume is not supported on this node');
    const claimed = await setUpClaim(scope, pod, claimName, volume.ephemeral !== undefined);
    if (groupId !== undefined && !claimed.readOnly) await giveToGroup(claimed.path, groupId, onlyIfNeeded);
    return { path: claimed.path, readOnly: claimed.readOnly || volume.persistentVolumeClaim?.readOnly === true };
  }

  #write(volume: Volume): Promise<void> {
    const before = this.#writes.get(volume.name) ?? Promise.resolve();
    const next = before.catch(() => {}).then(() => this.#writeNow(volume));
    this.#writes.set(volume.name, next);
    return next;
  }

  async #writeNow(volume: Volume): Promise<void> {
    if (this.#closed) return;
    const { scope, directory } = this.#options;
    const pod = this.#options.pod();
    const gathered = await gather(scope, pod, volume, this.#options.facts(), this.#tokens);
    await writeAtomically(join(directory, 'volumes', volume.name), gathered.payload, pod.spec.securityContext?.fsGroup);
    if (gathered.renewAfterMs !== undefined) this.#renewAfter(volume, gathered.renewAfterMs);
  }

  #renewAfter(volume: Volume, delayMs: number): void {
    if (this.#closed) return;
    this.#renewals.get(volume.name)?.cancel();
    const timer = this.#options.scope.context.clock.after(delayMs, () => {
      this.#write(volume).catch((error: unknown) => {
        this.#options.scope.context.log.warn('renewing a token failed', {
          volume: volume.name,
          error: messageOf(error),
        });
        this.#renewAfter(volume, RENEWAL_RETRY_MS);
      });
    });
    this.#renewals.set(volume.name, timer);
  }
}
