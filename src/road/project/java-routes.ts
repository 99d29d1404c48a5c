import type { Fact, Route } from './contract.ts';
import { placeOf } from './folder.ts';
import { roleOf } from './routes.ts';
import type { Source } from './written-addresses.ts';

/** Routes of Spring (@GetMapping), JAX-RS (@Path with @GET), Micronaut (@Get), Javalin, and the JDK's own server. */
export function javaRoutes({ path, text }: Source): Route[] {
  const routes: Route[] = [];
  const prefix = classPrefix(text);
  const add = (method: string, route: string, index: number, below = prefix): void => {
    const whole = `/${below}/${route}`.replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '');
    routes.push({ method, path: whole, source: placeOf(path, text, index), role: roleOf(method, whole) });
  };
  for (const match of text.matchAll(
    /@(Get|Post|Put|Patch|Delete)(?:Mapping)?(?:\(\s*(?:(?:value|path|uri)\s*=\s*)?\{?\s*(?:"([^"]*)")?[^)]{0,300}\))?/g,
  )) {
    add((match[1] ?? '').toUpperCase(), match[2] ?? '', match.index);
  }
  for (const match of text.matchAll(/@(GET|POST|PUT|PATCH|DELETE)\b(?:\s*@\w+(?:\((?:"[^"]*"|[^)"])*\))?)*/g)) {
    // The path may stand before or behind the method.
    const own =
      /@Path\(\s*"([^"]*)"/.exec(match[0])?.[1] ??
      /@Path\(\s*"([^"]*)"\s*\)\s*$/.exec(text.slice(Math.max(0, match.index - 200), match.index))?.[1];
    const classLevel = classPosition(text);
    if (match.index > classLevel) add(match[1] ?? 'GET', own ?? '', match.index);
  }
  for (const match of text.matchAll(/\b\w+\s*\.\s*(get|post|put|patch|delete)\(\s*"(\/[^"]*)"\s*,/g)) {
    add((match[1] ?? '').toUpperCase(), match[2] ?? '', match.index, '');
  }
  for (const match of text.matchAll(/\bcreateContext\(\s*"(\/[^"]*)"/g)) add('GET', match[1] ?? '/', match.index, '');
  for (const match of text.matchAll(/^\s*(get|post|put|patch|delete)\(\s*"(\/[^"]*)"/gm)) {
    add((match[1] ?? '').toUpperCase(), match[2] ?? '', match.index + match[0].search(/\S/), '');
  }
  return routes;
}

function classPosition(text: string): number {
  return Math.max(0, text.search(/\b(?:class|interface|record|object)\s+\w+/));
}

function classPrefix(text: string): string {
  const head = text.slice(0, classPosition(text));
  return /@(?:RequestMapping|Controller|Path)\(\s*(?:(?:value|path)\s*=\s*)?\{?\s*"([^"]*)"/.exec(head)?.[1] ?? '';
}

type Has = (name: string) => Fact<string> | undefined;

/** The routes that a framework adds by itself when its package for it is there. */
export function managementRoutes(
  has: Has,
  properties: ReadonlyMap<string, Fact<string>>,
  framework: string | undefined,
): Route[] {
  const route = (path: string, role: NonNullable<Route['role']>, source: string): Route => ({
    method: 'GET',
    path,
    source,
    role,
  });
  if (framework === 'spring-boot') {
    const actuator = has('org.springframework.boot:spring-boot-starter-actuator');
    // On a port of its own it is not reached through the app's.
    if (!actuator || properties.has('management.server.port')) return [];
    const context = properties.get('server.servlet.context-path')?.value ?? '';
    const base = `${context}${properties.get('management.endpoints.web.base-path')?.value ?? '/actuator'}`;
    const exposed = properties.get('management.endpoints.web.exposure.include')?.value ?? '';
    const prometheus = has('io.micrometer:micrometer-registry-prometheus');
    return [
      // Spring Boot turns both groups on where it sees Kubernetes' own variables.
      route(`${base}/health/liveness`, 'health', actuator.source),
      route(`${base}/health/readiness`, 'ready', actuator.source),
      ...(prometheus && /\*|prometheus/.test(exposed)
        ? [route(`${base}/prometheus`, 'metrics', prometheus.source)]
        : []),
    ];
  }
  if (framework === 'quarkus') {
    const health = has('io.quarkus:quarkus-smallrye-health');
    const metrics = has('io.quarkus:quarkus-micrometer-registry-prometheus');
    return [
      ...(health
        ? [route('/q/health/live', 'health', health.source), route('/q/health/ready', 'ready', health.source)]
        : []),
      ...(metrics ? [route('/q/metrics', 'metrics', metrics.source)] : []),
    ];
  }
  const micronaut = has('io.micronaut:micronaut-management');
  return micronaut
    ? [route('/health/liveness', 'health', micronaut.source), route('/health/readiness', 'ready', micronaut.source)]
    : [];
}
