import { type Clock, silentLog } from '../../base/index.ts';
import { createCatalogue, type Kind, StatusError } from '../kinds/index.ts';
import { memoryStore, type Store } from '../store/index.ts';
import type { Admission, RequestOptions, Resources, Target } from './contract.ts';
import type { Plain } from './object.ts';
import { createResources, tombstone } from './resources.ts';

/** A clock that stands still unless a test moves it. */
export function standingClock(): Clock & { move(milliseconds: number): void } {
  let time = Date.parse('2026-01-02T03:04:05Z');
  return {
    now: () => time,
    monotonic: () => time,
    after: () => ({ cancel() {} }),
    sleep: () => Promise.resolve(),
    move(milliseconds) {
      time += milliseconds;
    },
  };
}

/** The verbs over an empty store in memory, for tests. */
export class Fixture {
  readonly clock = standingClock();
  readonly store: Store;
  readonly catalogue = createCatalogue();
  readonly resources: Resources;
  readonly warnings: string[] = [];

  constructor(admissions: readonly Admission[] = [], historyRevisions = 1000, store?: Store) {
    this.store = store ?? memoryStore({ tombstone, historyRevisions });
    this.resources = createResources({
      store: this.store,
      catalogue: this.catalogue,
      clock: this.clock,
      log: silentLog,
      admissions,
      settings: { serviceRange: '10.96.0.0/24', nodePortRange: [30000, 30010] },
    });
  }

  /** The verbs started anew over the same store. */
  again(): Fixture {
    return new Fixture([], 1000, this.store);
  }

  target(kind: Kind<unknown>, name?: string, subresource?: string, namespace = 'default'): Target {
    const info = this.catalogue.find(kind.group, kind.version, kind.resource);
    if (!info) throw new Error(`no ${kind.resource}`);
    return {
      info,
      ...(info.namespaced && { namespace }),
      ...(name !== undefined && { name }),
      ...(subresource !== undefined && { subresource }),
    };
  }

  options(more: Partial<RequestOptions> = {}): RequestOptions {
    return {
      user: { name: 'admin', groups: ['system:masters'] },
      fieldManager: 'test',
      warnings: this.warnings,
      ...more,
    };
  }

  async create(kind: Kind<unknown>, object: unknown, more: Partial<RequestOptions> = {}): Promise<Plain> {
    const namespace = (object as { metadata?: { namespace?: string } }).metadata?.namespace;
    return plain(
      await this.resources.create(this.target(kind, undefined, undefined, namespace), object, this.options(more)),
    );
  }

  get(kind: Kind<unknown>, name: string, subresource?: string): Plain {
    return plain(this.resources.get(this.target(kind, name, subresource)));
  }

  async update(
    kind: Kind<unknown>,
    object: Plain,
    subresource?: string,
    more: Partial<RequestOptions> = {},
  ): Promise<Plain> {
    const target = this.target(kind, metadataOf(object).name as string, subresource);
    return plain((await this.resources.update(target, object, this.options(more))).object);
  }

  async patch(
    kind: Kind<unknown>,
    name: string,
    type: 'json' | 'merge' | 'strategic' | 'apply',
    patch: unknown,
    more: Partial<RequestOptions> & { force?: boolean; subresource?: string } = {},
  ): Promise<Plain> {
    const { force, subresource, ...rest } = more;
    const request = { ...this.options(rest), type, patch, ...(force !== undefined && { force }) };
    return plain((await this.resources.patch(this.target(kind, name, subresource), request)).object);
  }
}

export const plain = (object: unknown): Plain => structuredClone(object) as Plain;
export const metadataOf = (object: Plain): Plain => object.metadata as Plain;
export const settled = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

/** For `rejects`: the refusal must have this code and message. */
export function refusal(code: number, message: string | RegExp): (error: unknown) => boolean {
  return (error) => {
    if (!(error instanceof StatusError)) throw error;
    const fits = typeof message === 'string' ? error.message === message : message.test(error.message);
    if (error.code !== code || !fits) throw new Error(`refused with ${error.code}: ${error.message}`);
    return true;
  };
}

export const configMap = (name: string, data: Record<string, string> = {}, more: Plain = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...more },
  data,
});

export const podOf = (name: string, spec: Plain = {}, more: Plain = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...more },
  spec: { containers: [{ name: 'web', image: 'nginx' }], ...spec },
});

export const deploymentOf = (name: string, more: Plain = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'web', image: 'nginx:1', ports: [{ containerPort: 80 }] }] },
    },
    ...more,
  },
});
