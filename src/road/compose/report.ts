import type { ComposeMap, ComposeValue, Position, ReportLine } from './contract.ts';
import { COMPOSE } from './keys.ts';
import { keyBelow, keyOf, type Path } from './path.ts';
import type { Reason, Shape } from './shape.ts';
import { isNothing, sourceOf } from './value.ts';

type Outcome = ReportLine['outcome'];

/** A line to be; `heads`: it is about the key, and does not speak for what is below. */
interface Entry {
  readonly line: ReportLine;
  readonly heads: boolean;
}

/** Collects what became of each key, and finds those of which nobody spoke. */
export class Report {
  private readonly entries = new Map<string, Entry[]>();

  mapped(path: Path, at: Position, what: string): void {
    this.add(path, at, 'mapped', what, undefined, false);
  }

  changed(path: Path, at: Position, what: string, todo?: string): void {
    this.add(path, at, 'changed', what, todo, false);
  }

  dropped(path: Path, at: Position, { reason, todo }: Reason): void {
    this.add(path, at, 'dropped', reason, todo, false);
  }

  /** About the key as a whole; what is below is spoken of by itself. */
  heading(path: Path, at: Position, outcome: Outcome, what: string, todo?: string): void {
    this.add(path, at, outcome, what, todo, true);
  }

  private add(
    path: Path,
    at: Position,
    outcome: Outcome,
    what: string,
    todo: string | undefined,
    heads: boolean,
  ): void {
    const key = keyOf(path);
    const line: ReportLine = { key, source: sourceOf(at), outcome, what, ...(todo === undefined ? {} : { todo }) };
    const entries = this.entries.get(key);
    if (entries) entries.push({ line, heads });
    else this.entries.set(key, [{ line, heads }]);
  }

  /** All lines in the order of the document, with one for every key of which nobody spoke. */
  complete(root: ComposeMap): ReportLine[] {
    const lines: ReportLine[] = [];
    this.walk(root, COMPOSE, { key: '', step: '' }, false, lines);
    for (const entries of this.entries.values()) lines.push(...entries.map(({ line }) => line));
    return lines;
  }

  private walk(
    value: ComposeValue,
    shape: Shape | undefined,
    { key, step }: Spot,
    covered: boolean,
    lines: ReportLine[],
  ): void {
    const said = this.entries.get(key) ?? [];
    this.entries.delete(key);
    lines.push(...said.map(({ line }) => line));
    let told = covered || said.some(({ heads }) => !heads);
    const say = (outcome: Outcome, what: string, todo?: string): void => {
      lines.push({ key, source: sourceOf(value.at), outcome, what, ...(todo === undefined ? {} : { todo }) });
      told = true;
    };
    if (!told && shape?.dropped) say('dropped', shape.dropped.reason, shape.dropped.todo);
    if (!told) sayOfItself(value, shape, step, say);
    if (value.is === 'scalar' && value.unset.length > 0) {
      const [first] = value.unset;
      say(
        'changed',
        `${value.unset.join(', ')} is not set and was read as empty`,
        `Set ${first} in .env, or give it a default: \${${first}:-...}`,
      );
    }
    if (value.is === 'map') {
      for (const [name, each] of value.entries) this.walk(each, below(shape, name), spotBelow(key, name), told, lines);
    } else if (value.is === 'list') {
      const inner = shape?.is === 'list' ? shape.of : shape?.is === 'either' ? shape.long : undefined;
      for (const [index, each] of value.items.entries()) this.walk(each, inner, spotBelow(key, index), told, lines);
    }
  }
}

/** A place in the document: its key, and the last step that leads there. */
interface Spot {
  readonly key: string;
  readonly step: string | number;
}

function spotBelow(key: string, step: string | number): Spot {
  return { key: keyBelow(key, step), step };
}

function sayOfItself(
  value: ComposeValue,
  shape: Shape | undefined,
  step: string | number,
  say: (outcome: Outcome, what: string, todo?: string) => void,
): void {
  if (typeof step === 'string' && step.startsWith('x-')) {
    say('mapped', 'an extension: nothing reads it but the aliases that lead to it');
  } else if (step !== '' && (isNothing(value) || isEmpty(value))) say('mapped', 'empty: it says nothing');
  else if (value.is === 'scalar' || shape?.is === 'command') {
    say('dropped', 'nothing was found to use it', 'Tell the makers of wherry.');
  }
}

function isEmpty(value: ComposeValue): boolean {
  if (value.is === 'map') return value.entries.size === 0;
  return value.is === 'list' && value.items.length === 0;
}

function below(shape: Shape | undefined, name: string): Shape | undefined {
  if (name.startsWith('x-')) return undefined;
  if (shape?.is === 'map') return Object.hasOwn(shape.keys, name) ? shape.keys[name] : undefined;
  if (shape?.is === 'named') return shape.of;
  return shape?.is === 'either' ? below(shape.long, name) : undefined;
}
