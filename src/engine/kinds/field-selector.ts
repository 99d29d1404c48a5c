import type { KubeObject, ResourceInfo } from './contract.ts';
import { badRequest } from './status.ts';

export interface FieldTerm {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/**
 * Reads a field selector (`status.phase=Running,spec.nodeName!=a`), by the rules of apimachinery's fields package:
 * commas, equal signs and backslashes in values are escaped with a backslash.
 * @throws StatusError 400 with upstream's text.
 */
export function parseFieldSelector(text: string): FieldTerm[] {
  const terms: FieldTerm[] = [];
  for (const part of splitTerms(text).sort()) {
    if (part === '') continue;
    const match = /^(.*?)(!=|==|=)(.*)$/s.exec(part);
    if (!match) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
    const [, field = '', operator, raw = ''] = match;
    terms.push({ field, operator: operator === '!=' ? '!=' : '=', value: plainValue(raw) });
  }
  return terms;
}

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    const sign = text.charAt(index);
    if (sign === '\\') index++;
    else if (sign === ',') {
      terms.push(text.slice(start, index));
      start = index + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function plainValue(value: string): string {
  let made = '';
  for (let index = 0; index < value.length; index++) {
    const sign = value.charAt(index);
    if (sign === '\\') {
      const next = value.charAt(++index);
      if (next !== '\\' && next !== ',' && next !== '=') {
        throw badRequest(`invalid field selector: invalid escape sequence: ${JSON.stringify(`\\${next}`)}`);
      }
      made += next;
    } else if (sign === ',' || sign === '=') {
      throw badRequest(`invalid field selector: unescaped character in value: ${JSON.stringify(sign)}`);
    } else made += sign;
  }
  return made;
}

/**
 * A matcher over whole objects: the selector's fields must be among metadata.name, metadata.namespace and the kind's
 * selectable ones.
 * @throws StatusError 400 `field label not supported: …`
 */
export function fieldMatcher(terms: readonly FieldTerm[], info: ResourceInfo): (object: KubeObject) => boolean {
  const checks = terms.map(({ field, operator, value }) => {
    const read = readerOf(field, info);
    return (object: KubeObject) => (read(object) === value) === (operator === '=');
  });
  return (object) => {
    for (const check of checks) if (!check(object)) return false;
    return true;
  };
}

function readerOf(field: string, info: ResourceInfo): (object: KubeObject) => string {
  if (field === 'metadata.name') return (object) => object.metadata.name;
  if (field === 'metadata.namespace' && (info.namespaced || !info.behaviour.selectableFields))
    return (object) => object.metadata.namespace ?? '';
  const selectable = info.behaviour.selectableFields;
  const read = selectable && Object.hasOwn(selectable, field) ? selectable[field] : undefined;
  if (!read) {
    throw badRequest(
      selectable
        ? `field label not supported: ${field}`
        : `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
    );
  }
  return read;
}

/** The value a selector demands of a field exactly, if it does (to look up one object instead of listing). */
export function exactField(terms: readonly FieldTerm[], field: string): string | undefined {
  return terms.find((term) => term.field === field && term.operator === '=')?.value;
}
