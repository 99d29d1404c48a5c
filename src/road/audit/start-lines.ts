import { type Facts, type Folder, lineOf } from '../project/index.ts';
import type { Dockerfile, StartLine } from './contract.ts';

const SCRIPT_LINES_MAX = 400;

/** Every line that runs between a container's start and the app serving, as far as the folder tells. */
export function startLinesOf(facts: Facts, folder: Folder, dockerfiles: readonly Dockerfile[]): StartLine[] {
  const lines: StartLine[] = [];
  const add = (text: string, file: string, line: number): void => {
    if (!lines.some((known) => known.text === text && known.file === file && known.line === line))
      lines.push({ text, file, line });
  };
  // With a Dockerfile of its own the app starts as that says, unless somebody said otherwise.
  const ownCommand = facts.dockerfile?.command !== undefined;
  const start = ownCommand && !/^(?:Procfile|wherry\.yaml)\b/.test(facts.start?.source ?? '') ? undefined : facts.start;
  for (const fact of [start, ...facts.processes.map(({ command }) => command)]) {
    if (!fact) continue;
    const place = /^(.*):(\d+)$/.exec(fact.source);
    add(fact.value, place?.[1] ?? fact.source, Number(place?.[2] ?? 1));
  }
  for (const { path, instructions, lastStage } of dockerfiles) {
    for (const { keyword, text, stage, line } of instructions) {
      if (stage !== lastStage || (keyword !== 'CMD' && keyword !== 'ENTRYPOINT')) continue;
      add(text, path, line);
    }
  }
  for (const path of folder.paths.filter((path) => /^(?:docker-)?compose[\w.-]*\.ya?ml$/.test(path))) {
    for (const [index, line] of (folder.read(path) ?? '').split('\n').entries()) {
      const command = /^\s+(?:command|entrypoint):\s*(\S.*)$/.exec(line)?.[1];
      if (command && !command.startsWith('#')) add(command, path, index + 1);
    }
  }
  // What npm runs before and as "start", where the start goes through it.
  const manifest = folder.read('package.json');
  if (manifest !== undefined) {
    const throughManager = lines.some(({ text }) =>
      /\b(?:npm|yarn|pnpm|bun)"?,?\s*"?(?:run"?,?\s*"?)?start\b/.test(text),
    );
    for (const match of manifest.matchAll(/"(start|prestart|start:prod)"\s*:\s*"((?:\\.|[^"\\])*)"/g)) {
      const [, name = '', command = ''] = match;
      const starts =
        throughManager ||
        (name === 'start' && start?.source.startsWith('package.json') === true) ||
        (name === 'start:prod' && lines.some(({ text }) => text.includes(name)));
      if (starts && command) add(command.replace(/\\(["\\])/g, '$1'), 'package.json', lineOf(manifest, match.index));
    }
  }
  // Scripts that one of these names.
  for (const known of [...lines]) {
    for (const path of folder.paths.filter((path) => /\.(?:sh|bash)$|(?:^|\/)(?:docker-)?entrypoint$/.test(path))) {
      const name = path.split('/').at(-1) ?? path;
      if (!known.text.includes(name)) continue;
      for (const [index, line] of (folder.read(path) ?? '').split('\n').slice(0, SCRIPT_LINES_MAX).entries()) {
        const command = line.trim();
        if (command !== '' && !command.startsWith('#')) add(command, path, index + 1);
      }
    }
  }
  return lines;
}
