import { type FieldFault, faults as fault, type JSONSchemaProps, OMIT_VALUE } from '../../kinds/index.ts';
import { equal, isPlain, type Plain } from '../object.ts';
import { hasFormat } from './formats.ts';

const FAULTS_MAX = 100;

/**
 * The faults of a value by its structural schema, in the words of upstream's validator (kube-openapi). What is equal to
 * `old` is not looked at again, so that a stricter schema does not bar an update of something else.
 */
export function validateValue(value: unknown, props: JSONSchemaProps, path: string, old?: unknown): FieldFault[] {
  const found: FieldFault[] = [];
  check(value, props, path, old, found);
  return found;
}

function check(value: unknown, props: JSONSchemaProps, path: string, old: unknown, found: FieldFault[]): void {
  if (found.length >= FAULTS_MAX || (old !== undefined && equal(value, old))) return;
  if (value === null) {
    if (!props.nullable && props.type) found.push(wrongType(path, value, props.type));
    return;
  }
  if (!hasType(value, props)) {
    found.push(wrongType(path, value, props['x-kubernetes-int-or-string'] ? 'integer,string' : (props.type ?? '')));
    return;
  }
  if (props.enum && !props.enum.some((one) => equal(one, value))) {
    found.push(
      fault.notSupported(
        path,
        value,
        props.enum.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))),
      ),
    );
  }
  if (typeof value === 'string') checkString(value, props, path, found);
  else if (typeof value === 'number') checkNumber(value, props, path, found);
  else if (Array.isArray(value)) checkList(value, props, path, old, found);
  else if (isPlain(value)) checkObject(value, props, path, old, found);
  checkJunctions(value, props, path, found);
}

function hasType(value: unknown, props: JSONSchemaProps): boolean {
  if (props['x-kubernetes-int-or-string']) return typeof value === 'string' || Number.isInteger(value);
  switch (props.type) {
    case 'object':
      return isPlain(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === props.type;
    default:
      return true;
  }
}

const nameOf = (path: string) => (path ? `${path} in body` : 'in body');

function wrongType(path: string, value: unknown, type: string): FieldFault {
  const actual = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  const name = actual === 'number' && Number.isInteger(value) ? 'integer' : actual;
  return {
    path,
    type: 'TypeInvalid',
    value: name,
    detail: `${nameOf(path)} must be of type ${type}: ${JSON.stringify(name)}`,
  };
}

function checkString(value: string, props: JSONSchemaProps, path: string, found: FieldFault[]): void {
  const { maxLength, minLength, pattern, format } = props;
  const length = [...value].length;
  if (maxLength !== undefined && length > maxLength) found.push(fault.tooLong(path, maxLength));
  if (minLength !== undefined && length < minLength) {
    found.push(fault.invalidValue(path, value, `${nameOf(path)} should be at least ${minLength} chars long`));
  }
  if (pattern && !matcherOf(pattern).test(value)) {
    found.push(fault.invalidValue(path, value, `${nameOf(path)} should match '${pattern}'`));
  }
  if (format && !hasFormat(value, format)) {
    found.push(fault.invalidValue(path, value, `${nameOf(path)} must be of type ${format}: ${JSON.stringify(value)}`));
  }
}

const matchers = new Map<string, RegExp>();
const MATCHERS_MAX = 2000;

function matcherOf(pattern: string): RegExp {
  let matcher = matchers.get(pattern);
  if (!matcher) {
    if (matchers.size >= MATCHERS_MAX) matchers.clear();
    // Go's inline flags have no place of their own here.
    const flags = /^\(\?([ims]+)\)/.exec(pattern);
    matcher = new RegExp(flags ? pattern.slice(flags[0].length) : pattern, flags?.[1] ?? '');
    matchers.set(pattern, matcher);
  }
  return matcher;
}

function checkNumber(value: number, props: JSONSchemaProps, path: string, found: FieldFault[]): void {
  const { minimum, maximum, multipleOf, format } = props;
  const add = (detail: string) => found.push(fault.invalidValue(path, value, `${nameOf(path)} ${detail}`));
  if (maximum !== undefined) {
    if (props.exclusiveMaximum ? value >= maximum : value > maximum) {
      add(props.exclusiveMaximum ? `should be less than ${maximum}` : `should be less than or equal to ${maximum}`);
    }
  }
  if (minimum !== undefined) {
    if (props.exclusiveMinimum ? value <= minimum : value < minimum) {
      add(
        props.exclusiveMinimum ? `should be greater than ${minimum}` : `should be greater than or equal to ${minimum}`,
      );
    }
  }
  if (multipleOf && Math.abs(value / multipleOf - Math.round(value / multipleOf)) > 1e-9) {
    add(`should be a multiple of ${multipleOf}`);
  }
  if (format === 'int32' && (value > 2147483647 || value < -2147483648)) {
    add(`must be of type int32: ${JSON.stringify(String(value))}`);
  }
}

function checkList(
  value: readonly unknown[],
  props: JSONSchemaProps,
  path: string,
  old: unknown,
  found: FieldFault[],
): void {
  const { maxItems, minItems } = props;
  if (maxItems !== undefined && value.length > maxItems) found.push(fault.tooMany(path, value.length, maxItems));
  if (minItems !== undefined && value.length < minItems) {
    found.push(fault.invalidValue(path, value.length, `${nameOf(path)} should have at least ${minItems} items`));
  }
  const keys = props['x-kubernetes-list-map-keys'];
  const listType = props['x-kubernetes-list-type'];
  const before = new Map<string, unknown>();
  if (listType === 'map' && keys && Array.isArray(old)) {
    for (const item of old) before.set(identityOf(item, keys), item);
  }
  const seen = new Set<string>();
  for (const [at, item] of value.entries()) {
    const place = `${path}[${at}]`;
    const identity = listType === 'map' && keys ? identityOf(item, keys) : JSON.stringify(item);
    if ((listType === 'set' || listType === 'map') && seen.has(identity)) {
      found.push(fault.duplicate(place, listType === 'map' ? JSON.parse(identity) : item));
    }
    seen.add(identity);
    if (isPlain(props.items)) check(item, props.items as JSONSchemaProps, place, before.get(identity), found);
  }
}

function identityOf(item: unknown, keys: readonly string[]): string {
  const made: Plain = {};
  if (isPlain(item)) for (const key of keys) made[key] = item[key];
  return JSON.stringify(made);
}

function checkObject(value: Plain, props: JSONSchemaProps, path: string, old: unknown, found: FieldFault[]): void {
  const before = isPlain(old) ? old : {};
  const place = (key: string) => (path ? `${path}.${key}` : key);
  for (const key of props.required ?? []) if (value[key] === undefined) found.push(fault.required(place(key)));
  const count = Object.keys(value).length;
  if (props.maxProperties !== undefined && count > props.maxProperties) {
    found.push(fault.tooMany(path, count, props.maxProperties));
  }
  if (props.minProperties !== undefined && count < props.minProperties) {
    found.push(
      fault.invalidValue(path, count, `${nameOf(path)} should have at least ${props.minProperties} properties`),
    );
  }
  const additional = isPlain(props.additionalProperties) ? (props.additionalProperties as JSONSchemaProps) : undefined;
  for (const [key, one] of Object.entries(value)) {
    const below = props.properties?.[key] ?? additional;
    if (below && one !== undefined) check(one, below, place(key), before[key], found);
  }
}

function checkJunctions(value: unknown, props: JSONSchemaProps, path: string, found: FieldFault[]): void {
  const holds = (one: JSONSchemaProps) => validateValue(value, one, path).length === 0;
  const add = (detail: string) => found.push(fault.invalidValue(path, OMIT_VALUE, `"${path}" ${detail}`));
  if (props.anyOf && !props.anyOf.some(holds)) {
    add('must validate at least one schema (anyOf)');
    const nearest = props.anyOf.map((one) => validateValue(value, one, path)).sort((a, b) => a.length - b.length)[0];
    found.push(...(nearest ?? []));
  }
  if (props.oneOf) {
    const valid = props.oneOf.filter(holds).length;
    if (valid === 0) add('must validate one and only one schema (oneOf). Found none valid');
    else if (valid > 1) add(`must validate one and only one schema (oneOf). Found ${valid} valid alternatives`);
  }
  if (props.allOf && !props.allOf.every(holds)) {
    add('must validate all the schemas (allOf)');
    for (const one of props.allOf) found.push(...validateValue(value, one, path));
  }
  if (props.not && holds(props.not)) add('must not validate the schema (not)');
}
