import { DockerfileParser } from 'dockerfile-ast';
import type { Dockerfile, Instruction } from './contract.ts';

export function isDockerfile(path: string): boolean {
  return (
    /(?:^|\/)(?:Dockerfile|Containerfile)(?:\.[\w-]+)?$|\.Dockerfile$/i.test(path) && !path.endsWith('.dockerignore')
  );
}

export function parseDockerfile(path: string, text: string): Dockerfile {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  const instructions: Instruction[] = [];
  let stage = -1;
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    const keyword = instruction.getKeyword().toUpperCase();
    if (keyword === 'FROM') stage++;
    const { start, end } = instruction.getRange();
    const offset = ({ line, character }: { line: number; character: number }): number =>
      (starts[line] ?? text.length) + character;
    instructions.push({
      keyword,
      // Whole-line comments inside a continued RUN are the parser's to keep and ours to drop.
      text: (instruction.getRawArgumentsContent() ?? '').replace(/\\\r?\n(?:[ \t]*#[^\n]*\n)*[ \t]*/g, ' ').trim(),
      line: start.line + 1,
      stage: Math.max(0, stage),
      start: offset(start),
      end: offset(end),
    });
  }
  return { path, text, instructions, lastStage: Math.max(0, stage) };
}

/** Whether it copies its whole context. */
export function copiesAll({ instructions }: Dockerfile): boolean {
  return instructions.some(
    ({ keyword, text }) =>
      (keyword === 'COPY' || keyword === 'ADD') && !/--from=/.test(text) && /^(?:--\S+\s+)*\.\/?\s/.test(text),
  );
}
