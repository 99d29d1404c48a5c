import { randomInt } from 'node:crypto';
import { type AddressRange, addressNumber, addressRange } from './addresses.ts';
import type { DnsRecords, NetworkSettings } from './contract.ts';

/** Seconds an answer may be kept: as short as upstream's default, since endpoints come and go. */
export const DNS_TTL_SECONDS = 5;
const ALIASES_FOLLOWED_MAX = 8;

export type DnsAnswer =
  | { readonly type: 'A' | 'CNAME' | 'PTR'; readonly name: string; readonly ttl: number; readonly data: string }
  | {
      readonly type: 'SRV';
      readonly name: string;
      readonly ttl: number;
      readonly data: { priority: number; weight: number; port: number; target: string };
    };

/** What the zone says to a question. `elsewhere` is a name outside the cluster that the answer still needs. */
export interface ZoneReply {
  readonly code: 'NOERROR' | 'NXDOMAIN';
  readonly answers: readonly DnsAnswer[];
  readonly additionals: readonly DnsAnswer[];
  readonly elsewhere?: string;
}

/**
 * The cluster's names (Kubernetes DNS-Based Service Discovery 1.1). Owns the cluster domain and the reverse names of the
 * cluster's own ranges: what is not known there does not exist.
 */
export class DnsZone {
  readonly #records: DnsRecords;
  readonly #domain: string;
  readonly #ranges: readonly AddressRange[];
  /** Every name with something at or below it; made at the first question that needs it. */
  #existing: ReadonlySet<string> | undefined;

  constructor(records: DnsRecords, settings: NetworkSettings) {
    this.#records = records;
    this.#domain = settings.clusterDomain.toLowerCase();
    this.#ranges = [addressRange(settings.podRange), addressRange(settings.serviceRange)];
  }

  /** The zone that is named in negative answers; undefined when the name is not ours. */
  apexOf(name: string): string | undefined {
    if (name === this.#domain || name.endsWith(`.${this.#domain}`)) return this.#domain;
    const address = reverseAddress(name);
    if (address === undefined) return undefined;
    const number = addressNumber(address);
    const isOurs = this.#ranges.some((range) => number >= range.first && number <= range.last);
    return isOurs || this.#records.names.has(address) ? 'in-addr.arpa' : undefined;
  }

  /** `name` in lower case without the final dot. */
  lookUp(name: string, type: string): ZoneReply {
    if (this.apexOf(name) === undefined) return { code: 'NOERROR', answers: [], additionals: [], elsewhere: name };
    const answers: DnsAnswer[] = [];
    let owner = name;
    for (let followed = 0; followed < ALIASES_FOLLOWED_MAX; followed++) {
      const target = this.#records.aliases.get(owner);
      if (target === undefined) break;
      answers.push({ type: 'CNAME', name: owner, ttl: DNS_TTL_SECONDS, data: target });
      if (type === 'CNAME') return { code: 'NOERROR', answers, additionals: [] };
      owner = target.toLowerCase().replace(/\.$/, '');
      if (this.apexOf(owner) === undefined) return { code: 'NOERROR', answers, additionals: [], elsewhere: owner };
    }
    const additionals: DnsAnswer[] = [];
    if (type === 'A' || type === 'ANY') answers.push(...this.#addresses(owner));
    if (type === 'SRV' || type === 'ANY') {
      for (const { target, port } of rotated(this.#records.services.get(owner) ?? [])) {
        answers.push({
          type: 'SRV',
          name: owner,
          ttl: DNS_TTL_SECONDS,
          data: { priority: 0, weight: 100, port, target },
        });
        additionals.push(...this.#addresses(target));
      }
    }
    const address = reverseAddress(owner);
    const pointer = address === undefined ? undefined : this.#records.names.get(address);
    if (pointer !== undefined && (type === 'PTR' || type === 'ANY')) {
      answers.push({ type: 'PTR', name: owner, ttl: DNS_TTL_SECONDS, data: pointer });
    }
    const exists = answers.length > 0 || pointer !== undefined || this.#exists(owner);
    return { code: exists ? 'NOERROR' : 'NXDOMAIN', answers, additionals };
  }

  #addresses(name: string): DnsAnswer[] {
    const addresses = rotated(this.#records.addresses.get(name) ?? this.#podAddress(name));
    return addresses.map((data) => ({ type: 'A', name, ttl: DNS_TTL_SECONDS, data }));
  }

  /** `10-244-0-5.NAMESPACE.pod.DOMAIN` is the address it spells, as upstream's DNS answers it: asking no one. */
  #podAddress(name: string): readonly string[] {
    const suffix = `.pod.${this.#domain}`;
    if (!name.endsWith(suffix)) return [];
    const match = /^(\d{1,3})-(\d{1,3})-(\d{1,3})-(\d{1,3})\.[a-z0-9-]+$/.exec(name.slice(0, -suffix.length));
    const bytes = match?.slice(1);
    return bytes?.every((byte) => Number(byte) <= 255) ? [bytes.join('.')] : [];
  }

  #exists(name: string): boolean {
    this.#existing ??= withParents(this.#domain, this.#records);
    return this.#existing.has(name) || this.#podAddress(name).length > 0;
  }
}

function withParents(domain: string, records: DnsRecords): ReadonlySet<string> {
  const existing = new Set([domain]);
  for (const names of [records.addresses.keys(), records.services.keys(), records.aliases.keys()]) {
    for (let name of names) {
      while (!existing.has(name) && name.includes('.')) {
        existing.add(name);
        name = name.slice(name.indexOf('.') + 1);
      }
    }
  }
  return existing;
}

/** `4.3.2.1.in-addr.arpa` → `1.2.3.4`. */
function reverseAddress(name: string): string | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/.exec(name);
  const bytes = match?.slice(1).reverse();
  return bytes?.every((byte) => Number(byte) <= 255) ? bytes.join('.') : undefined;
}

function rotated<T>(list: readonly T[]): readonly T[] {
  if (list.length < 2) return list;
  const start = randomInt(list.length);
  return [...list.slice(start), ...list.slice(0, start)];
}
