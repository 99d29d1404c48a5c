import type { Route } from './contract.ts';
import { placeOf } from './folder.ts';
import { roleOf } from './routes.ts';
import type { Source } from './written-addresses.ts';

/** Routes of minimal APIs (MapGet, below MapGroup), of controllers by attributes, of health checks and metrics. */
export function dotnetRoutes({ path, text }: Source): Route[] {
  const routes: Route[] = [];
  const groups = new Map<string, string>();
  for (const match of text.matchAll(/\b(\w+)\s*=\s*(\w+)\s*\.MapGroup\(\s*"([^"]*)"/g)) {
    groups.set(match[1] ?? '', `${groups.get(match[2] ?? '') ?? ''}/${match[3] ?? ''}`);
  }
  const add = (method: string, route: string, index: number): void => {
    const whole = `/${route}`.replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '');
    routes.push({ method, path: whole, source: placeOf(path, text, index), role: roleOf(method, whole) });
  };
  for (const match of text.matchAll(/\b(\w+)\s*\.Map(Get|Post|Put|Patch|Delete)\(\s*"([^"]*)"/g)) {
    add((match[2] ?? '').toUpperCase(), `${groups.get(match[1] ?? '') ?? ''}/${match[3] ?? ''}`, match.index);
  }
  for (const match of text.matchAll(/\.MapHealthChecks\(\s*"([^"]+)"/g)) {
    const route = match[1] ?? '/health';
    routes.push({
      method: 'GET',
      path: route,
      source: placeOf(path, text, match.index),
      role: roleOf('GET', route) ?? 'health',
    });
  }
  const metrics =
    /\.(?:MapMetrics|UseMetricServer|MapPrometheusScrapingEndpoint|UseOpenTelemetryPrometheusScrapingEndpoint)\(/.exec(
      text,
    );
  if (metrics) add('GET', '/metrics', metrics.index);
  const controller = /\bclass\s+(\w+?)(?:Controller)?\b/.exec(text);
  const head = controller ? text.slice(0, controller.index) : '';
  const prefix = (/\[Route\(\s*"([^"]*)"/.exec(head)?.[1] ?? '').replace(
    '[controller]',
    (controller?.[1] ?? '').toLowerCase(),
  );
  for (const match of text.matchAll(/\[Http(Get|Post|Put|Patch|Delete)(?:\(\s*"([^"]*)"[^)]*\))?\s*\]/g)) {
    const own = match[2] ?? '';
    add((match[1] ?? '').toUpperCase(), /^[/~]/.test(own) ? own.replace(/^~/, '') : `${prefix}/${own}`, match.index);
  }
  return routes;
}
