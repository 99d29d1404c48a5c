/**
 * The values that a JSONPath finds, for the columns and scale paths of CustomResourceDefinitions:
 * `.spec.a`, `.spec['a.b']`, `.list[0]`, `.list[-1]`, `.list[*].b`, `.list[1:3]`, `.list[?(@.type=="Ready")].status`, `..name`.
 * A path that is none, or leads nowhere, finds nothing.
 */
export function jsonPath(path: string, object: unknown): unknown[] {
  let step = steps.get(path);
  if (!step) {
    step = compile(path);
    if (steps.size >= COMPILED_MAX) steps.clear();
    steps.set(path, step);
  }
  return step.reduce<unknown[]>((values, one) => values.flatMap(one), [object]);
}

type Step = (value: unknown) => unknown[];

const COMPILED_MAX = 1000;
const steps = new Map<string, Step[]>();
const NOWHERE: Step = () => [];
const TOKEN =
  /\.\.([\w$-]+)|\.(\*|(?:\\.|[\w$/-])+)|\[\s*(\*|-?\d+|-?\d*:-?\d*(?::\d+)?|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\s*\]|\[\?\((.*?)\)\]|\.(?=\[)/y;

function compile(path: string): Step[] {
  const text = path.replace(/^\{(.*)\}$/s, '$1').replace(/^\$/, '');
  const source = text.startsWith('.') || text.startsWith('[') ? text : `.${text}`;
  const found: Step[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const match = TOKEN.exec(source);
    if (!match) return [NOWHERE];
    const [, deep, name, bracket, filter] = match;
    if (deep !== undefined) found.push((value) => descend(value, deep));
    else if (name !== undefined) found.push(name === '*' ? all : field(name.replace(/\\(.)/g, '$1')));
    else if (bracket !== undefined) found.push(bracketStep(bracket));
    else if (filter !== undefined) found.push(filterStep(filter));
  }
  return found;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const field =
  (name: string): Step =>
  (value) =>
    isObject(value) && Object.hasOwn(value, name) ? [value[name]] : [];

const all: Step = (value) => (Array.isArray(value) ? value : isObject(value) ? Object.values(value) : []);

function descend(value: unknown, name: string): unknown[] {
  if (Array.isArray(value)) return value.flatMap((one) => descend(one, name));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, one]) =>
    key === name ? [one, ...descend(one, name)] : descend(one, name),
  );
}

function bracketStep(text: string): Step {
  if (text === '*') return all;
  if (/^['"]/.test(text)) return field(text.slice(1, -1).replace(/\\(.)/g, '$1'));
  if (text.includes(':')) {
    const [start = '', end = ''] = text.split(':');
    return (value) =>
      Array.isArray(value) ? value.slice(start === '' ? 0 : Number(start), end === '' ? undefined : Number(end)) : [];
  }
  const index = Number(text);
  return (value) => {
    const one = Array.isArray(value) ? value.at(index) : undefined;
    return one === undefined ? [] : [one];
  };
}

const FILTER = /^\s*@([^\s=!<>]*)\s*(?:(==|!=|<=|>=|<|>)\s*(.+?))?\s*$/;

function filterStep(text: string): Step {
  const match = FILTER.exec(text);
  if (!match) return NOWHERE;
  const [, path = '', operator, operand] = match;
  const wanted = operand === undefined ? undefined : literal(operand);
  return (value) =>
    Array.isArray(value)
      ? value.filter((one) => {
          const [actual] = path === '' ? [one] : jsonPath(path, one);
          return operator === undefined ? actual !== undefined : compare(actual, operator, wanted);
        })
      : [];
}

function literal(text: string): unknown {
  if (/^'.*'$/s.test(text)) return text.slice(1, -1);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function compare(actual: unknown, operator: string, wanted: unknown): boolean {
  if (operator === '==') return actual === wanted;
  if (operator === '!=') return actual !== wanted;
  if (typeof actual !== typeof wanted || (typeof actual !== 'number' && typeof actual !== 'string')) return false;
  const [one, two] = [actual as number, wanted as number];
  switch (operator) {
    case '<':
      return one < two;
    case '<=':
      return one <= two;
    case '>':
      return one > two;
    default:
      return one >= two;
  }
}
