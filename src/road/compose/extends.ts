import { dirname } from 'node:path';
import type { ComposeMap, ComposeValue } from './contract.ts';
import { COMPOSE } from './keys.ts';
import { serviceShape } from './keys-service.ts';
import { type Loading, pathFrom, readDocuments, withEntry, without } from './load.ts';
import { merged } from './merge.ts';
import { nearest } from './nearest.ts';
import { keyOf } from './path.ts';
import { childOf, entriesOf, faultAt, mapOf, sourceOf, textOf } from './value.ts';

/**
 * The document with every `extends` carried out: the base first, the service laid over it (compose specification,
 * 05-services, extends). What the base says of paths stays relative to the base's file.
 * @throws UserError for a base that does not exist, or extends itself
 */
export function extended(document: ComposeMap, path: string, loading: Loading): ComposeMap {
  const services = document.entries.get('services');
  if (services?.is !== 'map') return document;
  const scope: Scope = { path, services, read: new Map() };
  const entries = [...services.entries].map(
    ([name, value]) => [name, value.is === 'map' ? resolved(name, value, scope, loading, []) : value] as const,
  );
  return withEntry(document, 'services', { ...services, entries: new Map(entries) });
}

interface Scope {
  /** Full path of the file. */
  readonly path: string;
  readonly services: ComposeMap;
  readonly read: Map<string, Scope>;
}

function resolved(
  name: string,
  service: ComposeMap,
  scope: Scope,
  loading: Loading,
  chain: readonly string[],
): ComposeMap {
  const link = service.entries.get('extends');
  if (link?.is !== 'map') return service;
  const here = `${scope.path}\0${name}`;
  if (chain.includes(here))
    throw faultAt(link.at, `service ${name} extends itself`, 'Take one extends of the ring away.');
  const wanted = textOf(childOf(link, 'service')) ?? '';
  const file = textOf(childOf(link, 'file'));
  const baseScope = file === undefined ? scope : scopeOf(pathFrom(link, file), scope, loading);
  const base = baseScope.services.entries.get(wanted);
  if (base?.is !== 'map') throw noSuchBase(link, wanted, baseScope, file);
  const whole = resolved(wanted, base, baseScope, loading, [...chain, here]);
  const key = keyOf(['services', name, 'extends']);
  const source = sourceOf(link.at);
  if (!loading.report.some((line) => line.key === key && line.source === source)) {
    const what = `begins with what ${wanted} says (${sourceOf(base.at)})`;
    loading.report.push({ key, source, outcome: 'mapped', what });
  }
  const over = without(service, 'extends');
  const both = merged(whole, over, serviceShape, ['services', name]);
  return both.is === 'map' ? { ...both, at: service.at } : over;
}

function scopeOf(path: string, scope: Scope, loading: Loading): Scope {
  const known = path === scope.path ? scope : scope.read.get(path);
  if (known) return known;
  const sections = readDocuments(path, dirname(path), loading).map((document) => document.entries.get('services'));
  let services: ComposeValue | undefined;
  for (const section of sections) {
    if (section) services = services ? merged(services, section, COMPOSE.keys.services, ['services']) : section;
  }
  const made: Scope = {
    path,
    services: services?.is === 'map' ? services : mapOf([], scope.services.at),
    read: scope.read,
  };
  scope.read.set(path, made);
  return made;
}

function noSuchBase(link: ComposeValue, wanted: string, scope: Scope, file: string | undefined): Error {
  const names = entriesOf(scope.services).map(([name]) => name);
  const near = nearest(wanted, names);
  return faultAt(
    link.at,
    `extends: there is no service ${wanted}${file === undefined ? '' : ` in ${file}`}`,
    near === undefined ? `There are: ${names.join(', ') || 'none'}.` : `Did you mean ${near}?`,
  );
}
