import { messageOf } from '../../base/index.ts';
import type { Build, StageState, Step } from './build-types.ts';
import { dockerfileError } from './dockerfile.ts';
import { expandText, expandWord, type Lookup, splitWords } from './expand.ts';

export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Build arguments that need no ARG instruction and are in no image's history (Dockerfile reference, ARG). */
export const PROXY_ARGS = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap((name) => [
  name,
  name.toLowerCase(),
]);

/** Variables as an instruction of this stage sees them: ENV before ARG. */
export function lookupOf(build: Build, stage: StageState): Lookup {
  const env = environmentOf(stage);
  return (name) => {
    const set = env.get(name);
    if (set !== undefined) return set;
    if (stage.args.has(name)) return stage.args.get(name);
    return PROXY_ARGS.includes(name) ? build.options.buildArgs?.[name] : undefined;
  };
}

export function environmentOf(stage: StageState): Map<string, string> {
  return new Map(
    (stage.config.Env ?? []).map((pair) => {
      const equals = pair.indexOf('=');
      return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}

export function setEnvironment(stage: StageState, name: string, value: string): void {
  const env = environmentOf(stage);
  env.set(name, value);
  stage.config.Env = [...env].map(([key, text]) => `${key}=${text}`);
}

/** A word of this step with its variables replaced and its quotes taken away. */
export function expanded(step: Step, word: string): string {
  try {
    return expandWord(word, lookupOf(step.build, step.stage), step.build.dockerfile.escapeCharacter);
  } catch (error) {
    throw fault(step, `${step.instruction.keyword}: ${messageOf(error)}`);
  }
}

export function expandedHeredoc(step: Step, text: string): string {
  return expandText(text, lookupOf(step.build, step.stage), step.build.dockerfile.escapeCharacter);
}

export function words(step: Step): string[] {
  return splitWords(step.instruction.text, step.build.dockerfile.escapeCharacter);
}

export function fault(step: Step, text: string, wayOut?: string, cause?: unknown): Error {
  return dockerfileError(step.build.dockerfile.path, step.instruction.line, text, wayOut, cause);
}

/** `NAME=value` pairs, or the old form `NAME the rest of the line`. */
export function pairs(step: Step, oldForm: boolean): [string, string][] {
  const { escapeCharacter } = step.build.dockerfile;
  const { text, keyword } = step.instruction;
  const all = splitWords(text, escapeCharacter);
  const first = all[0] ?? '';
  if (oldForm && !first.includes('=')) {
    const rest = text.slice(first.length).trim();
    if (rest === '') throw fault(step, `${keyword} ${text}: a value is missing`, `Write ${keyword} ${first}=value.`);
    return [[first, expanded(step, rest)]];
  }
  return all.map((word) => {
    const equals = word.indexOf('=');
    if (equals <= 0)
      throw fault(
        step,
        `${keyword}: ${JSON.stringify(word)} is not NAME=value`,
        `Quote values with blanks: ${keyword} NAME="a b".`,
      );
    return [expanded(step, word.slice(0, equals)), expanded(step, word.slice(equals + 1))];
  });
}
