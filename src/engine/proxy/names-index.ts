import type { DnsRecords } from '../network/index.ts';

const NONE: DnsRecords = { addresses: new Map(), services: new Map(), aliases: new Map(), names: new Map() };

/** All names of the cluster, kept up service by service, so that one change costs one service. */
export class NamesIndex {
  readonly #addresses = new Map<string, readonly string[]>();
  readonly #services = new Map<string, readonly { readonly target: string; readonly port: number }[]>();
  readonly #aliases = new Map<string, string>();
  readonly #names = new Map<string, string>();
  readonly #byService = new Map<string, DnsRecords>();

  /** Replaces the names of one service; undefined removes them. */
  set(service: string, records: DnsRecords | undefined): void {
    const before = this.#byService.get(service) ?? NONE;
    const after = records ?? NONE;
    replace(this.#addresses, before.addresses, after.addresses);
    replace(this.#services, before.services, after.services);
    replace(this.#aliases, before.aliases, after.aliases);
    replace(this.#names, before.names, after.names);
    if (records) this.#byService.set(service, records);
    else this.#byService.delete(service);
  }

  /** A view of everything; it changes with the next `set`. */
  records(): DnsRecords {
    return { addresses: this.#addresses, services: this.#services, aliases: this.#aliases, names: this.#names };
  }
}

/** A pod behind two headless services has two names for its address: one that another service wrote since stays. */
function replace<V>(all: Map<string, V>, before: ReadonlyMap<string, V>, after: ReadonlyMap<string, V>): void {
  for (const [key, value] of before) if (!after.has(key) && all.get(key) === value) all.delete(key);
  for (const [key, value] of after) all.set(key, value);
}
