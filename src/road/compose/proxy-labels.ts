import type { Part } from '../model/index.ts';
import type { Draft } from './draft.ts';
import { imageWord } from './known-images.ts';
import { addPort } from './ports.ts';
import { entriesOf, textOf } from './value.ts';

type Way = NonNullable<Part['way']>;

/**
 * The way that labels for Traefik ask for: `traefik.http.routers.NAME.rule` with Host and PathPrefix, and the port of
 * `traefik.http.services.NAME.loadbalancer.server.port`. The Ingress then does what the proxy did.
 */
export function wayOfLabels(draft: Draft): Way | undefined {
  const labels = draft.map.entries.get('labels');
  let host: string | undefined;
  const paths: string[] = [];
  let port: number | undefined;
  let routed: { path: (string | number)[]; at: Draft['map']['at'] } | undefined;
  for (const [name, value] of entriesOf(labels)) {
    const text = textOf(value) ?? '';
    if (/^traefik\.http\.services\.[^.]+\.loadbalancer\.server\.port$/i.test(name)) port = Number(text) || undefined;
    if (!/^traefik\.http\.routers\.[^.]+\.rule$/i.test(name)) continue;
    host ??= /\bHost\(\s*[`'"]([^`'"]+)/.exec(text)?.[1];
    for (const match of text.matchAll(/\bPathPrefix\(\s*[`'"](\/[^`'"]*)/g)) if (match[1]) paths.push(match[1]);
    routed = { path: [...draft.path, 'labels', name], at: value.at };
  }
  const [first] = draft.ports;
  if (!routed || draft.kind === 'job') return undefined;
  const target = port === undefined ? first : addPort(draft, port, 'TCP', undefined, undefined);
  if (!target) return undefined;
  const where = `${host ?? 'any host'}${paths.length > 0 ? ` below ${paths.join(', ')}` : ''}`;
  draft.report.changed(
    routed.path,
    routed.at,
    `${where} leads to port ${target.port} of ${draft.name}, through the Ingress`,
  );
  return {
    port: target.name,
    ...(host === undefined ? {} : { host }),
    ...(paths.length > 0 ? { paths } : {}),
  };
}

/** The port that labels name: evidence as good as expose. */
export function portOfLabels(draft: Draft): number | undefined {
  for (const [name, value] of entriesOf(draft.map.entries.get('labels'))) {
    if (/^traefik\.http\.services\.[^.]+\.loadbalancer\.server\.port$/i.test(name))
      return Number(textOf(value)) || undefined;
  }
  return undefined;
}

/** A proxy that learns its routes from Docker, which a pod cannot. */
export function isDockerProxy(draft: Draft): boolean {
  const image = 'reference' in draft.image ? imageWord(draft.image.reference) : undefined;
  return image === 'traefik' || image === 'nginx-proxy' || image === 'caddy-docker-proxy';
}
