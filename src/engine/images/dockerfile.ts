import { UserError } from '../../base/index.ts';

export interface Heredoc {
  readonly name: string;
  readonly content: string;
  /** Variables in it are replaced: its name was written without quotes. */
  readonly expand: boolean;
}

/** One instruction, its continued lines joined. */
export interface Instruction {
  /** First line, counted from 1. */
  readonly line: number;
  /** In capitals. */
  readonly keyword: string;
  readonly flags: readonly { readonly name: string; readonly value: string }[];
  /** What follows the flags, without comments; for heredocs the first line only. */
  readonly text: string;
  readonly heredocs: readonly Heredoc[];
  /** The exec form (`["a", "b"]`), if it is one. */
  readonly json: readonly string[] | undefined;
}

export interface Stage {
  readonly from: Instruction;
  /** As written, variables not replaced. */
  readonly base: string;
  readonly platform: string | undefined;
  /** In small letters, as stages are compared. */
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

export interface Dockerfile {
  /** As shown in messages. */
  readonly path: string;
  readonly escapeCharacter: '\\' | '`';
  /** The ARG instructions before the first FROM. */
  readonly globals: readonly Instruction[];
  readonly stages: readonly Stage[];
}

const KEYWORDS = [
  'ADD',
  'ARG',
  'CMD',
  'COPY',
  'ENTRYPOINT',
  'ENV',
  'EXPOSE',
  'FROM',
  'HEALTHCHECK',
  'LABEL',
  'MAINTAINER',
  'ONBUILD',
  'RUN',
  'SHELL',
  'STOPSIGNAL',
  'USER',
  'VOLUME',
  'WORKDIR',
];
const WITH_FLAGS = new Set(['ADD', 'COPY', 'FROM', 'HEALTHCHECK', 'RUN']);
const WITH_JSON = new Set(['ADD', 'CMD', 'COPY', 'ENTRYPOINT', 'RUN', 'SHELL', 'VOLUME']);
const WITH_HEREDOCS = new Set(['ADD', 'COPY', 'RUN']);

/** A mistake in a Dockerfile: `Dockerfile:7: fault`, then the way out. */
export function dockerfileError(
  path: string,
  line: number,
  fault: string,
  wayOut?: string,
  cause?: unknown,
): UserError {
  return new UserError(`${path}:${line}`, fault, wayOut, { cause });
}

/**
 * Reads a Dockerfile into stages, following the Dockerfile reference 1.x.
 * @throws UserError `path:line: fault`
 */
export async function parseDockerfile(text: string, path: string): Promise<Dockerfile> {
  const { DockerfileParser } = await import('dockerfile-ast');
  const source = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  const parsed = DockerfileParser.parse(source);
  const escapeCharacter = parsed.getEscapeCharacter() === '`' ? '`' : '\\';
  const lines = source.split('\n');
  const instructions = parsed.getInstructions().map((found) => {
    const range = found.getRange();
    const first = range.start.line;
    const keyword = found.getKeyword().toUpperCase();
    const between = lines.slice(first, range.end.line + 1);
    return readInstruction({ line: first + 1, keyword, lines: between, escapeCharacter, path });
  });
  return { path, escapeCharacter, ...stagesOf(instructions, path) };
}

function readInstruction(from: {
  line: number;
  keyword: string;
  lines: readonly string[];
  escapeCharacter: string;
  path: string;
}): Instruction {
  const { line, keyword, path } = from;
  if (!KEYWORDS.includes(keyword)) {
    throw dockerfileError(path, line, `unknown instruction: ${keyword}`, didYouMean(keyword));
  }
  const { text: joined, used } = joinLines(from.lines, from.escapeCharacter);
  const body = joined.replace(/^\s*\S+\s*/, '').trimEnd();
  const { flags, rest } = WITH_FLAGS.has(keyword) ? splitFlags(body) : { flags: [], rest: body };
  const heredocs = WITH_HEREDOCS.has(keyword) ? readHeredocs(rest, from.lines.slice(used), path, line) : [];
  if (rest === '' && keyword !== 'CMD' && keyword !== 'ENTRYPOINT') {
    throw dockerfileError(path, line, `${keyword} needs an argument`);
  }
  return { line, keyword, flags, text: rest, heredocs, json: WITH_JSON.has(keyword) ? jsonForm(rest) : undefined };
}

/** Joins continued lines; comment lines and empty lines between them are dropped, as the builder of Docker does. */
function joinLines(lines: readonly string[], escapeCharacter: string): { text: string; used: number } {
  let text = '';
  let used = 0;
  const continued = new RegExp(`${escapeCharacter === '`' ? '`' : '\\\\'}[ \\t]*$`);
  for (const line of lines) {
    used += 1;
    if (used > 1 && /^\s*(#|$)/.test(line)) continue;
    if (continued.test(line)) {
      text += line.replace(continued, '');
      continue;
    }
    text += line;
    break;
  }
  return { text, used };
}

function splitFlags(body: string): { flags: { name: string; value: string }[]; rest: string } {
  const flags: { name: string; value: string }[] = [];
  let rest = body;
  for (;;) {
    const found = /^--([a-zA-Z][\w-]*)(?:=((?:"[^"]*"|'[^']*'|[^\s"'])*))?(?:\s+|$)/.exec(rest);
    if (!found?.[1]) return { flags, rest };
    flags.push({ name: found[1], value: (found[2] ?? '').replace(/"([^"]*)"|'([^']*)'/g, '$1$2') });
    rest = rest.slice(found[0].length);
  }
}

/** `<<NAME`, `<<-NAME`, `<<"NAME"`; a `<<` inside quotes is the shell's. */
const HEREDOC = /(?:^|\s|[^<\s])<<(-?)(?:"([^\s"<>]+)"|'([^\s'<>]+)'|([^\s"'<>|&;()]+))/g;

function readHeredocs(text: string, lines: readonly string[], path: string, line: number): Heredoc[] {
  const heredocs: Heredoc[] = [];
  if (lines.length === 0) return heredocs;
  let at = 0;
  for (const match of text.matchAll(HEREDOC)) {
    const name = match[2] ?? match[3] ?? match[4] ?? '';
    const chomp = match[1] === '-';
    const content: string[] = [];
    let closed = false;
    while (at < lines.length && !closed) {
      const raw = lines[at] ?? '';
      const own = chomp ? raw.replace(/^\t+/, '') : raw;
      at += 1;
      if (own === name) closed = true;
      else content.push(own);
    }
    if (!closed)
      throw dockerfileError(path, line, `unterminated heredoc ${name}`, `End it with a line that is just ${name}.`);
    heredocs.push({ name, content: content.map((own) => `${own}\n`).join(''), expand: match[4] !== undefined });
  }
  return heredocs;
}

function jsonForm(text: string): readonly string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  } catch {
    // Not JSON after all: Docker takes it as the shell form too.
  }
  return undefined;
}

function didYouMean(keyword: string): string {
  const near = KEYWORDS.map((known) => ({ known, away: distance(known, keyword) }))
    .filter(({ away }) => away <= 2)
    .sort((a, b) => a.away - b.away)[0];
  return near ? `Did you mean ${near.known}?` : `The instructions are ${KEYWORDS.join(', ')}.`;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function stagesOf(instructions: readonly Instruction[], path: string): Pick<Dockerfile, 'globals' | 'stages'> {
  const globals: Instruction[] = [];
  const stages: (Omit<Stage, 'instructions'> & { instructions: Instruction[] })[] = [];
  for (const instruction of instructions) {
    if (instruction.keyword === 'FROM') {
      stages.push({ ...readFrom(instruction, path), from: instruction, instructions: [] });
      continue;
    }
    const stage = stages.at(-1);
    if (stage) stage.instructions.push(instruction);
    else if (instruction.keyword === 'ARG') globals.push(instruction);
    else {
      throw dockerfileError(
        path,
        instruction.line,
        `${instruction.keyword} before the first FROM`,
        'Only ARG may stand there; begin with a line such as FROM debian:12.',
      );
    }
  }
  if (stages.length === 0) {
    throw dockerfileError(
      path,
      1,
      'no FROM: there is no stage to build',
      'Begin with a line such as FROM node:22-slim.',
    );
  }
  return { globals, stages };
}

function readFrom(instruction: Instruction, path: string): Pick<Stage, 'base' | 'platform' | 'name'> {
  const words = instruction.text.split(/\s+/);
  const [base, as, name] = words;
  if (!base || (words.length !== 1 && (words.length !== 3 || as?.toLowerCase() !== 'as'))) {
    throw dockerfileError(
      path,
      instruction.line,
      `FROM ${instruction.text}: not understood`,
      'Write FROM IMAGE or FROM IMAGE AS STAGE.',
    );
  }
  if (name !== undefined && !/^[a-z][a-z0-9-_.]*$/i.test(name)) {
    throw dockerfileError(
      path,
      instruction.line,
      `invalid name for a stage: ${JSON.stringify(name)}`,
      'Begin it with a letter; letters, digits, - _ and . may follow.',
    );
  }
  const platform = instruction.flags.find((flag) => flag.name === 'platform')?.value;
  const unknown = instruction.flags.find((flag) => flag.name !== 'platform');
  if (unknown) throw dockerfileError(path, instruction.line, `FROM: unknown flag --${unknown.name}`);
  return { base, platform, name: name?.toLowerCase() };
}
