import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  Scalar,
  type YAMLMap,
} from 'yaml';
import { UserError } from '../../base/index.ts';
import type { ComposeFile, ComposeMap, ComposeScalar, ComposeValue, Directive, Position } from './contract.ts';
import { InterpolationFault, interpolate } from './interpolate.ts';
import { plainScalar } from './plain-scalar.ts';
import { faultAt, mapOf } from './value.ts';

/** Aliases are written out, so a small file may become a large one; no honest file comes near. */
const VALUES_MAX = 100_000;

/**
 * Reads one compose file, aliases and merge keys written out, variables filled in.
 * @returns its documents in order; compose lays each over the one before
 * @throws UserError `file:line:column` for what is no YAML, an unknown tag, a bad or missing variable
 */
export function parseCompose(text: string, file: ComposeFile): ComposeMap[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { schema: 'failsafe', lineCounter: lines, prettyErrors: false });
  const reader = new Reader(file, lines, text);
  return (Array.isArray(documents) ? documents : []).map((document) => reader.read(document as Document));
}

class Reader {
  private count = 0;
  private readonly file: ComposeFile;
  private readonly lines: LineCounter;
  private readonly text: string;
  /** Aliases being written out: one in itself has no end. */
  private readonly open = new Set<Node>();

  constructor(file: ComposeFile, lines: LineCounter, text: string) {
    this.file = file;
    this.lines = lines;
    this.text = text;
  }

  read(document: Document): ComposeMap {
    const [fault] = document.errors;
    if (fault) {
      const at = this.positionAt(fault.pos[0]);
      const message = fault.message.replace(/\.$/, '');
      throw faultAt(at, `this is no YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`, wayOutOf(fault.code));
    }
    const top = this.positionAt(document.range?.[0] ?? 0);
    const value = this.value(document, document.contents, top);
    if (value.is === 'map') return value;
    if (value.is === 'scalar' && value.value === null) return mapOf([], top);
    throw faultAt(value.at, 'a compose file is a map of services, volumes and the like', 'Begin it with services:');
  }

  private positionAt(offset: number): Position {
    const { line, col } = this.lines.linePos(offset);
    return { file: this.file, line: Math.max(1, line), column: Math.max(1, col) };
  }

  /** @param at where the key stands that leads here: the place that people look for */
  private value(document: Document, node: Node | null | undefined, at: Position): ComposeValue {
    if (++this.count > VALUES_MAX) {
      throw faultAt(
        at,
        `the file has more than ${VALUES_MAX} values when its aliases are written out`,
        'Use fewer aliases.',
      );
    }
    if (!node) return { is: 'scalar', value: null, text: '', unset: [], at };
    if (isAlias(node)) return this.alias(document, node, at);
    const directive = this.directiveOf(node);
    const extra = directive ? { directive } : {};
    if (isMap(node)) return { ...this.map(document, node, at), ...extra };
    if (isSeq(node)) {
      const items = node.items.map((item) => {
        const each = item as Node | null;
        return this.value(document, each, each?.range ? this.positionAt(each.range[0]) : at);
      });
      return { is: 'list', items, at, ...extra };
    }
    if (isScalar(node)) return { ...this.scalar(node, at), ...extra };
    throw faultAt(at, 'this is neither a value, nor a list, nor a map', 'Write one of them.');
  }

  private alias(document: Document, node: Node, at: Position): ComposeValue {
    const name = isAlias(node) ? node.source : '';
    const target = isAlias(node) ? node.resolve(document) : undefined;
    if (!target) throw faultAt(at, `there is no &${name} before *${name}`, `Set the anchor &${name} first.`);
    if (this.open.has(target)) throw faultAt(at, `*${name} stands in its own &${name}`, 'An alias cannot hold itself.');
    this.open.add(target);
    const start = target.range ? this.positionAt(target.range[0]) : at;
    const value = this.value(document, target, start);
    this.open.delete(target);
    return value;
  }

  private map(document: Document, node: YAMLMap, at: Position): ComposeMap {
    const entries = new Map<string, ComposeValue>();
    const merged: ComposeMap[] = [];
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      const { key } = pair;
      const where = key?.range ? this.positionAt(key.range[0]) : at;
      const name = isScalar(key) ? String(key.value ?? '') : undefined;
      if (name === undefined) throw faultAt(where, 'a key must be a text', 'Write a plain name before the colon.');
      if (name === '<<' && isScalar(key) && key.type === Scalar.PLAIN) {
        merged.push(...this.mergeKey(document, pair.value, where));
      } else entries.set(name, this.value(document, pair.value, where));
    }
    // What the map says itself wins wherever `<<` stands; of several merged maps the first.
    for (const map of merged) {
      for (const [name, value] of map.entries) if (!entries.has(name)) entries.set(name, value);
    }
    return { is: 'map', entries, at };
  }

  private mergeKey(document: Document, node: Node | null, at: Position): ComposeMap[] {
    const value = this.value(document, node, at);
    const maps = value.is === 'list' ? value.items : [value];
    return maps.map((map) => {
      if (map.is !== 'map') throw faultAt(at, '<< takes a map or a list of maps', 'Point it at an anchor of a map.');
      return map;
    });
  }

  private scalar(node: Scalar, at: Position): ComposeScalar {
    const source = node.type === Scalar.PLAIN ? (node.source ?? '') : String(node.value ?? '');
    const value = this.typed(node, source);
    if (typeof value !== 'string') {
      const text = value === null ? '' : String(value);
      return { is: 'scalar', value, text, unset: [], at, ...(text === source ? {} : { written: source }) };
    }
    const { text, unset } = this.filled(node, value);
    return { is: 'scalar', value: text, text, unset, at };
  }

  private typed(node: Scalar, source: string): ComposeScalar['value'] {
    if (node.tag === 'tag:yaml.org,2002:str' && this.tagIsWritten(node)) return source;
    if (node.tag?.startsWith('tag:yaml.org,2002:') && this.tagIsWritten(node)) return plainScalar(source);
    return node.type === Scalar.PLAIN ? plainScalar(source) : source;
  }

  /** The reader notes its own guess in the same place as a tag of the file. */
  private tagIsWritten(node: Scalar): boolean {
    const start = node.range?.[0] ?? 0;
    return /!\S*\s*(?:&\S+\s*)?$/.test(this.text.slice(Math.max(0, start - 80), start));
  }

  private filled(node: Scalar, template: string): { text: string; unset: readonly string[] } {
    try {
      return interpolate(template, (name) =>
        Object.hasOwn(this.file.environment, name) ? this.file.environment[name] : undefined,
      );
    } catch (error) {
      if (!(error instanceof InterpolationFault)) throw error;
      const start = node.range?.[0] ?? 0;
      // In a value of several lines the line is that of its start.
      const quoted = node.type === Scalar.QUOTE_DOUBLE || node.type === Scalar.QUOTE_SINGLE ? 1 : 0;
      const inOneLine = node.type === Scalar.PLAIN || quoted === 1;
      const at = this.positionAt(start + (inOneLine ? quoted + error.offset : 0));
      throw new UserError(`${at.file.name}:${at.line}:${at.column}`, error.message, error.wayOut, { cause: error });
    }
  }

  private directiveOf(node: Node): Directive | undefined {
    const tag = 'tag' in node && typeof node.tag === 'string' ? node.tag : undefined;
    if (tag === '!reset') return 'reset';
    if (tag === '!override') return 'override';
    if (tag === undefined || tag.startsWith('tag:yaml.org,2002:') || tag === '!') return undefined;
    const at = this.positionAt(node.range?.[0] ?? 0);
    throw faultAt(at, `compose knows no tag ${tag}`, 'It knows !reset and !override.');
  }
}

function wayOutOf(code: string): string {
  if (code === 'DUPLICATE_KEY') return 'Keep one of the two.';
  if (code === 'TAB_AS_INDENT') return 'Indent with spaces.';
  if (code === 'BAD_INDENT' || code === 'MULTILINE_IMPLICIT_KEY') return 'Mend the indentation or the colon there.';
  return 'Mend it there.';
}
