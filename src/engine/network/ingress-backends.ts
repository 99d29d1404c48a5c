import { Agent } from 'node:http';
import type { IngressRule, IngressState } from './contract.ts';

export interface Backend {
  readonly address: string;
  readonly port: number;
}

const IDLE_CONNECTIONS_MAX = 64;

/** Chooses backends in turn, and keeps connections to them open between requests. */
export class IngressBackends {
  #agents = new Map<string, Agent>();
  readonly #turns = new Map<string, number>();

  /** Closes idle connections to backends that are gone; requests under way end in their own time. */
  setState(state: IngressState): void {
    const kept = new Set(state.rules.flatMap((rule) => rule.backends.map(keyOf)));
    for (const [key, agent] of this.#agents) {
      if (kept.has(key)) continue;
      this.#agents.delete(key);
      for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
    }
    const owners = new Set(state.rules.map(turnOf));
    for (const turn of this.#turns.keys()) if (!owners.has(turn)) this.#turns.delete(turn);
  }

  /** Every backend of the rule, the one whose turn it is first. */
  inTurn(rule: IngressRule): readonly Backend[] {
    const count = rule.backends.length;
    if (count < 2) return rule.backends;
    const key = turnOf(rule);
    const turn = (this.#turns.get(key) ?? 0) % count;
    this.#turns.set(key, turn + 1);
    return [...rule.backends.slice(turn), ...rule.backends.slice(0, turn)];
  }

  agentOf(backend: Backend): Agent {
    const key = keyOf(backend);
    let agent = this.#agents.get(key);
    if (!agent) {
      agent = new Agent({ keepAlive: true, maxFreeSockets: IDLE_CONNECTIONS_MAX, noDelay: true });
      this.#agents.set(key, agent);
    }
    return agent;
  }

  stop(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents = new Map();
  }
}

function keyOf({ address, port }: Backend): string {
  return `${address}:${port}`;
}

function turnOf(rule: IngressRule): string {
  return `${rule.owner} ${rule.host} ${rule.path} ${rule.pathType}`;
}
