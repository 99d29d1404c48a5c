import type { ConfigMap, Secret } from '../kinds/index.ts';
import { type Scope, watchKey } from './scope.ts';

/** Tells pods of changes to the ConfigMaps and Secrets they use. One subscription a node. */
export class VolumeUpdates {
  readonly #listeners = new Map<string, Set<(dependency: string) => void>>();
  readonly #stops: (() => void)[];

  constructor(scope: Scope) {
    this.#stops = [
      scope.configMaps.onChange((now, before) => this.#tell('configmaps', now, before)),
      scope.secrets.onChange((now, before) => this.#tell('secrets', now, before)),
    ];
  }

  add(dependencies: readonly string[], listener: (dependency: string) => void): void {
    for (const dependency of dependencies) {
      const listeners = this.#listeners.get(dependency) ?? new Set();
      listeners.add(listener);
      this.#listeners.set(dependency, listeners);
    }
  }

  remove(dependencies: readonly string[], listener: (dependency: string) => void): void {
    for (const dependency of dependencies) {
      const listeners = this.#listeners.get(dependency);
      listeners?.delete(listener);
      if (listeners?.size === 0) this.#listeners.delete(dependency);
    }
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  #tell(
    resource: 'configmaps' | 'secrets',
    now: ConfigMap | Secret | undefined,
    before: ConfigMap | Secret | undefined,
  ): void {
    // A removal too: the files of an optional source go with it, those of any other stay and the failure is told.
    const { metadata } = now ?? before ?? {};
    if (!metadata || now === before) return;
    const key = watchKey(resource, metadata.namespace, metadata.name);
    for (const listener of this.#listeners.get(key) ?? []) listener(key);
  }
}
