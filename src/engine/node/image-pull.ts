import { messageOf } from '../../base/index.ts';
import { type Image, PullError } from '../images/index.ts';
import type { Pod } from '../kinds/index.ts';
import { type ContainerPlace, containerPath } from './pod-spec.ts';
import { pullCredentials } from './pull-secrets.ts';
import { goDuration } from './restart-backoff.ts';
import type { Scope } from './scope.ts';

const FIRST_DELAY_MS = 10_000;
const LONGEST_DELAY_MS = 300_000;
const PULLS_AT_ONCE = 5;

/** An image that is not to be had now; `retryAtMs` says when to try again. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
  /** `ErrImagePull`, `ImagePullBackOff`, `ErrImageNeverPull`, `InvalidImageName`. */
  readonly reason: string;
  readonly retryAtMs: number;

  constructor(reason: string, message: string, retryAtMs: number) {
    super(message);
    this.reason = reason;
    this.retryAtMs = retryAtMs;
  }
}

interface Failure {
  readonly delayMs: number;
  readonly untilMs: number;
  readonly message: string;
}

/** Gets images for containers, with the kubelet's events and its back-off by pod and image (10 s doubling to 5 min). */
export class ImagePuller {
  readonly #scope: Scope;
  readonly #failures = new Map<string, Failure>();
  readonly #waiting: (() => void)[] = [];
  readonly #onPulled: () => void;
  #free = PULLS_AT_ONCE;

  /** `onPulled` is called when the store holds an image more. */
  constructor(scope: Scope, onPulled: () => void) {
    this.#scope = scope;
    this.#onPulled = onPulled;
  }

  /** @throws ImageError */
  async ensure(pod: Pod, place: ContainerPlace): Promise<Image> {
    const { images } = this.#scope.options;
    const reference = place.container.image ?? '';
    const policy = place.container.imagePullPolicy ?? 'IfNotPresent';
    const present = policy === 'Always' ? undefined : await images.get(reference).catch(() => undefined);
    const tell = (type: 'Normal' | 'Warning', reason: string, message: string) =>
      this.#scope.recorder.event(pod, type, reason, message, containerPath(place));
    if (present) {
      tell(
        'Normal',
        'Pulled',
        `Container image "${reference}" already present on machine and can be accessed by the pod`,
      );
      return present;
    }
    const nowMs = this.#scope.context.clock.now();
    if (policy === 'Never') {
      const message = `Container image "${reference}" is not present with pull policy of Never`;
      tell('Warning', 'ErrImageNeverPull', message);
      tell('Warning', 'Failed', 'Error: ErrImageNeverPull');
      throw new ImageError('ErrImageNeverPull', message, nowMs + FIRST_DELAY_MS);
    }
    const key = `${pod.metadata.uid}_${reference}`;
    const failure = this.#failures.get(key);
    if (failure && failure.untilMs > nowMs) throw this.#backOff(failure, reference, tell);
    return this.#pull(pod, reference, policy === 'Always' ? 'Always' : 'IfNotPresent', key, tell);
  }

  /** The reason and message to show while the back-off lasts. */
  backOffNotice(pod: Pod, place: ContainerPlace): { reason: string; message: string } | undefined {
    const reference = place.container.image ?? '';
    const failure = this.#failures.get(`${pod.metadata.uid}_${reference}`);
    return failure
      ? { reason: 'ImagePullBackOff', message: `Back-off pulling image "${reference}": ${failure.message}` }
      : undefined;
  }

  /** Forgets the failures of a pod that is gone. */
  forget(uid: string): void {
    for (const key of this.#failures.keys()) if (key.startsWith(`${uid}_`)) this.#failures.delete(key);
  }

  #backOff(
    failure: Failure,
    reference: string,
    tell: (type: 'Normal' | 'Warning', reason: string, message: string) => void,
  ): ImageError {
    tell('Normal', 'BackOff', `Back-off pulling image "${reference}"`);
    tell('Warning', 'Failed', 'Error: ImagePullBackOff');
    return new ImageError(
      'ImagePullBackOff',
      `Back-off pulling image "${reference}": ${failure.message}`,
      failure.untilMs,
    );
  }

  async #pull(
    pod: Pod,
    reference: string,
    policy: 'Always' | 'IfNotPresent',
    key: string,
    tell: (type: 'Normal' | 'Warning', reason: string, message: string) => void,
  ): Promise<Image> {
    const { clock } = this.#scope.context;
    const askedAtMs = clock.monotonic();
    tell('Normal', 'Pulling', `Pulling image "${reference}"`);
    await this.#take();
    const beganAtMs = clock.monotonic();
    try {
      const credentials = await pullCredentials(this.#scope, pod);
      const image = await this.#scope.options.images.ensure(reference, { policy, credentials });
      const endedAtMs = clock.monotonic();
      tell(
        'Normal',
        'Pulled',
        `Successfully pulled image "${reference}" in ${goDuration(endedAtMs - beganAtMs)} (${goDuration(endedAtMs - askedAtMs)} including waiting). Image size: ${image.sizeBytes} bytes.`,
      );
      this.#failures.delete(key);
      this.#onPulled();
      return image;
    } catch (error) {
      throw this.#failed(error, reference, key, tell);
    } finally {
      this.#give();
    }
  }

  #failed(
    error: unknown,
    reference: string,
    key: string,
    tell: (type: 'Normal' | 'Warning', reason: string, message: string) => void,
  ): ImageError {
    // A registry out of reach is one more way to fail: the API's users know the reasons of the kubelet.
    const reason = error instanceof PullError && error.reason !== 'RegistryUnavailable' ? error.reason : 'ErrImagePull';
    const nowMs = this.#scope.context.clock.now();
    const before = this.#failures.get(key);
    const delayMs = Math.min(before ? before.delayMs * 2 : FIRST_DELAY_MS, LONGEST_DELAY_MS);
    const cause = messageOf(error);
    if (reason === 'InvalidImageName') {
      const message = `Failed to apply default image tag "${reference}": ${cause}`;
      tell('Warning', 'InspectFailed', message);
      tell('Warning', 'Failed', 'Error: InvalidImageName');
      return new ImageError(reason, message, nowMs + LONGEST_DELAY_MS);
    }
    tell('Warning', 'Failed', `Failed to pull image "${reference}": ${cause}`);
    tell('Warning', 'Failed', `Error: ${reason}`);
    this.#failures.set(key, { delayMs, untilMs: nowMs + delayMs, message: `${reason}: ${cause}` });
    return new ImageError(reason, cause, nowMs + delayMs);
  }

  async #take(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #give(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}
