import { UserError } from '../../base/index.ts';
import type { Fact, FoundVariable, ServiceKind } from './contract.ts';
import type { Folder } from './folder.ts';
import { lineOfKey, parseJson } from './json.ts';

/** What app.json, Heroku's description of an app, says: devcenter.heroku.com/articles/app-json-schema. */
export interface AppJson {
  readonly name: Fact<string> | undefined;
  readonly variables: readonly FoundVariable[];
  /** How many of each process type. */
  readonly quantities: ReadonlyMap<string, Fact<number>>;
  readonly services: readonly Fact<ServiceKind>[];
  readonly postdeploy: Fact<string> | undefined;
  readonly notes: readonly string[];
}

const PATH = 'app.json';
const EMPTY: AppJson = {
  name: undefined,
  variables: [],
  quantities: new Map(),
  services: [],
  postdeploy: undefined,
  notes: [],
};
const ADDONS: readonly (readonly [RegExp, ServiceKind])[] = [
  [/^(?:heroku-postgresql|crunchy|aiven-pg)/, 'postgres'],
  [/^(?:cleardb|jawsdb|stackhero-mysql|stackhero-mariadb)/, 'mysql'],
  [/^(?:heroku-redis|heroku-data-for-redis|rediscloud|redistogo|stackhero-redis|openredis|upstash-redis)/, 'redis'],
  [/^(?:mongolab|mongohq|ormongo|mongodb|stackhero-mongodb)/, 'mongodb'],
  [/^(?:cloudamqp|rabbitmq|stackhero-rabbitmq)/, 'rabbitmq'],
  [/^(?:memcachier|memcachedcloud|memcached)/, 'memcached'],
  [/^(?:bucketeer|hdrive|cubed)/, 's3'],
];

/** @throws UserError for broken JSON and for values of the wrong kind, with the line. */
export function readAppJson(folder: Folder): AppJson {
  const text = folder.read(PATH);
  if (text === undefined) return EMPTY;
  const parsed = parseJson(PATH, text);
  if (!isObject(parsed)) throw new UserError(`${PATH}:1`, 'not an object', 'It describes an app: {"name": "…"}');
  // The same name describes apps for telephones; those say nothing of servers.
  if ('expo' in parsed || 'displayName' in parsed) return EMPTY;
  const at = (...keys: string[]): string => `${PATH}:${lineOfKey(text, ...keys)}`;
  const notes: string[] = [];
  const scripts = isObject(parsed.scripts) ? parsed.scripts : {};
  return {
    name: typeof parsed.name === 'string' ? { value: parsed.name, source: at('name') } : undefined,
    variables: isObject(parsed.env)
      ? Object.entries(parsed.env).map(([name, value]) => variableOf(name, value, at('env', name)))
      : [],
    quantities: quantitiesOf(parsed.formation, at),
    services: addonsOf(parsed.addons, text, notes),
    postdeploy:
      typeof scripts.postdeploy === 'string' && scripts.postdeploy.trim() !== ''
        ? { value: scripts.postdeploy.trim(), source: at('scripts', 'postdeploy') }
        : undefined,
    notes,
  };
}

function variableOf(name: string, value: unknown, source: string): FoundVariable {
  if (typeof value === 'string') return { name, fallback: value || undefined, source };
  if (!isObject(value)) {
    throw new UserError(
      source,
      `env.${name} must be a text or an object, not ${JSON.stringify(value)}`,
      `For example: "${name}": {"value": "…"}`,
    );
  }
  const fallback = typeof value.value === 'string' && value.value !== '' ? value.value : undefined;
  return {
    name,
    fallback,
    source,
    ...(value.generator === 'secret' ? { random: true as const } : {}),
    ...(value.required === false ? { optional: true as const } : {}),
  };
}

function quantitiesOf(formation: unknown, at: (...keys: string[]) => string): Map<string, Fact<number>> {
  const found = new Map<string, Fact<number>>();
  for (const [type, value] of isObject(formation) ? Object.entries(formation) : []) {
    const quantity = isObject(value) ? value.quantity : undefined;
    if (quantity === undefined) continue;
    if (typeof quantity !== 'number' || !Number.isInteger(quantity) || quantity < 0 || quantity > 1000) {
      throw new UserError(
        at('formation', type, 'quantity'),
        `formation.${type}.quantity must be a whole number from 0 to 1000, not ${JSON.stringify(quantity)}`,
        `For example: "${type}": {"quantity": 1}`,
      );
    }
    found.set(type, { value: quantity, source: at('formation', type) });
  }
  return found;
}

function addonsOf(addons: unknown, text: string, notes: string[]): Fact<ServiceKind>[] {
  return (Array.isArray(addons) ? addons : []).flatMap((addon: unknown) => {
    const plan = typeof addon === 'string' ? addon : isObject(addon) ? String(addon.plan ?? '') : '';
    if (plan === '') return [];
    const place = text.indexOf(JSON.stringify(plan), text.indexOf('"addons"'));
    const source = `${PATH}:${text.slice(0, Math.max(0, place)).split('\n').length}`;
    const kind = ADDONS.find(([pattern]) => pattern.test(plan))?.[1];
    if (kind) return [{ value: kind, source }];
    notes.push(`${source}: the addon ${plan} has no counterpart here; give the app the variables it used to set`);
    return [];
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
