import type { IngressRule, IngressState } from './contract.ts';

interface Route {
  readonly rule: IngressRule;
  /** Path elements of a prefix; undefined for an exact path. */
  readonly elements: readonly string[] | undefined;
}

/**
 * Chooses the rule for a request (networking.k8s.io/v1 Ingress): the exact host before a wildcard before no host; within
 * a host an exact path before prefixes, the longer prefix before the shorter, the earlier rule before the later.
 * A host whose rules do not match the path falls through to the less exact ones, down to the default backend.
 */
export class IngressRoutes {
  readonly #byHost = new Map<string, Route[]>();

  constructor(state: IngressState) {
    for (const rule of state.rules) {
      const host = rule.host.toLowerCase();
      const key = host === '*' ? '' : host;
      const routes = this.#byHost.get(key) ?? [];
      routes.push({ rule, elements: rule.pathType === 'Exact' ? undefined : elementsOf(rule.path || '/') });
      this.#byHost.set(key, routes);
    }
    for (const routes of this.#byHost.values()) routes.sort((one, other) => weight(other) - weight(one));
  }

  /** `host` as in the Host header, `path` as in the request line, query included. */
  find(host: string, path: string): IngressRule | undefined {
    const name = host.replace(/:\d+$/, '').toLowerCase();
    const bare = path.split('?', 1)[0] ?? '/';
    const elements = elementsOf(bare);
    // A wildcard stands for exactly one label.
    for (const key of [name, `*.${name.slice(name.indexOf('.') + 1)}`, '']) {
      const match = this.#byHost.get(key)?.find((route) => matches(route, bare, elements));
      if (match) return match.rule;
    }
    return undefined;
  }
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
