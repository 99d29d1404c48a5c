import { behaviours } from './behaviours/index.ts';
import type { Behaviour, Catalogue, KubeObject, ResourceInfo, Schema, SubresourceInfo } from './contract.ts';
import { fillDefaults } from './defaults.ts';
import text from './generated/resources.data';
import { part } from './object-meta.ts';
import { schemaOf, typeNameOf } from './schema.ts';

export interface CatalogueSettings {
  /**
   * As upstream's --runtime-config: `api/all`, `api/ga`, `api/beta`, `api/alpha`, `GROUP/VERSION` (`v1` for core), or
   * `GROUP/VERSION/RESOURCE`, to true or false. The more exact key wins.
   */
  readonly runtimeConfig?: Readonly<Record<string, boolean>>;
}

interface ResourceFact {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources?: readonly {
    readonly name: string;
    readonly group: string | null;
    readonly version: string | null;
    readonly kind: string;
    readonly verbs: readonly string[];
  }[];
}

const NO_BEHAVIOUR: Behaviour = {};
const EMPTY: Schema = { type: 'object', fields: {} };
/** Groups and resources whose objects are kept under another group. */
const STORED_ELSEWHERE: Readonly<Record<string, string>> = { 'events.k8s.io/events': '' };
const DEPRECATIONS: Readonly<Record<string, string>> = {
  '/componentstatuses/v1': 'v1 ComponentStatus is deprecated in v1.19+',
  '/endpoints/v1': 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
};
/** Where the version kept is not the first that the facts name. */
const STORAGE_VERSIONS: Readonly<Record<string, string>> = { 'autoscaling/horizontalpodautoscalers': 'v2' };

/**
 * Every resource of Kubernetes v1.36. Versions that are not stable are there but off, unless `runtimeConfig` turns them on;
 * `find` and `all` know only what is on.
 */
export function createCatalogue(settings: CatalogueSettings = {}): Catalogue {
  const facts = JSON.parse(text) as ResourceFact[];
  const config = settings.runtimeConfig ?? {};
  const builtin = builtinOrder(facts)
    .map((fact) => infoOf(fact, facts))
    .filter((info) => isOn(info, config));
  return new Served(builtin);
}

/** Discovery's order: core first, then the groups as the facts have them (upstream's priorities). */
function builtinOrder(facts: readonly ResourceFact[]): readonly ResourceFact[] {
  return [...facts.filter((fact) => fact.group === ''), ...facts.filter((fact) => fact.group !== '')];
}

function infoOf(fact: ResourceFact, facts: readonly ResourceFact[]): ResourceInfo {
  const name = `${fact.group}/${fact.resource}`;
  const storageGroup = STORED_ELSEWHERE[name];
  const deprecation = DEPRECATIONS[`${name}/${fact.version}`];
  let schema: Schema | undefined;
  return {
    group: fact.group,
    version: fact.version,
    resource: fact.resource,
    kind: fact.kind,
    namespaced: fact.namespaced,
    singular: fact.singular,
    verbs: fact.verbs,
    shortNames: fact.shortNames ?? [],
    categories: fact.categories ?? [],
    subresources: subresourcesOf(fact),
    get schema() {
      schema ??= schemaOfFact(fact);
      return schema;
    },
    onByDefault: isStable(fact.version),
    storageVersion:
      STORAGE_VERSIONS[name] ??
      facts.find((one) => one.group === fact.group && one.resource === fact.resource)?.version ??
      fact.version,
    behaviour: completing(behaviours[name] ?? NO_BEHAVIOUR, () => schemaOfFact(fact)),
    ...(storageGroup !== undefined && { storageGroup }),
    ...(deprecation !== undefined && { deprecation }),
  };
}

function schemaOfFact(fact: ResourceFact): Schema {
  return schemaOf(typeNameOf(fact.group, fact.version, fact.kind) ?? '') ?? EMPTY;
}

/**
 * What holds of every kind: a status made anew for a create has what Go always writes (a DaemonSet's counts), and what may
 * not be created may not be made of an object later.
 */
function completing(behaviour: Behaviour, schema: () => Schema): Behaviour {
  const { prepareForCreate, validate, validateUpdate } = behaviour;
  return {
    ...behaviour,
    ...(validate && !validateUpdate && { validateUpdate: (object: KubeObject) => validate(object) }),
    ...(prepareForCreate && {
      prepareForCreate(object: KubeObject) {
        prepareForCreate(object);
        const status = part(object, 'status');
        const field = schema().fields?.status;
        if (field && status !== null && typeof status === 'object') fillDefaults(status, field.schema);
      },
    }),
  };
}

function subresourcesOf(fact: ResourceFact): ReadonlyMap<string, SubresourceInfo> {
  const made = new Map<string, SubresourceInfo>();
  for (const one of fact.subresources ?? []) {
    const own = !one.version;
    made.set(one.name, {
      name: one.name,
      group: own ? fact.group : (one.group ?? ''),
      version: own ? fact.version : (one.version ?? ''),
      kind: one.kind,
      verbs: one.verbs,
    });
  }
  return made;
}

function isStable(version: string): boolean {
  return /^v\d+$/.test(version);
}

function isOn(info: ResourceInfo, config: Readonly<Record<string, boolean>>): boolean {
  const groupVersion = info.group ? `${info.group}/${info.version}` : info.version;
  const level = isStable(info.version) ? 'api/ga' : info.version.includes('beta') ? 'api/beta' : 'api/alpha';
  const keys = [`${groupVersion}/${info.resource}`, groupVersion, ...(info.group ? [] : ['api/v1']), level, 'api/all'];
  for (const key of keys) {
    const wanted = config[key];
    if (wanted !== undefined) return wanted;
  }
  return info.onByDefault;
}

class Served implements Catalogue {
  readonly #builtin: readonly ResourceInfo[];
  readonly #byResource = new Map<string, ResourceInfo>();
  readonly #byKind = new Map<string, ResourceInfo>();
  readonly #added = new Map<string, ResourceInfo>();
  #all: readonly ResourceInfo[] | undefined;
  #generation = 1;

  constructor(builtin: readonly ResourceInfo[]) {
    this.#builtin = builtin;
    for (const info of builtin) this.#index(info);
  }

  get generation(): number {
    return this.#generation;
  }

  all(): readonly ResourceInfo[] {
    this.#all ??= [...this.#builtin, ...[...this.#added.values()].sort(customOrder)];
    return this.#all;
  }

  find(group: string, version: string, resource: string): ResourceInfo | undefined {
    return this.#byResource.get(`${group}/${version}/${resource}`);
  }

  findKind(group: string, version: string, kind: string): ResourceInfo | undefined {
    return this.#byKind.get(`${group}/${version}/${kind}`);
  }

  add(info: ResourceInfo): void {
    this.#added.set(keyOf(info), info);
    this.#index(info);
    this.#changed();
  }

  remove(group: string, version: string, resource: string): void {
    const key = `${group}/${version}/${resource}`;
    const info = this.#added.get(key);
    if (!info) return;
    this.#added.delete(key);
    this.#byResource.delete(key);
    this.#byKind.delete(`${group}/${version}/${info.kind}`);
    this.#changed();
  }

  #index(info: ResourceInfo): void {
    this.#byResource.set(keyOf(info), info);
    const kind = `${info.group}/${info.version}/${info.kind}`;
    if (!this.#byKind.has(kind) || info.custom) this.#byKind.set(kind, info);
  }

  #changed(): void {
    this.#all = undefined;
    this.#generation++;
  }
}

function keyOf(info: ResourceInfo): string {
  return `${info.group}/${info.version}/${info.resource}`;
}

/** Custom groups by name; within one, versions from the best down (GA over beta over alpha), then resources by name. */
function customOrder(a: ResourceInfo, b: ResourceInfo): number {
  return compare(a.group, b.group) || compareVersions(b.version, a.version) || compare(a.resource, b.resource);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** apimachinery's CompareKubeAwareVersionStrings: positive when `a` is to be preferred over `b`. */
export function compareVersions(a: string, b: string): number {
  const [one, two] = [versionParts(a), versionParts(b)];
  if (!one && !two) return -compare(a, b);
  if (!one || !two) return one ? 1 : -1;
  for (let index = 0; index < one.length; index++) {
    const difference = (one[index] ?? 0) - (two[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function versionParts(version: string): number[] | undefined {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (!match) return undefined;
  return [match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0, Number(match[1]), Number(match[3] ?? 0)];
}
