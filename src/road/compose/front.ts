import type { Part } from '../model/index.ts';
import type { Draft, PublishedPort } from './draft.ts';
import { looksLikeWeb } from './ports.ts';
import { isDockerProxy, wayOfLabels } from './proxy-labels.ts';
import { entriesOf } from './value.ts';

export interface Front {
  /** The part that serves; undefined when nothing does. */
  readonly front: Draft | undefined;
  /** By service. */
  readonly ways: ReadonlyMap<string, NonNullable<Part['way']>>;
  readonly smokePaths: readonly string[];
}

/** Pages for those who run the app, not for its users. */
const TOOLS =
  /adminer|phpmyadmin|pgadmin|mailhog|mailpit|grafana|prometheus|kibana|portainer|redis-?commander|mongo-express|jaeger|zipkin|flower|dashboard/i;

/** Which parts are reached from outside by HTTP: those with a published port that looks like it. */
export function chooseFront(drafts: readonly Draft[]): Front {
  const ways = new Map<string, NonNullable<Part['way']>>();
  const hasRoutes = drafts.some((draft) => !isDockerProxy(draft) && hasRouterLabels(draft));
  const candidates: { draft: Draft; score: number }[] = [];
  for (const draft of drafts) {
    if (hasRoutes && isDockerProxy(draft)) {
      const what =
        'it learns its routes from Docker, which is not here; the Ingress leads to the services in its place';
      draft.report.heading(draft.path, draft.map.at, 'changed', what, 'Remove it.');
      continue;
    }
    const web = draft.published.filter(({ port, protocolName }) => looksLikeWeb(draft, port, protocolName));
    const [best] = web.sort((a, b) => rank(b.port.published) - rank(a.port.published));
    sayOutside(draft, best);
    const routed = wayOfLabels(draft);
    const way = routed ?? (best && { port: best.port.name });
    if (!way || draft.kind === 'job') continue;
    ways.set(draft.service, way);
    candidates.push({ draft, score: scoreOf(draft, best?.port.published, drafts) + (routed ? 4 : 0) });
  }
  candidates.sort((a, b) => b.score - a.score);
  const front = candidates[0]?.draft;
  return { front, ways, smokePaths: front ? pathsIn(front) : [] };
}

function hasRouterLabels({ map }: Draft): boolean {
  return entriesOf(map.entries.get('labels')).some(([name]) => /^traefik\.http\.routers\.[^.]+\.rule$/i.test(name));
}

function sayOutside(draft: Draft, best: PublishedPort | undefined): void {
  if (best) draft.report.mapped(best.path, best.at, 'reached from outside by HTTP, through the Ingress');
  const others = draft.published.filter((each) => each !== best && each.port.published !== undefined);
  for (const path of new Set(others.map((each) => each.path))) {
    const same = others.filter((each) => each.path === path);
    const [first] = same;
    const pairs = same.map(({ port }) => `${port.published}:${port.port}`);
    if (!first || same.every(({ port }) => port.target === best?.port.target)) continue;
    draft.report.changed(
      path,
      first.at,
      'not reached from outside the cluster',
      first.port.protocol === 'TCP'
        ? `kubectl port-forward service/${draft.name} ${pairs.join(' ')}`
        : 'For a UDP port write a Service of type LoadBalancer.',
    );
  }
}

/** The port that people type, or need not type. */
function rank(published: number | undefined): number {
  if (published === 80) return 3;
  if (published === 443) return 2;
  return published === 8080 || published === 8000 || published === 3000 ? 1 : 0;
}

function scoreOf(draft: Draft, published: number | undefined, drafts: readonly Draft[]): number {
  const isTool = TOOLS.test(draft.service) || ('reference' in draft.image && TOOLS.test(draft.image.reference));
  // What others wait for stands behind them.
  const waitedFor = drafts.filter(
    ({ kind, needs }) => kind !== 'job' && needs.some(({ part }) => part === draft.name),
  ).length;
  return rank(published) * 2 + ('build' in draft.image ? 2 : 0) - waitedFor * 3 - (isTool ? 20 : 0);
}

/** Paths that its own check asks: `curl -f http://localhost:8080/health`. */
function pathsIn(draft: Draft): string[] {
  const words = (draft.probes.readiness?.exec?.command ?? []).join(' ');
  const match = /https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::\d+)?(\/[^\s'"|;&)]*)?/.exec(words);
  return match ? [match[1] ?? '/'] : [];
}
