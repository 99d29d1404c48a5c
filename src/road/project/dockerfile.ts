import { DockerfileParser } from 'dockerfile-ast';
import type { DockerfileFacts, Fact } from './contract.ts';
import type { Folder } from './folder.ts';
import { markOf } from './written-mark.ts';

/**
 * What the folder's own Dockerfile says of the running container; its faults are the builder's to report. One that wherry
 * wrote and nobody changed says nothing new: it was made from the facts.
 */
export function readDockerfile(folder: Folder): DockerfileFacts | undefined {
  const path = ['Dockerfile', 'Containerfile'].find((name) => folder.has(name));
  const text = path && folder.read(path);
  if (!path || !text || markOf(text) === 'unchanged') return undefined;
  const parsed = DockerfileParser.parse(text);
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
