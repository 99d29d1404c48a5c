import { existsSync } from 'node:fs';
import type { ComposeValue } from './contract.ts';
import { parseDotenv } from './dotenv.ts';
import type { Draft, Handler } from './draft.ts';
import { readText } from './environment-files.ts';
import { pathFrom } from './load.ts';
import type { Path } from './path.ts';
import { whySecretValue } from './secret-looking.ts';
import { childOf, entriesOf, flagOf, itemsOf, sourceOf, textOf } from './value.ts';

const NAME = /^[A-Za-z_.-][A-Za-z0-9_.-]*$/;

/** Files of variables, later ones over earlier; what `environment` says wins over all of them. */
export const envFile: Handler = (value, path, draft) => {
  for (const [index, entry] of itemsOf(value).entries()) {
    const place: Path = [...path, index];
    const named = textOf(childOf(entry, 'path'));
    if (named === undefined) continue;
    const full = pathFrom(entry, named);
    if (flagOf(childOf(entry, 'required')) === false && !existsSync(full)) {
      draft.report.dropped(place, entry.at, { reason: `${named} is not there, and need not be` });
      continue;
    }
    const text = readText(full, sourceOf(entry.at), 'Write it, or mark it: { path: ..., required: false }');
    const { environment } = entry.at.file;
    const format = textOf(childOf(entry, 'format')) === 'raw' ? 'raw' : undefined;
    const lookup = (name: string): string | undefined =>
      Object.hasOwn(environment, name) ? environment[name] : undefined;
    const entries = parseDotenv(text, named, lookup, format);
    let hidden = 0;
    for (const { name, value: text, line } of entries) {
      if (!NAME.test(name)) {
        draft.report.changed(
          place,
          entry.at,
          `${named}:${line} sets ${name}, which is no name for a variable: left out`,
        );
      } else if (setVariable(draft, name, text, `${named}:${line}`)) hidden++;
    }
    const plain = entries.length - hidden;
    draft.report.mapped(place, entry.at, `${counted(plain, 'setting')}, ${counted(hidden, 'secret')}`);
  }
};

export const environment: Handler = (value, path, draft) => {
  for (const [name, entry] of entriesOf(value)) {
    const place = [...path, name];
    if (!NAME.test(name)) {
      draft.report.dropped(place, entry.at, {
        reason: 'this is no name for a variable',
        todo: 'Use letters, digits and _.',
      });
      continue;
    }
    const text = textFor(name, entry);
    if (text === undefined) {
      draft.environment.delete(name);
      draft.report.dropped(place, entry.at, {
        reason: 'it has no value here, so compose leaves it out as well',
        todo: `Set ${name} before the command or in .env, or remove it.`,
      });
      continue;
    }
    const hidden = setVariable(draft, name, text, sourceOf(entry.at));
    const written = entry.is === 'scalar' ? entry.written : undefined;
    if (written !== undefined) {
      draft.report.changed(
        place,
        entry.at,
        `compose reads ${written} as the number ${text}`,
        `For the text write "${written}".`,
      );
    } else if (hidden) draft.report.mapped(place, entry.at, `Secret ${hidden.set}, ${hidden.why}`);
    else draft.report.mapped(place, entry.at, 'setting');
  }
};

/** A variable without a value has that of the place where compose is called. */
function textFor(name: string, entry: ComposeValue): string | undefined {
  const said = textOf(entry);
  if (said !== undefined) return said;
  const { environment: around } = entry.at.file;
  return Object.hasOwn(around, name) ? around[name] : undefined;
}

/** @returns where it is hidden, and why; undefined for a plain setting */
export function setVariable(
  draft: Draft,
  name: string,
  text: string,
  source: string,
): { set: string; why: string } | undefined {
  const why = whySecretValue(name, text);
  if (why === undefined) {
    draft.environment.set(name, { name, value: { is: 'plain', text }, source });
    return undefined;
  }
  return { set: hideVariable(draft, name, text, source), why };
}

/** Puts a variable into the part's Secret. @returns the Secret's name */
export function hideVariable(draft: Draft, name: string, text: string, source: string): string {
  const { sets } = draft.whole;
  const id = `environment:${draft.name}`;
  const set = sets.secretSet(id, `${draft.name}-secrets`, draft.name, source);
  sets.secret(id, name, text);
  draft.environment.set(name, { name, value: { is: 'secret', set, key: name }, source });
  return set;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
