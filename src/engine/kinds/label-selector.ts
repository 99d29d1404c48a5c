import type { LabelSelector } from './generated/types.ts';
import { isLabelValue, isQualifiedName } from './names.ts';
import { badRequest } from './status.ts';

export type Labels = Readonly<Record<string, string>>;

/** One term of a selector. */
export interface Requirement {
  readonly key: string;
  readonly operator: 'in' | 'notin' | '=' | '==' | '!=' | 'exists' | '!' | 'gt' | 'lt';
  readonly values: readonly string[];
}

/** Answers whether labels match; carries its terms. */
export interface LabelMatcher {
  (labels: Labels | undefined): boolean;
  readonly requirements: readonly Requirement[];
}

const NO_LABELS: Labels = {};

/**
 * Reads the text form (`app=web,tier in (a, b),!canary`), by the grammar of apimachinery's labels.Parse.
 * @throws StatusError 400 with upstream's text.
 */
export function parseLabelSelector(text: string): LabelMatcher {
  try {
    return matcher(new Parser(text).parse());
  } catch (error) {
    if (error instanceof SelectorFault) throw badRequest(error.message);
    throw error;
  }
}

class SelectorFault extends Error {}

function matcher(requirements: readonly Requirement[]): LabelMatcher {
  const match = (labels: Labels | undefined) => {
    const set = labels ?? NO_LABELS;
    for (const requirement of requirements) if (!holds(requirement, set)) return false;
    return true;
  };
  return Object.assign(match, { requirements });
}

function holds({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'in':
    case '=':
    case '==':
      return value !== undefined && values.includes(value);
    case 'notin':
    case '!=':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    default: {
      if (value === undefined || !INTEGER.test(value)) return false;
      const [actual, wanted] = [BigInt(value), BigInt(values[0] ?? '0')];
      return operator === 'gt' ? actual > wanted : actual < wanted;
    }
  }
}

const INTEGER = /^[-+]?\d+$/;
const SPECIAL = new Set(['=', '!', '(', ')', ',', '>', '<']);
const BINARY_OPERATORS = 'in, notin, =, ==, !=, gt, lt';

interface Token {
  readonly kind: 'identifier' | 'end' | '(' | ')' | ',' | '!' | '==' | '=' | '!=' | '>' | '<' | 'in' | 'notin';
  readonly text: string;
}

class Parser {
  readonly #tokens: Token[];
  #position = 0;

  constructor(text: string) {
    this.#tokens = tokens(text);
  }

  parse(): Requirement[] {
    const found: Requirement[] = [];
    for (;;) {
      const token = this.#look();
      if (token.kind === 'end') return sorted(found);
      if (token.kind !== 'identifier' && token.kind !== '!') {
        throw new SelectorFault(`found '${token.text}', expected: !, identifier, or 'end of string'`);
      }
      found.push(this.#explained());
      const next = this.#take();
      if (next.kind === 'end') return sorted(found);
      if (next.kind !== ',') throw new SelectorFault(`found '${next.text}', expected: ',' or 'end of string'`);
      const after = this.#look();
      if (after.kind !== 'identifier' && after.kind !== '!') {
        throw new SelectorFault(`found '${after.text}', expected: identifier after ','`);
      }
    }
  }

  #explained(): Requirement {
    try {
      return this.#requirement();
    } catch (error) {
      if (error instanceof SelectorFault) throw new SelectorFault(`unable to parse requirement: ${error.message}`);
      throw error;
    }
  }

  /** In the place of a name or value, `in` and `notin` are ordinary words. */
  #look(): Token {
    const token = this.#tokens[this.#position] ?? END;
    return token.kind === 'in' || token.kind === 'notin' ? { kind: 'identifier', text: token.text } : token;
  }

  #take(): Token {
    const token = this.#look();
    this.#position++;
    return token;
  }

  #requirement(): Requirement {
    let token = this.#take();
    const absent = token.kind === '!';
    if (absent) token = this.#take();
    if (token.kind !== 'identifier') throw new SelectorFault(`found '${token.text}', expected: identifier`);
    const key = token.text;
    checkKey(key);
    const next = this.#look();
    if (absent) return { key, operator: '!', values: [] };
    if (next.kind === 'end' || next.kind === ',') return { key, operator: 'exists', values: [] };
    const operator = this.#operator();
    const values = operator === 'in' || operator === 'notin' ? this.#values() : [this.#exactValue()];
    checkValues(key, operator, values);
    return { key, operator, values };
  }

  #operator(): Requirement['operator'] {
    const token = this.#tokens[this.#position] ?? END;
    this.#position++;
    switch (token.kind) {
      case 'in':
      case 'notin':
      case '=':
      case '==':
      case '!=':
        return token.kind;
      case '>':
        return 'gt';
      case '<':
        return 'lt';
      default:
        throw new SelectorFault(`found '${token.text}', expected: ${BINARY_OPERATORS}`);
    }
  }

  #values(): string[] {
    const open = this.#take();
    if (open.kind !== '(') throw new SelectorFault(`found '${open.text}' expected: '('`);
    const first = this.#look();
    if (first.kind === ')') {
      this.#take();
      return [''];
    }
    if (first.kind !== 'identifier' && first.kind !== ',') {
      throw new SelectorFault(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    const values = new Set<string>();
    for (;;) {
      const token = this.#take();
      const next = this.#look();
      if (token.kind === 'identifier') {
        values.add(token.text);
        if (next.kind === ')') break;
        if (next.kind !== ',') throw new SelectorFault(`found '${next.text}', expected: ',' or ')'`);
      } else if (token.kind === ',') {
        if (values.size === 0 || next.kind === ')' || next.kind === ',') values.add('');
        if (next.kind === ')') break;
      } else throw new SelectorFault(`found '${token.text}', expected: ',', or identifier`);
    }
    this.#take();
    return [...values].sort();
  }

  #exactValue(): string {
    const token = this.#look();
    if (token.kind === 'end' || token.kind === ',') return '';
    this.#take();
    if (token.kind !== 'identifier') throw new SelectorFault(`found '${token.text}', expected: identifier`);
    return token.text;
  }
}

const END: Token = { kind: 'end', text: '' };

function tokens(text: string): Token[] {
  const found: Token[] = [];
  let position = 0;
  while (position < text.length) {
    const sign = text.charAt(position);
    if (/[ \t\r\n]/.test(sign)) {
      position++;
      continue;
    }
    const pair = text.slice(position, position + 2);
    if (pair === '==' || pair === '!=') {
      found.push({ kind: pair, text: pair });
      position += 2;
    } else if (SPECIAL.has(sign)) {
      found.push({ kind: sign as Token['kind'], text: sign });
      position++;
    } else {
      const start = position;
      while (
        position < text.length &&
        !/[ \t\r\n]/.test(text.charAt(position)) &&
        !SPECIAL.has(text.charAt(position))
      ) {
        position++;
      }
      const word = text.slice(start, position);
      found.push({ kind: word === 'in' || word === 'notin' ? word : 'identifier', text: word });
    }
  }
  found.push(END);
  return found;
}

function checkKey(key: string): void {
  const faults = isQualifiedName(key);
  if (faults.length > 0) throw new SelectorFault(`<nil>: Invalid value: ${JSON.stringify(key)}: ${faults.join('; ')}`);
}

function checkValues(key: string, operator: Requirement['operator'], values: readonly string[]): void {
  const faults: string[] = [];
  if (operator === 'gt' || operator === 'lt') {
    if (!INTEGER.test(values[0] ?? '')) {
      faults.push(
        `values[0]: Invalid value: ${JSON.stringify(values[0])}: for 'Gt', 'Lt' operators, the value must be an integer`,
      );
    }
  }
  for (const [index, value] of values.entries()) {
    const texts = isLabelValue(value);
    if (texts.length > 0) {
      faults.push(`values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${texts.join('; ')}`);
    }
  }
  if (faults.length > 0) throw new SelectorFault(faults.length === 1 ? (faults[0] ?? '') : `[${faults.join(', ')}]`);
}

function sorted(requirements: Requirement[]): Requirement[] {
  return requirements.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

const NOTHING: LabelMatcher = Object.assign(() => false, { requirements: [] });
const compiled = new WeakMap<object, LabelMatcher>();

/** The matcher of a LabelSelector object: null or undefined matches nothing, an empty one everything. */
export function labelMatcher(selector: LabelSelector | null | undefined): LabelMatcher {
  if (!selector) return NOTHING;
  const known = compiled.get(selector);
  if (known) return known;
  const made = matcher(requirementsOf(selector));
  compiled.set(selector, made);
  return made;
}

/** Whether labels match a LabelSelector object: null or undefined matches nothing, an empty one everything. */
export function matchesSelector(selector: LabelSelector | null | undefined, labels: Labels | undefined): boolean {
  return labelMatcher(selector)(labels);
}

/** Equality with every entry (Service and ReplicationController selectors). An empty map matches everything. */
export function selectorFromLabels(labels: Labels | undefined): LabelMatcher {
  return matcher(requirementsOf({ matchLabels: { ...labels } }));
}

const EXPRESSION_OPERATORS: Readonly<Record<string, Requirement['operator']>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};

function requirementsOf(selector: LabelSelector): Requirement[] {
  const found: Requirement[] = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({
    key,
    operator: '=',
    values: [value],
  }));
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    // An operator that is none can never have passed validation; it matches nothing.
    found.push({ key, operator: EXPRESSION_OPERATORS[operator] ?? 'in', values: values ?? [] });
  }
  return sorted(found);
}

/** The text form of a LabelSelector object, as metav1.FormatLabelSelector writes it. */
export function formatLabelSelector(selector: LabelSelector | null | undefined): string {
  if (!selector) return '<none>';
  return formatRequirements(requirementsOf(selector)) || '<none>';
}

export function formatRequirements(requirements: readonly Requirement[]): string {
  return requirements
    .map(({ key, operator, values }) => {
      switch (operator) {
        case 'exists':
          return key;
        case '!':
          return `!${key}`;
        case 'in':
        case 'notin':
          return `${key} ${operator} (${[...values].sort().join(',')})`;
        case 'gt':
          return `${key}>${values[0]}`;
        case 'lt':
          return `${key}<${values[0]}`;
        default:
          return `${key}${operator}${values[0]}`;
      }
    })
    .join(',');
}

/** `a=b,c=d`, keys sorted; `<none>` when empty: upstream's labels.FormatLabels. */
export function formatLabels(labels: Labels | undefined): string {
  const text = Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',');
  return text || '<none>';
}
