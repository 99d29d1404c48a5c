import type { Instruction } from 'dockerfile-ast';
import { UserError } from '../../base/index.ts';
import type { DockerfileFacts, Fact } from './contract.ts';
import type { Folder } from './folder.ts';
import { nearest } from './nearest.ts';
import { dockerfiles } from './packages.ts';
import { markOf } from './written-mark.ts';

/**
 * What the folder's own Dockerfile says of the running container; One that wherry wrote and nobody
 * changed says nothing new: it was made from the facts.
 * @throws UserError `Dockerfile:LINE: fault` for what no builder takes.
 */
export function readDockerfile(folder: Folder): DockerfileFacts | undefined {
  const path = ['Dockerfile', 'Containerfile'].find((name) => folder.has(name));
  const text = path && folder.read(path);
  if (!path || !text || markOf(text) === 'unchanged') return undefined;
  const parsed = dockerfiles().DockerfileParser.parse(withoutInnerComments(text));
  checkSyntax(path, parsed.getInstructions());
  const ports: Fact<number>[] = [];
  let user: Fact<string> | undefined;
  let command: Fact<string> | undefined;
  for (const instruction of parsed.getInstructions()) {
    const source = `${path}:${instruction.getRange().start.line + 1}`;
    const words = instruction.getExpandedArguments().map((argument) => argument.getValue());
    switch (instruction.getKeyword().toUpperCase()) {
      case 'FROM':
        // A stage starts anew; only the last one runs.
        ports.length = 0;
        user = undefined;
        command = undefined;
        break;
      case 'EXPOSE':
        for (const word of words) {
          const port = Number(/^(\d+)(?:\/tcp)?$/i.exec(word)?.[1]);
          if (port > 0 && port < 65_536) ports.push({ value: port, source });
        }
        break;
      case 'USER':
        user = { value: words[0] ?? '', source };
        break;
      case 'CMD':
      case 'ENTRYPOINT':
        command = { value: instruction.getRawArgumentsContent() ?? '', source };
        break;
    }
  }
  return { path, ports, user, command };
}

/** docs.docker.com, "Dockerfile reference". */
const INSTRUCTIONS = [
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

function checkSyntax(path: string, instructions: readonly Instruction[]): void {
  let hasStage = false;
  for (const instruction of instructions) {
    const line = instruction.getRange().start.line + 1;
    const keyword = instruction.getKeyword().toUpperCase();
    const at = `${path}:${line}`;
    if (!INSTRUCTIONS.includes(keyword)) {
      const meant = nearest(keyword, INSTRUCTIONS);
      const wayOut = meant ? `Did you mean ${meant}?` : `A line begins with one of ${INSTRUCTIONS.join(', ')}.`;
      throw new UserError(at, `unknown instruction ${instruction.getKeyword()}`, wayOut);
    }
    if (instruction.getArguments().length === 0) {
      throw new UserError(at, `${keyword} says nothing`, 'Write what it takes, or take the line out.');
    }
    if (keyword === 'FROM') hasStage = true;
    else if (!hasStage && keyword !== 'ARG') {
      throw new UserError(at, `${keyword} stands before the first FROM`, 'Begin with the base image: FROM IMAGE');
    }
    if (keyword === 'EXPOSE') checkPorts(at, instruction);
  }
  if (!hasStage) throw new UserError(`${path}:1`, 'no FROM', 'Begin with the base image: FROM IMAGE');
}

function checkPorts(at: string, instruction: Instruction): void {
  for (const argument of instruction.getExpandedArguments()) {
    const word = argument.getValue();
    if (word.includes('$')) continue;
    const [first, last] = (/^(\d+)(?:-(\d+))?(?:\/(?:tcp|udp|sctp))?$/i.exec(word) ?? []).slice(1).map(Number);
    const ports = [first, Number.isNaN(last) ? first : last];
    if (!ports.every((port) => port !== undefined && port > 0 && port < 65_536)) {
      throw new UserError(at, `EXPOSE must name ports from 1 to 65535, not ${word}`, 'For example: EXPOSE 8080');
    }
  }
}

/** Whole-line comments between continued lines belong to no instruction; the parser would end the instruction there. */
function withoutInnerComments(text: string): string {
  const lines = text.split('\n');
  let continued = false;
  return lines
    .map((line) => {
      if (continued && /^\s*#/.test(line)) return '\\';
      continued = /\\\s*$/.test(line);
      return line;
    })
    .join('\n');
}
