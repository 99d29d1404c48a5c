import { messageOf } from '../../../base/index.ts';
import { type CustomResourceDefinition, copy, formatTime, kinds, type ResourceInfo } from '../../kinds/index.ts';
import { type Context, prefixOf, readObjects } from '../context.ts';
import type { RequestOptions } from '../contract.ts';
import { deleteCollection } from '../delete-collection.ts';
import { equal, mutable } from '../object.ts';
import { replace } from '../write.ts';
import { CLEANUP, hasCondition, setCondition, settleNames } from './conditions.ts';
import { register, unregister } from './register.ts';

/**
 * Serves the resources of CustomResourceDefinitions: registers their versions, settles their names, and removes all
 * objects of a definition before it goes. Definitions that the store holds are served at once.
 */
export function startCustomResources(context: Context): void {
  const lifecycle = new Lifecycle(context);
  lifecycle.start();
}

class Lifecycle {
  readonly #context: Context;
  /** What each registration was made from, by the definition's name. */
  readonly #served = new Map<string, CustomResourceDefinition>();
  /** One run at a time a definition; true: look again after it. */
  readonly #running = new Map<string, boolean>();
  readonly #emptied = new Map<string, { stop(): void }>();

  constructor(context: Context) {
    this.#context = context;
  }

  start(): void {
    const { store } = this.#context;
    const prefix = prefixOf(kinds.customresourcedefinitions, undefined);
    for (const { value } of store.list(prefix).entries) {
      const definition = value as CustomResourceDefinition;
      if (hasCondition(definition, 'Established')) this.#serve(definition);
      if (!hasCondition(definition, 'Established') || definition.metadata.deletionTimestamp) {
        this.#look(definition.metadata.name);
      }
    }
    store.watch({
      prefix,
      onEvents: (events) => {
        for (const { type, entry } of events) {
          const definition = entry.value as CustomResourceDefinition;
          if (type === 'deleted') this.#drop(definition);
          else {
            if (hasCondition(definition, 'Established')) this.#serve(definition);
            this.#look(definition.metadata.name);
          }
        }
      },
    });
  }

  #serve(definition: CustomResourceDefinition): void {
    const { name } = definition.metadata;
    const before = this.#served.get(name);
    const same =
      before &&
      equal(before.spec, definition.spec) &&
      equal(before.status.acceptedNames, definition.status.acceptedNames) &&
      before.metadata.deletionTimestamp === definition.metadata.deletionTimestamp;
    this.#served.set(name, definition);
    if (!same) register(this.#context, definition, before);
  }

  #drop(definition: CustomResourceDefinition): void {
    const { name } = definition.metadata;
    this.#emptied.get(name)?.stop();
    this.#emptied.delete(name);
    if (this.#served.delete(name)) unregister(this.#context, definition);
    // Names may have become free.
    for (const other of readObjects(this.#context, kinds.customresourcedefinitions, undefined)) {
      if (!hasCondition(other, 'NamesAccepted')) this.#look(other.metadata.name);
    }
  }

  #look(name: string): void {
    if (this.#running.has(name)) {
      this.#running.set(name, true);
      return;
    }
    this.#running.set(name, false);
    this.#reconcile(name)
      .catch((error: unknown) =>
        this.#context.log.error('custom resource definition failed', { name, error: messageOf(error) }),
      )
      .finally(() => {
        const again = this.#running.get(name);
        this.#running.delete(name);
        if (again) this.#look(name);
      });
  }

  async #reconcile(name: string): Promise<void> {
    const info = this.#definitions();
    const found = readObjects(this.#context, kinds.customresourcedefinitions, undefined).find(
      (one) => one.metadata.name === name,
    );
    if (!info || !found) return;
    if (found.metadata.deletionTimestamp) await this.#clean(found);
    else await this.#changeStatus(name, (definition) => this.#settle(definition));
  }

  #settle(definition: CustomResourceDefinition): void {
    const others = readObjects(this.#context, kinds.customresourcedefinitions, undefined);
    settleNames(definition, others, this.#now());
    // Served before anyone can read that it is.
    if (hasCondition(definition, 'Established')) this.#serve(definition);
  }

  /** All objects go first; those with finalizers of their own are waited for. */
  async #clean(definition: CustomResourceDefinition): Promise<void> {
    const { name, finalizers } = definition.metadata;
    if (!finalizers?.includes(CLEANUP)) return;
    const info = this.#context.customStorage.get(`${definition.spec.group}/${definition.spec.names.plural}`);
    if (info) {
      const prefix = prefixOf(info, undefined);
      if (this.#context.store.count(prefix) > 0) {
        await this.#terminating(name, 'InstanceDeletionInProgress', 'CustomResource deletion is in progress');
        await deleteCollection(this.#context, { info }, {}, { ...OPTIONS, warnings: [] });
        if (this.#context.store.count(prefix) > 0) {
          this.#lookWhenEmpty(name, prefix);
          return;
        }
      }
    }
    await this.#change(name, undefined, (changed) => {
      const kept = (changed.metadata.finalizers ?? []).filter((one) => one !== CLEANUP);
      if (kept.length > 0) changed.metadata.finalizers = kept;
      else delete changed.metadata.finalizers;
    });
  }

  #lookWhenEmpty(name: string, prefix: string): void {
    if (this.#emptied.has(name)) return;
    const watch = this.#context.store.watch({
      prefix,
      onEvents: () => {
        if (this.#context.store.count(prefix) > 0) return;
        this.#emptied.get(name)?.stop();
        this.#emptied.delete(name);
        this.#look(name);
      },
    });
    this.#emptied.set(name, watch);
  }

  #terminating(name: string, reason: string, message: string): Promise<void> {
    return this.#changeStatus(name, (definition) =>
      setCondition(definition, { type: 'Terminating', status: 'True', reason, message }, this.#now()),
    );
  }

  #changeStatus(name: string, change: (definition: CustomResourceDefinition) => void): Promise<void> {
    return this.#change(name, 'status', change);
  }

  async #change(
    name: string,
    subresource: string | undefined,
    change: (definition: CustomResourceDefinition) => void,
  ): Promise<void> {
    const info = this.#definitions();
    if (!info) return;
    const target = { info, name, ...(subresource !== undefined && { subresource }) };
    await replace(
      this.#context,
      target,
      { ...OPTIONS, warnings: [] },
      {
        skipAdmission: true,
        wanted: (stored) => {
          const definition = copy(stored) as CustomResourceDefinition;
          definition.status ??= {};
          change(definition);
          return mutable(definition);
        },
      },
    );
  }

  #definitions(): ResourceInfo | undefined {
    const { group, version, resource } = kinds.customresourcedefinitions;
    return this.#context.catalogue.find(group, version, resource);
  }

  #now(): string {
    return formatTime(this.#context.clock.now());
  }
}

const OPTIONS: Omit<RequestOptions, 'warnings'> = {
  user: { name: 'system:apiserver', groups: ['system:masters'] },
  fieldManager: 'kube-apiserver',
};
