import type { Probe } from '../../engine/kinds/index.ts';
import type { Facts, Route, RouteRole } from '../project/index.ts';
import type { Part } from './contract.ts';

/** Readiness by the route made for it, else the cheapest GET; liveness by a health route only, else TCP. */
export function probesOf(facts: Facts): NonNullable<Part['probes']> {
  const ready = routeOf(facts, 'ready') ?? routeOf(facts, 'health') ?? cheapestGet(facts);
  const alive = routeOf(facts, 'health');
  return {
    // Asked every second only until it first answers, so that a fast start is seen fast.
    startup: { ...check(alive), periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 120 },
    readiness: { ...check(ready), periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 2 },
    // Slow to judge: a restart costs more than a slow answer, and a database that is away must not restart the app.
    liveness: { ...check(alive), periodSeconds: 10, timeoutSeconds: 3, failureThreshold: 6 },
  };
}

/** The route that a smoke test asks first. */
export function smokeRoute(facts: Facts): string {
  return (
    (routeOf(facts, 'ready') ?? routeOf(facts, 'health') ?? routeOf(facts, 'version') ?? cheapestGet(facts))?.path ??
    '/'
  );
}

function check(route: Route | undefined): Probe {
  return route ? { httpGet: { path: route.path, port: 'http' } } : { tcpSocket: { port: 'http' } };
}

function routeOf(facts: Facts, role: RouteRole): Route | undefined {
  return facts.routes.find((route) => route.role === role);
}

/** A GET without parameters that is likely to cost little: the version, the top page. */
function cheapestGet(facts: Facts): Route | undefined {
  return routeOf(facts, 'version') ?? facts.routes.find(({ method, path }) => method === 'GET' && path === '/');
}
