import { isLabelValue, isQualifiedName } from '../../engine/kinds/index.ts';
import { parseDotenv } from './dotenv.ts';
import type { Draft, Handler } from './draft.ts';
import { readText } from './environment-files.ts';
import { pathFrom } from './load.ts';
import { entriesOf, itemsOf, sourceOf, textOf } from './value.ts';

/** wherry's and Kubernetes' own, by which pods are selected. */
const RESERVED = /^(?:[a-z0-9.-]+\.)?(?:kubernetes|k8s)\.io\/|^wherry\//;
/** What proxy-labels.ts makes a way of. */
const ROUTES = /^traefik\.(?:enable|http\.routers\.[^.]+\.rule|http\.services\.[^.]+\.loadbalancer\.server\.port)$/i;
/** Words of reverse proxies that watch Docker. */
const PROXY = /^(?:traefik\.|caddy|com\.github\.lucaslorentz\.caddy|VIRTUAL_HOST$)/;

export const labels: Handler = (value, path, draft) => {
  for (const [name, each] of entriesOf(value)) {
    const said = addLabel(draft, name, textOf(each) ?? '');
    const place = [...path, name];
    if (said === undefined) {
      draft.report.dropped(place, each.at, {
        reason: 'Kubernetes takes no label or annotation of that name',
        todo: 'Use letters, digits, . _ and -, at most 63.',
      });
    } else if (PROXY.test(name) && !ROUTES.test(name)) {
      draft.report.changed(
        place,
        each.at,
        `${said}; the proxy that reads it watches Docker`,
        'Say the host with --host, or write an Ingress.',
      );
    } else draft.report.mapped(place, each.at, said);
  }
};

export const labelFile: Handler = (value, path, draft) => {
  for (const [index, item] of itemsOf(value).entries()) {
    const named = textOf(item) ?? '';
    const text = readText(pathFrom(item, named), sourceOf(item.at), 'Write it, or remove label_file.');
    const entries = parseDotenv(text, named, () => undefined);
    const own = draft.map.entries.get('labels');
    let lost = 0;
    for (const { name, value: label } of entries) {
      // What the service says itself wins over its files.
      if (own?.is === 'map' && own.entries.has(name)) continue;
      if (addLabel(draft, name, label) === undefined) lost++;
    }
    if (lost > 0)
      draft.report.changed(
        [...path, index],
        item.at,
        `${entries.length - lost} labels; ${lost} have names that Kubernetes does not take`,
      );
    else draft.report.mapped([...path, index], item.at, `${entries.length} labels`);
  }
};

export const annotations: Handler = (value, path, draft) => {
  for (const [name, each] of entriesOf(value)) {
    if (annotate(draft, name, textOf(each) ?? '')) draft.report.mapped([...path, name], each.at, 'annotation');
    else
      draft.report.dropped([...path, name], each.at, {
        reason: 'Kubernetes takes no annotation of that name',
        todo: 'Use letters, digits, . _ and -, at most 63.',
      });
  }
};

/** A label where Kubernetes takes it as one, else an annotation, which may hold any text. */
function addLabel(draft: Draft, name: string, text: string): string | undefined {
  const isLabel = !RESERVED.test(name) && isQualifiedName(name).length === 0 && isLabelValue(text).length === 0;
  if (isLabel) {
    draft.labels[name] = text;
    return 'label';
  }
  const why = RESERVED.test(name) ? 'as a label it has a meaning of its own' : 'a label takes no such value';
  return annotate(draft, name, text) ? `annotation: ${why}` : undefined;
}

export function annotate(draft: Draft, name: string, text: string): boolean {
  if (isQualifiedName(name).length > 0) return false;
  draft.annotations[name] = text;
  return true;
}
