import { posix } from 'node:path';
import type { Instruction, JSONInstruction } from 'dockerfile-ast';
import type { SyncFolder } from './contract.ts';

/** What the last stage of a Dockerfile has of the context. */
export interface CopiedFolders {
  readonly folders: readonly SyncFolder[];
  /** Files that a RUN works on (what is installed): a change of theirs needs another image. */
  readonly rebuild: readonly string[];
  /** Why there are no folders, with the line. */
  readonly why: string | undefined;
  /** The image that the last stage begins with. */
  readonly base: string;
  /** Whether that has a shell, as far as its name tells. */
  readonly shell: boolean;
}

interface Stage {
  readonly names: readonly string[];
  readonly base: string;
  directory: string;
  folders: SyncFolder[];
  why: string | undefined;
  /** Files named one by one, until a RUN reads them. */
  named: string[];
}

/** Stands for a text written in the Dockerfile itself, whose lines are no instructions. */
const HEREDOC = 'heredoc:';
/** Commands that make nothing out of the sources that were copied before them. */
const HARMLESS =
  /^(?:chown|chmod|mkdir|ln|rm|touch|true|cd|echo|adduser|useradd|groupadd|addgroup|apt-get|apk|composer dump-autoload|php artisan package:discover|find \S+ -name node_modules)\b/;

/** Follows the context through the stages of a Dockerfile, as COPY moves it. */
export async function copiedFolders(dockerfile: string, target?: string): Promise<CopiedFolders> {
  const { DockerfileParser } = await import('dockerfile-ast');
  const parsed = DockerfileParser.parse(
    dockerfile.replace(/<<-?(['"]?)(\w+)\1(.*)\n[\s\S]*?\n\2(?=\n|$)/g, `${HEREDOC}$3`),
  );
  const stages: Stage[] = [];
  const rebuild: string[] = [];
  for (const instruction of parsed.getInstructions()) {
    if (instruction.getKeyword() === 'FROM') stages.push(stageOf(instruction, stages));
    const stage = stages.at(-1);
    if (stage) follow(instruction, stage, stages, rebuild);
    if (instruction.getKeyword() === 'FROM' && stages.length > 1 && isTarget(stages.at(-2), target)) break;
  }
  const last = stages.find((stage) => isTarget(stage, target)) ?? stages.at(-1);
  return {
    folders: last?.folders ?? [],
    rebuild,
    why: last?.why,
    base: last?.base ?? 'scratch',
    shell: !/^scratch$|distroless|chainguard|-static\b/.test(last?.base ?? 'scratch'),
  };
}

function isTarget(stage: Stage | undefined, target: string | undefined): boolean {
  return target !== undefined && (stage?.names.includes(target.toLowerCase()) ?? false);
}

function stageOf(from: Instruction, stages: readonly Stage[]): Stage {
  const words = from.getArguments().map((argument) => argument.getValue());
  const [image = '', as, name] = words.filter((word) => !word.startsWith('--'));
  const parent = stageNamed(stages, image);
  return {
    names: [String(stages.length), ...(as?.toUpperCase() === 'AS' && name ? [name.toLowerCase()] : [])],
    base: parent?.base ?? image,
    directory: parent?.directory ?? '/',
    folders: [...(parent?.folders ?? [])],
    why: parent?.why,
    named: [],
  };
}

function follow(instruction: Instruction, stage: Stage, stages: readonly Stage[], rebuild: string[]): void {
  const keyword = instruction.getKeyword();
  const line = instruction.getRange().start.line + 1;
  if (keyword === 'WORKDIR') {
    stage.directory = posix.resolve(stage.directory, instruction.getArgumentsContent()?.trim() ?? '');
  } else if (keyword === 'COPY' || keyword === 'ADD') copy(instruction as JSONInstruction, stage, stages);
  else if (keyword === 'RUN') {
    rebuild.push(...stage.named);
    stage.named = [];
    const text = (instruction.getArgumentsContent() ?? '').replace(/\\\n/g, ' ').replace(/^(?:--\S+\s+)+/, '');
    const harmful = text
      .split(/&&|;|\|\|/)
      .map((command) => command.trim())
      .find((command) => command !== '' && !HARMLESS.test(command));
    if (stage.folders.length > 0 && harmful !== undefined) {
      stage.folders = [];
      stage.why = `line ${line} of its Dockerfile makes something of the sources: ${harmful.slice(0, 60)}`;
    }
  }
}

function copy(instruction: JSONInstruction, stage: Stage, stages: readonly Stage[]): void {
  const words = wordsOf(instruction);
  const destination = words.pop();
  if (destination === undefined || words.some((word) => word === HEREDOC || /^https?:/.test(word))) return;
  const to = posix.resolve(stage.directory, destination);
  const from = instruction
    .getFlags()
    .find((flag) => flag.getName() === 'from')
    ?.getValue();
  if (from !== undefined && from !== null) {
    const other = stageNamed(stages, from);
    if (!other) return;
    for (const word of words) stage.folders.push(...moved(other.folders, posix.resolve('/', word), to));
    if (other.folders.length === 0) stage.why = other.why ?? stage.why;
    return;
  }
  const intoFolder = destination.endsWith('/') || destination === '.' || words.length > 1;
  for (const word of words) {
    const path = posix.normalize(word).replace(/^\/+|\/+$/g, '');
    if (path === '.' || path === '') {
      stage.folders.push({ from: '', to });
      continue;
    }
    stage.named.push(path);
    if (/[*?[]/.test(path)) continue;
    // A folder's contents go to the destination; of a file its name does, when that is a folder.
    const isFile = /\.\w+$/.test(posix.basename(path));
    stage.folders.push({ from: path, to: isFile && intoFolder ? posix.join(to, posix.basename(path)) : to });
  }
}

/** The words of COPY or ADD without its flags, in either form. */
function wordsOf(instruction: Instruction): string[] {
  const text = (instruction.getArgumentsContent() ?? '')
    .replace(/\\\n/g, ' ')
    .replace(/^(?:--\S+\s+)+/, '')
    .trim();
  if (text.startsWith('[')) {
    try {
      const words: unknown = JSON.parse(text);
      if (Array.isArray(words)) return words.map(String);
    } catch {
      // Not JSON after all: the other form, as Docker takes it.
    }
  }
  return text.split(/\s+/);
}

/** Where folders of another stage come to lie when `source` of it is copied to `to`. */
function moved(folders: readonly SyncFolder[], source: string, to: string): SyncFolder[] {
  return folders.flatMap((folder) => {
    if (folder.to === source || folder.to.startsWith(`${source === '/' ? '' : source}/`)) {
      return [{ from: folder.from, to: posix.join(to, folder.to.slice(source.length)) }];
    }
    // Only a part of what was copied is taken on.
    if (source.startsWith(`${folder.to}/`)) {
      return [{ from: posix.join(folder.from, source.slice(folder.to.length + 1)), to }];
    }
    return [];
  });
}

function stageNamed(stages: readonly Stage[], name: string): Stage | undefined {
  return stages.findLast(({ names }) => names.includes(name.toLowerCase()));
}
