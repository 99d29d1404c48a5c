import type { Route, RouteRole } from './contract.ts';

const ROLES: readonly (readonly [RouteRole, RegExp])[] = [
  ['ready', /^\/(?:-\/|api\/)?(?:ready|readyz|readiness|health\/ready|healthz\/ready)\/?$/i],
  [
    'health',
    /^\/(?:-\/|api\/)?(?:health|healthz|healthcheck|health-check|livez|live|liveness|ping|status|health\/live)\/?$/i,
  ],
  ['version', /^\/(?:api\/)?version\/?$/i],
  ['metrics', /^\/(?:-\/)?metrics\/?$/i],
];

/** What a GET route is for, told by its path. */
export function roleOf(method: string, path: string): RouteRole | undefined {
  if (method !== 'GET') return undefined;
  return ROLES.find(([, pattern]) => pattern.test(path))?.[0];
}

/** A route once, however often it is declared; the first place stays. */
export function uniqueRoutes(routes: readonly Route[]): Route[] {
  const found = new Map<string, Route>();
  for (const route of routes) {
    const key = `${route.method} ${route.path}`;
    if (!found.has(key)) found.set(key, route);
  }
  return [...found.values()];
}
