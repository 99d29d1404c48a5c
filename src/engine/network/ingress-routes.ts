import type { IncomingHttpHeaders } from 'node:http';
import type { Canary, IngressRule, IngressState } from './contract.ts';

interface Route {
  readonly rule: IngressRule;
  /** Path elements of a prefix; undefined for an exact path. */
  readonly elements: readonly string[] | undefined;
  readonly canary: IngressRule | undefined;
  /** Hundredths of a request that the canary is owed: it gets its share exactly, not by chance. */
  owedPercent: number;
}

/**
 * Chooses the rule for a request (networking.k8s.io/v1 Ingress): the exact host before a wildcard before no host; within
 * a host an exact path before prefixes, the longer prefix before the shorter, the earlier rule before the later.
 * A host whose rules do not match the path falls through to the less exact ones, down to the default backend.
 */
export class IngressRoutes {
  readonly #byHost = new Map<string, Route[]>();

  constructor(state: IngressState) {
    const canaries = new Map(state.rules.flatMap((rule) => (rule.canary ? [[claimOf(rule), rule] as const] : [])));
    for (const rule of state.rules) {
      if (rule.canary) continue;
      const host = rule.host.toLowerCase();
      const key = host === '*' ? '' : host;
      const routes = this.#byHost.get(key) ?? [];
      routes.push({
        rule,
        elements: rule.pathType === 'Exact' ? undefined : elementsOf(rule.path || '/'),
        canary: canaries.get(claimOf(rule)),
        owedPercent: 0,
      });
      this.#byHost.set(key, routes);
    }
    for (const routes of this.#byHost.values()) routes.sort((one, other) => weight(other) - weight(one));
  }

  /** `host` as in the Host header, `path` as in the request line, query included; the headers choose canaries. */
  find(host: string, path: string, headers: IncomingHttpHeaders = {}): IngressRule | undefined {
    const name = host.replace(/:\d+$/, '').toLowerCase();
    const bare = path.split('?', 1)[0] ?? '/';
    const elements = elementsOf(bare);
    // A wildcard stands for exactly one label.
    for (const key of [name, `*.${name.slice(name.indexOf('.') + 1)}`, '']) {
      const match = this.#byHost.get(key)?.find((route) => matches(route, bare, elements));
      if (match) return ruleFor(match, headers);
    }
    return undefined;
  }
}

function claimOf({ host, path, pathType }: IngressRule): string {
  return `${host.toLowerCase()} ${path || '/'} ${pathType}`;
}

/** Header before cookie before share, as ingress-nginx has it; a canary without backends takes nothing. */
function ruleFor(route: Route, headers: IncomingHttpHeaders): IngressRule {
  const { rule, canary } = route;
  if (!canary?.canary || canary.backends.length === 0) return rule;
  const named = isNamed(canary.canary, headers);
  if (named !== undefined) return named ? canary : rule;
  route.owedPercent += canary.canary.weightPercent;
  if (route.owedPercent < 100) return rule;
  route.owedPercent -= 100;
  return canary;
}

/** Undefined when the request says nothing of canaries. */
function isNamed({ header, headerValue, cookie }: Canary, headers: IncomingHttpHeaders): boolean | undefined {
  const sent = header === undefined ? undefined : String(headers[header] ?? '');
  if (headerValue !== undefined && sent === headerValue) return true;
  if (headerValue === undefined && sent === 'always') return true;
  if (headerValue === undefined && sent === 'never') return false;
  if (cookie === undefined) return undefined;
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim());
  if (pairs.includes(`${cookie}=always`)) return true;
  return pairs.includes(`${cookie}=never`) ? false : undefined;
}

function weight(route: Route): number {
  return route.elements === undefined ? Number.MAX_SAFE_INTEGER : route.elements.length;
}

function elementsOf(path: string): string[] {
  return path.split('/').filter((element) => element !== '');
}

function matches(route: Route, path: string, elements: readonly string[]): boolean {
  if (route.elements === undefined) return route.rule.path === path;
  return route.elements.every((element, index) => elements[index] === element);
}
