import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { UserError } from '../../base/index.ts';
import type { AcceptedFinding, CanaryStep, Fact, ServiceKind, Settings } from './contract.ts';
import type { Folder } from './folder.ts';
import { nearest } from './nearest.ts';

export const SETTINGS_FILE = 'wherry.yaml';

const TEXTS = ['name', 'build', 'start', 'migrate', 'seed', 'database', 'host'] as const;
const KEYS = [
  ...TEXTS,
  'port',
  'replicas',
  'environment',
  'external',
  'exposed',
  'strategy',
  'canary',
  'hooks',
  'gates',
  'accept',
] as const;
const STRATEGIES = ['rolling', 'recreate', 'blue-green', 'canary'] as const;
const SERVICES: readonly ServiceKind[] = ['mysql', 'postgres', 'redis', 'mongodb', 'rabbitmq', 'memcached', 's3'];
const HOOKS = ['before', 'between', 'after'] as const;
const REPLICAS_MAX = 1000;
const LIST_MAX = 100;

/**
 * Reads wherry.yaml.
 * @throws UserError `wherry.yaml:LINE: fault` for bad YAML (with the column), an unknown key or a value of the wrong type.
 */
export function readSettings(folder: Folder): Settings {
  const text = folder.read(SETTINGS_FILE);
  if (text === undefined) return {};
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [fault] = document.errors;
  if (fault) {
    const { line, col } = lines.linePos(fault.pos[0]);
    throw new UserError(`${SETTINGS_FILE}:${line}:${col}`, fault.message, `Mend ${SETTINGS_FILE} there.`);
  }
  const root = document.contents;
  if (root === null || (isScalar(root) && root.value === null)) return {};
  if (!isMap(root)) {
    throw new UserError(`${SETTINGS_FILE}:1`, 'not a map of settings', `It may say: ${KEYS.join(', ')}.`);
  }
  return settingsOf(entriesOf(root, '', KEYS, lines));
}

/** A value in the file, with the words that its errors need. */
interface Entry {
  readonly key: string;
  /** `hooks.before` */
  readonly path: string;
  readonly source: string;
  readonly node: Node | null;
  readonly lines: LineCounter;
}

function settingsOf(entries: readonly Entry[]): Settings {
  let settings: Settings = {};
  for (const entry of entries) {
    const { key } = entry;
    const text = TEXTS.find((known) => known === key);
    if (text) settings = { ...settings, [text]: textOf(entry) };
    else if (key === 'port') settings = { ...settings, port: numberOf(entry, 'a port from 1 to 65535', 1, 65_535) };
    else if (key === 'replicas') {
      const replicas = numberOf(entry, `a whole number from 1 to ${REPLICAS_MAX}`, 1, REPLICAS_MAX);
      settings = { ...settings, replicas };
    } else if (key === 'environment') settings = { ...settings, environment: environmentOf(entry) };
    else if (key === 'external') settings = { ...settings, external: externalOf(entry) };
    else if (key === 'exposed') settings = { ...settings, exposed: exposedOf(entry) };
    else if (key === 'strategy') settings = { ...settings, strategy: strategyOf(entry) };
    else if (key === 'canary') settings = { ...settings, canary: canaryOf(entry) };
    else if (key === 'hooks') settings = { ...settings, hooks: hooksOf(entry) };
    else if (key === 'gates') settings = { ...settings, gates: gatesOf(entry) };
    else settings = { ...settings, accept: acceptOf(entry) };
  }
  return settings;
}

/** The entries of a map; `known` undefined: any name. */
function entriesOf(node: Node, path: string, known: readonly string[] | undefined, lines: LineCounter): Entry[] {
  if (!isMap(node)) return [];
  return node.items.map(({ key, value }) => {
    const name = isScalar(key) ? String(key.value) : String(key);
    const start = isScalar(key) ? (key.range?.[0] ?? 0) : 0;
    const source = `${SETTINGS_FILE}:${lines.linePos(start).line}`;
    const full = path ? `${path}.${name}` : name;
    if (known && !known.includes(name)) {
      const meant = nearest(name, known);
      throw new UserError(
        source,
        `unknown setting ${full}`,
        `${meant ? `Did you mean ${path ? `${path}.` : ''}${meant}? ` : ''}Known are: ${known.join(', ')}.`,
      );
    }
    return { key: name, path: full, source, node: (value ?? null) as Node | null, lines };
  });
}

function wrong(entry: Entry, wanted: string, example: string): UserError {
  const value: unknown = entry.node?.toJSON() ?? null;
  return new UserError(
    entry.source,
    `${entry.path} must be ${wanted}, not ${JSON.stringify(value)}`,
    `For example: ${example}`,
  );
}

function scalarOf(entry: Entry): unknown {
  return isScalar(entry.node) ? entry.node.value : undefined;
}

function textOf(entry: Entry): Fact<string> {
  const value = scalarOf(entry);
  if (typeof value !== 'string' || value.trim() === '') throw wrong(entry, 'a text', `${entry.path}: "…"`);
  return { value: value.trim(), source: entry.source };
}

function numberOf(entry: Entry, wanted: string, min: number, max: number): Fact<number> {
  const value = scalarOf(entry);
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw wrong(entry, wanted, `${entry.key}: ${entry.key === 'port' ? 8080 : 3}`);
  }
  return { value, source: entry.source };
}

function mapOf(entry: Entry, known: readonly string[] | undefined, example: string): Entry[] {
  if (!isMap(entry.node)) throw wrong(entry, 'a map', example);
  return entriesOf(entry.node, entry.path, known, entry.lines);
}

function listOf(entry: Entry, wanted: string, example: string): Entry[] {
  if (!isSeq(entry.node) || entry.node.items.length > LIST_MAX) throw wrong(entry, wanted, example);
  return entry.node.items.map((item, index) => {
    const node = item as Node;
    const source = `${SETTINGS_FILE}:${entry.lines.linePos(node.range?.[0] ?? 0).line}`;
    return { key: entry.key, path: `${entry.path}[${index}]`, source, node, lines: entry.lines };
  });
}

/** A value keeps its spelling: `0644` and `on` are texts here, as in any environment. */
function environmentOf(entry: Entry): Readonly<Record<string, Fact<string>>> {
  const found: Record<string, Fact<string>> = {};
  for (const variable of mapOf(entry, undefined, 'environment:\n  LOG_LEVEL: info')) {
    if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(variable.key)) {
      throw new UserError(
        variable.source,
        `"${variable.key}" cannot name a variable`,
        'Take letters, digits and _, first a letter.',
      );
    }
    const { node } = variable;
    if (!isScalar(node) || node.value === null) throw wrong(variable, 'a text, a number or true or false', 'info');
    found[variable.key] = { value: node.source ?? String(node.value), source: variable.source };
  }
  return found;
}

/** The ports of nodes that Kubernetes gives out when nothing else is set up. */
const [NODE_PORT_MIN, NODE_PORT_MAX] = [30_000, 32_767];

function exposedOf(entry: Entry): NonNullable<Settings['exposed']> {
  const example = 'exposed:\n  database: NodePort';
  const found: Record<string, Fact<'NodePort' | 'LoadBalancer' | number>> = {};
  for (const part of mapOf(entry, undefined, example)) {
    const value = scalarOf(part);
    const isPort =
      typeof value === 'number' && Number.isInteger(value) && value >= NODE_PORT_MIN && value <= NODE_PORT_MAX;
    if (value !== 'NodePort' && value !== 'LoadBalancer' && !isPort) {
      throw wrong(part, `NodePort, LoadBalancer or a port from ${NODE_PORT_MIN} to ${NODE_PORT_MAX}`, example);
    }
    found[part.key] = { value: value as 'NodePort' | 'LoadBalancer' | number, source: part.source };
  }
  return found;
}

function externalOf(entry: Entry): Readonly<Partial<Record<ServiceKind, Fact<string>>>> {
  const found: Partial<Record<ServiceKind, Fact<string>>> = {};
  for (const service of mapOf(entry, SERVICES, 'external:\n  mysql: db.example.com:3306')) {
    const kind = SERVICES.find((known) => known === service.key);
    if (kind) found[kind] = textOf(service);
  }
  return found;
}

function strategyOf(entry: Entry): NonNullable<Settings['strategy']> {
  const value = scalarOf(entry);
  const strategy = STRATEGIES.find((known) => known === value);
  if (!strategy) throw wrong(entry, `one of ${STRATEGIES.join(', ')}`, 'strategy: rolling');
  return { value: strategy, source: entry.source };
}

const CANARY = 'canary:\n  - {weightPercent: 10, holdSeconds: 60}\n  - {weightPercent: 50}';

function canaryOf(entry: Entry): CanaryStep[] {
  const steps = listOf(entry, 'a list of steps', CANARY).map((step) => {
    const parts = mapOf(step, ['weightPercent', 'holdSeconds'], CANARY);
    const weight = parts.find(({ key }) => key === 'weightPercent');
    const hold = parts.find(({ key }) => key === 'holdSeconds');
    if (!weight) throw wrong(step, 'a step with weightPercent', CANARY);
    return {
      weightPercent: amountOf(weight, 'a number from 0 to 100', 100),
      holdSeconds: hold && amountOf(hold, 'a number of seconds from 0 to 86400', 86_400),
    };
  });
  if (steps.length === 0) throw wrong(entry, 'a list with at least one step', CANARY);
  return steps;
}

function amountOf(entry: Entry, wanted: string, max: number): number {
  const value = scalarOf(entry);
  if (typeof value !== 'number' || !(value >= 0 && value <= max)) throw wrong(entry, wanted, `${entry.key}: 10`);
  return value;
}

function hooksOf(entry: Entry): NonNullable<Settings['hooks']> {
  const example = 'hooks:\n  after:\n    - node scripts/warm-up.js';
  const found: Partial<Record<(typeof HOOKS)[number], readonly Fact<string>[]>> = {};
  for (const stage of mapOf(entry, HOOKS, example)) {
    const name = HOOKS.find((known) => known === stage.key);
    if (name)
      found[name] = isScalar(stage.node)
        ? [textOf(stage)]
        : listOf(stage, 'a command or a list of commands', example).map(textOf);
  }
  return found;
}

function gatesOf(entry: Entry): NonNullable<Settings['gates']> {
  let gates: NonNullable<Settings['gates']> = {};
  const known = ['errorPercentMax', 'latencyP99MsMax'];
  for (const gate of mapOf(entry, known, 'gates:\n  errorPercentMax: 1\n  latencyP99MsMax: 500')) {
    if (gate.key === 'errorPercentMax')
      gates = { ...gates, errorPercentMax: amountOf(gate, 'a number from 0 to 100', 100) };
    else gates = { ...gates, latencyP99MsMax: amountOf(gate, 'milliseconds from 0 to 600000', 600_000) };
  }
  return gates;
}

function acceptOf(entry: Entry): AcceptedFinding[] {
  const example = 'accept:\n  - rule: one-process\n    reason: the worker runs elsewhere';
  return listOf(entry, 'a list of findings', example).map((finding) => {
    const parts = mapOf(finding, ['rule', 'path', 'reason'], example);
    const part = (key: string): string | undefined => {
      const found = parts.find((candidate) => candidate.key === key);
      return found && textOf(found).value;
    };
    const rule = part('rule');
    const reason = part('reason');
    if (rule === undefined || reason === undefined) {
      throw wrong(finding, 'a finding with rule and reason', example);
    }
    return { rule, path: part('path'), reason, source: finding.source };
  });
}
