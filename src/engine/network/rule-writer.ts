import { type Log, messageOf, run } from '../../base/index.ts';
import { forgetUdpFlows } from './conntrack.ts';
import type { NetworkSettings, ServicePortRule } from './contract.ts';
import { difference, type HostPort, RuleCompiler, type RuleState, TABLE, wholeTable } from './rules.ts';

/**
 * Keeps the kernel's rules equal to what was last asked. One transaction at a time; whatever is asked while one runs is
 * brought in by the next, together. A transaction that the kernel refuses is followed by one that writes all anew.
 */
export class RuleWriter {
  readonly #settings: NetworkSettings;
  readonly #log: Log;
  readonly #compiler: RuleCompiler;
  #services: readonly ServicePortRule[] = [];
  #hostPorts: readonly HostPort[] = [];
  /** What the kernel has, as far as this process wrote it. */
  #written: RuleState | undefined;
  #writtenServices: readonly ServicePortRule[] = [];
  /** Rules of an earlier engine go on working until services are known. */
  #inherited = false;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(settings: NetworkSettings, log: Log) {
    this.#settings = settings;
    this.#log = log;
    this.#compiler = new RuleCompiler(settings);
  }

  async start(): Promise<void> {
    const found = await run('nft', ['list', 'tables', 'ip'], { allowFailure: true });
    this.#inherited = found.stdout.includes(`table ${TABLE}`);
    if (!this.#inherited) await this.#soon();
  }

  setServices(services: readonly ServicePortRule[]): Promise<void> {
    this.#services = services;
    this.#inherited = false;
    return this.#soon();
  }

  async setHostPorts(hostPorts: readonly HostPort[]): Promise<void> {
    this.#hostPorts = hostPorts;
    if (!this.#inherited) await this.#soon();
  }

  /** Resolves when everything asked before this call is in the kernel. */
  #soon(): Promise<void> {
    if (!this.#running) {
      this.#running = this.#write().finally(() => {
        this.#running = undefined;
      });
      return this.#running;
    }
    if (!this.#next) {
      const begin = (): Promise<void> => {
        this.#next = undefined;
        return this.#soon();
      };
      this.#next = this.#running.then(begin, begin);
    }
    return this.#next;
  }

  async #write(): Promise<void> {
    const services = this.#services;
    const wanted = this.#compiler.compile(services, this.#hostPorts);
    const change = this.#written ? difference(this.#written, wanted) : undefined;
    if (change === '') return;
    try {
      await this.#apply(change ?? wholeTable(this.#settings, wanted));
    } catch (error) {
      if (change === undefined) throw error;
      this.#log.warn('rules written anew', { why: messageOf(error) });
      this.#written = undefined;
      await this.#apply(wholeTable(this.#settings, wanted));
    }
    this.#written = wanted;
    const before = this.#writtenServices;
    this.#writtenServices = services;
    await forgetUdpFlows(this.#settings, before, services, this.#log);
  }

  async #apply(transaction: string): Promise<void> {
    await run('nft', ['-f', '-'], { input: transaction });
  }
}
