import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Log, messageOf, run } from '../../base/index.ts';
import { AddressPool, addressNumber, addressRange } from './addresses.ts';
import { Batch } from './batch.ts';
import type { NetworkSettings, PodAttachment } from './contract.ts';
import { gatewayOf, ipBatch, makeLinks, POD_LINK_PREFIX, removeLinks } from './links.ts';

/** A pod's link as it is kept on disk, so that it is found again after a restart. */
export interface Attachment extends PodAttachment {
  readonly address: string;
  /** Device and inode of the namespace: a path may come to name another one. */
  readonly namespaceId: string;
}

/**
 * The pods' links. Each pod has a pair of virtual links of its own and the node routes between them: with no bridge
 * every packet passes the translation rules, also between two pods, and no address resolution is needed.
 * Invariant: an address is taken in the pool exactly while its attachment is in `#attachments`.
 */
export class Attachments {
  readonly #settings: NetworkSettings;
  readonly #directory: string;
  readonly #log: Log;
  readonly #pool: AddressPool;
  readonly #attachments = new Map<string, Attachment>();
  readonly #maker = new Batch(makeLinks);
  readonly #remover = new Batch(removeLinks);
  /** Attaching and detaching one pod never overlap. */
  readonly #underWay = new Map<string, Promise<unknown>>();

  constructor(settings: NetworkSettings, directory: string, log: Log) {
    this.#settings = settings;
    this.#directory = join(directory, 'attachments');
    this.#log = log;
    this.#pool = new AddressPool(addressRange(settings.podRange));
  }

  all(): readonly Attachment[] {
    return [...this.#attachments.values()];
  }

  /** Reads what an earlier engine left and drops what no longer has a link in the kernel. */
  async load(): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    const [files, links] = await Promise.all([readdir(this.#directory), podLinks()]);
    for (const file of files.filter((name) => name.endsWith('.json'))) {
      const path = join(this.#directory, file);
      const attachment = parse(await readFile(path, 'utf8'));
      if (attachment && links.has(linkName(attachment.address))) {
        this.#pool.take(attachment.address);
        this.#attachments.set(attachment.podId, attachment);
        links.delete(linkName(attachment.address));
      } else {
        await rm(path, { force: true });
      }
    }
    // A link without a file: the engine ended between the two steps of an attachment. It may be on its way out already.
    if (links.size > 0) await removeLinks([[...links]]);
  }

  /** Idempotent: an attachment whose namespace is still the same is answered as it is. */
  attach(wanted: PodAttachment): Promise<Attachment> {
    return this.#inTurn(wanted.podId, async () => {
      const { dev, ino } = await stat(wanted.networkNamespace);
      const namespaceId = `${dev}:${ino}`;
      const known = this.#attachments.get(wanted.podId);
      if (known?.namespaceId === namespaceId) return known;
      if (known) await this.#remove(known);
      const address = this.#pool.take(wanted.wantedAddress ?? known?.address);
      const attachment: Attachment = { ...wanted, address, namespaceId };
      this.#attachments.set(wanted.podId, attachment);
      try {
        await Promise.all([this.#link(attachment), this.#write(attachment)]);
      } catch (error) {
        await this.#remove(attachment);
        throw error;
      }
      return attachment;
    });
  }

  /** Answers what was detached; undefined when the pod had no link. */
  detach(podId: string): Promise<Attachment | undefined> {
    return this.#inTurn(podId, async () => {
      const known = this.#attachments.get(podId);
      if (known) await this.#remove(known);
      return known;
    });
  }

  #inTurn<T>(podId: string, work: () => Promise<T>): Promise<T> {
    const before = this.#underWay.get(podId) ?? Promise.resolve();
    const turn = before.then(work, work);
    const settled = turn.then(
      () => {},
      () => {},
    );
    this.#underWay.set(podId, settled);
    void settled.then(() => {
      if (this.#underWay.get(podId) === settled) this.#underWay.delete(podId);
    });
    return turn;
  }

  async #link(attachment: Attachment): Promise<void> {
    const { address, networkNamespace } = attachment;
    const host = linkName(address);
    const gateway = gatewayOf(this.#settings);
    // Neighbours are entered by hand on both ends: the first packet waits for no address resolution.
    const hostMac = mac('02:57', address);
    const podMac = mac('06:57', address);
    const nodeSide = [
      `link add ${host} address ${hostMac} type veth peer name eth0 address ${podMac} netns "${networkNamespace}"`,
      `link set ${host} up`,
      `route replace ${address}/32 dev ${host} src ${this.#settings.nodeAddress}`,
      `neigh replace ${address} lladdr ${podMac} dev ${host} nud permanent`,
    ];
    try {
      await this.#maker.add(nodeSide);
    } catch (error) {
      // A link of this name is a leftover: the address is taken by this attachment alone.
      this.#log.debug('pod link made anew', { podId: attachment.podId, why: messageOf(error) });
      await run('ip', ['link', 'del', host], { allowFailure: true });
      await run('nsenter', [`--net=${networkNamespace}`, 'ip', 'link', 'del', 'eth0'], { allowFailure: true });
      await this.#maker.add(nodeSide);
    }
    await ipBatch(
      [
        'link set lo up',
        `addr replace ${address}/32 dev eth0`,
        'link set eth0 up',
        `route replace ${gateway} dev eth0 scope link src ${address}`,
        `route replace default via ${gateway} dev eth0 src ${address}`,
        `neigh replace ${gateway} lladdr ${hostMac} dev eth0 nud permanent`,
      ],
      networkNamespace,
    );
  }

  async #write(attachment: Attachment): Promise<void> {
    const path = this.#pathOf(attachment.podId);
    await writeFile(`${path}.new`, JSON.stringify(attachment));
    await rename(`${path}.new`, path);
  }

  async #remove(attachment: Attachment): Promise<void> {
    await this.#remover.add([linkName(attachment.address)]);
    await rm(this.#pathOf(attachment.podId), { force: true });
    this.#attachments.delete(attachment.podId);
    this.#pool.release(attachment.address);
  }

  #pathOf(podId: string): string {
    return join(this.#directory, `${encodeURIComponent(podId)}.json`);
  }
}

function linkName(address: string): string {
  return `${POD_LINK_PREFIX}${addressNumber(address).toString(16).padStart(8, '0')}`;
}

function mac(prefix: string, address: string): string {
  return [prefix, ...address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))].join(':');
}

async function podLinks(): Promise<Set<string>> {
  const { stdout } = await run('ip', ['-o', 'link', 'show', 'type', 'veth']);
  const names = [...stdout.matchAll(/^\d+: ([^:@\s]+)/gm)].map((match) => match[1] ?? '');
  return new Set(names.filter((name) => name.startsWith(POD_LINK_PREFIX)));
}

function parse(text: string): Attachment | undefined {
  try {
    return JSON.parse(text) as Attachment;
  } catch {
    // Cut short by a crash: the rename makes this rare, and the link is then removed as a leftover.
    return undefined;
  }
}
