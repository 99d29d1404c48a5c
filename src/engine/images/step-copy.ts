import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { messageOf } from '../../base/index.ts';
import { findOwner } from './accounts.ts';
import { cachedLayer } from './build-cache.ts';
import type { Step } from './build-types.ts';
import { contextRules, parseIgnore } from './context-rules.ts';
import { Copier, type CopyManner } from './copy-files.ts';
import { fileMode } from './file-mode.ts';
import { RootView } from './root-view.ts';
import { ContextTree, contentHash, LayerTree, match, type SourceNode, type SourceTree } from './source-tree.ts';
import { expanded, expandedHeredoc, fault, words } from './step-scope.ts';

const FLAGS = ['from', 'chown', 'chmod', 'link', 'parents', 'exclude', 'checksum', 'keep-git-dir', 'unpack'];

interface Item {
  readonly tree: SourceTree;
  readonly node: SourceNode;
  /** The source as written: where `--parents` takes the directories from. */
  readonly source: string;
  /** An archive whose contents are wanted, not itself. */
  readonly unpack: boolean;
}

/** COPY and ADD (Dockerfile reference). Owner of what comes from the context is root; a stage's files keep theirs. */
export async function copyStep(step: Step): Promise<void> {
  const { instruction, build, stage } = step;
  const { library } = build.options.store;
  const flags = flagsOf(step);
  const operands = (instruction.json ?? words(step)).filter((word) => !word.startsWith('<<'));
  const last = operands.pop();
  if (last === undefined || operands.length + instruction.heredocs.length === 0) {
    throw fault(
      step,
      `${instruction.keyword} needs a source and a destination`,
      `Write ${instruction.keyword} SOURCE... DESTINATION.`,
    );
  }
  const scratch = await library.blobs.temporaryDirectory();
  try {
    const from = flags.get('from');
    const tree = from === undefined ? await contextTree(step) : await otherTree(step, from);
    const items = await itemsOf(step, tree.tree, operands, flags, scratch);
    const written = expanded(step, last);
    const absolute = posix.resolve(stage.config.WorkingDir || '/', written);
    const hashes =
      tree.identity === undefined || items.some((item) => item.tree !== tree.tree)
        ? await Promise.all(items.map((item) => contentHash(item.tree, item.node)))
        : [];
    const excluded = instruction.flags
      .filter((flag) => flag.name === 'exclude')
      .map((flag) => expanded(step, flag.value));
    const key = [
      instruction.keyword,
      stage.layers.map((layer) => layer.diffId),
      tree.identity ?? '',
      items.map((item) => [item.node.path, item.source, item.unpack]),
      hashes,
      absolute,
      written.endsWith('/'),
      [...flags],
      excluded,
    ];
    await cachedLayer(step, key, true, async (upper) => {
      const view = new RootView([...stage.layers, { directory: upper, hidden: { opaque: [] } }]);
      const manner = await mannerOf(step, flags, excluded, view, tree.tree.immutable);
      await place(
        step,
        items,
        { written, absolute },
        new Copier({ upper, view }, manner),
        view,
        scratch,
        flags.has('parents'),
      );
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function flagsOf(step: Step): Map<string, string> {
  const flags = new Map<string, string>();
  for (const { name, value } of step.instruction.flags) {
    if (!FLAGS.includes(name)) {
      throw fault(
        step,
        `${step.instruction.keyword}: unknown flag --${name}`,
        `Known are ${FLAGS.map((flag) => `--${flag}`).join(' ')}.`,
      );
    }
    if (value !== 'false') flags.set(name, expanded(step, value));
  }
  return flags;
}

async function contextTree(step: Step): Promise<{ tree: SourceTree; identity?: string }> {
  const rules = await contextRules(step.build);
  return { tree: new ContextTree(step.build.options.contextDirectory, rules) };
}

async function otherTree(step: Step, from: string): Promise<{ tree: SourceTree; identity: string }> {
  const { layers, label } = await step.build.source(from, step.instruction.line);
  return { tree: new LayerTree(new RootView(layers), label), identity: layers.map((layer) => layer.diffId).join() };
}

async function itemsOf(
  step: Step,
  tree: SourceTree,
  operands: readonly string[],
  flags: ReadonlyMap<string, string>,
  scratch: string,
): Promise<Item[]> {
  const { instruction } = step;
  const adds = instruction.keyword === 'ADD';
  const items: Item[] = [];
  for (const operand of operands) {
    const source = expanded(step, operand);
    if (adds && /^(?:https?:\/\/|git@|ssh:\/\/)/.test(source)) {
      const { fetchFile } = await import('./add-url.ts');
      const own = new ContextTree(await fetchFile(step, source, scratch, flags.get('checksum')), undefined, source);
      for (const node of match(own, '*') ?? [])
        items.push({ tree: own, node, source: node.path, unpack: flags.has('unpack') });
      continue;
    }
    const found = match(tree, source);
    if (!found) throw missing(step, tree, source);
    for (const node of found) {
      const unpack = adds && flags.get('unpack') !== 'false' && node.stats.isFile() && (await isArchive(node.realPath));
      items.push({ tree, node, source, unpack });
    }
  }
  for (const heredoc of instruction.heredocs) {
    const directory = join(scratch, `heredoc-${items.length}`);
    await mkdir(directory);
    const path = join(directory, heredoc.name);
    await writeFile(path, heredoc.expand ? expandedHeredoc(step, heredoc.content) : heredoc.content);
    await chmod(path, 0o644);
    const own = new ContextTree(directory, undefined, 'the Dockerfile');
    for (const node of match(own, heredoc.name) ?? [])
      items.push({ tree: own, node, source: heredoc.name, unpack: false });
  }
  return items;
}

function missing(step: Step, tree: SourceTree, source: string): Error {
  const { keyword } = step.instruction;
  if (tree.immutable) return fault(step, `${keyword}: ${tree.label} has no ${source}`);
  const outside = posix.normalize(source).startsWith('..');
  return fault(
    step,
    `${keyword}: no such file in the build context: ${source}`,
    outside
      ? 'Only files below the build context can be copied; build with a directory further up as the context.'
      : 'Check the path (it is relative to the build context) and that .dockerignore does not leave it out.',
  );
}

async function mannerOf(
  step: Step,
  flags: ReadonlyMap<string, string>,
  excluded: readonly string[],
  view: RootView,
  keepOwner: boolean,
): Promise<CopyManner> {
  const chown = flags.get('chown');
  const chmodText = flags.get('chmod');
  try {
    const rules = excluded.length > 0 ? await parseIgnore(excluded.join('\n')) : undefined;
    return {
      owner: chown ? findOwner(view, chown) : undefined,
      mode: chmodText ? fileMode(chmodText) : undefined,
      keepOwner,
      excludes: (path) => rules?.ignores(path) ?? false,
    };
  } catch (error) {
    throw fault(step, `${step.instruction.keyword}: ${messageOf(error)}`);
  }
}

async function place(
  step: Step,
  items: readonly Item[],
  destination: { written: string; absolute: string },
  copier: Copier,
  view: RootView,
  scratch: string,
  parents: boolean,
): Promise<void> {
  const { keyword } = step.instruction;
  const { written, absolute } = destination;
  const isDirectory =
    written.endsWith('/') || /(^|\/)\.\.?$/.test(written) || view.resolve(absolute)?.kind === 'directory';
  const files = items.filter((item) => !item.node.stats.isDirectory() || parents);
  if (items.length > 1 && files.length > 0 && !isDirectory) {
    throw fault(
      step,
      `${keyword} of several files: the destination ${written} must be a directory`,
      `End it with a slash: ${written}/`,
    );
  }
  try {
    if (isDirectory) copier.directory(absolute);
    for (const item of items) {
      if (item.unpack) {
        await unpackInto(copier, item.node.realPath, absolute, scratch);
      } else if (parents) {
        const pivot = item.source.indexOf('/./');
        const kept =
          pivot >= 0
            ? posix.relative(posix.normalize(`/${item.source.slice(0, pivot)}`), `/${item.node.path}`)
            : item.node.path;
        await copier.copy(item.tree, item.node, posix.join(absolute, kept));
      } else if (item.node.stats.isDirectory()) {
        await copier.copy(item.tree, item.node, absolute);
      } else {
        await copier.copy(
          item.tree,
          item.node,
          isDirectory ? posix.join(absolute, basename(item.node.path)) : absolute,
        );
      }
    }
  } catch (error) {
    throw fault(step, `${keyword}: ${messageOf(error)}`, undefined, error);
  }
}

/** ADD unpacks archives it knows by their first bytes: tar, plain or compressed by gzip, bzip2, xz or Zstandard. */
async function isArchive(path: string): Promise<boolean> {
  const { open } = await import('node:fs/promises');
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    const head = buffer.subarray(0, bytesRead);
    const starts = (bytes: string) => head.subarray(0, bytes.length / 2).toString('hex') === bytes;
    if (head.subarray(257, 262).toString() === 'ustar') return true;
    if (!['1f8b', '425a68', 'fd377a585a00', '28b52ffd'].some(starts)) return false;
  } finally {
    await file.close();
  }
  const { run } = await import('../../base/index.ts');
  const listed = await run('sh', ['-c', 'tar --list --file "$1" 2>/dev/null | head -1', 'sh', path], {
    allowFailure: true,
  });
  return listed.stdout.trim() !== '';
}

async function unpackInto(copier: Copier, archive: string, destination: string, scratch: string): Promise<void> {
  const { run } = await import('../../base/index.ts');
  const directory = join(scratch, `unpacked-${basename(archive)}`);
  await mkdir(directory);
  await run('tar', ['--extract', '--file', archive, '-C', directory, '--numeric-owner', '--same-permissions'], {
    timeoutMs: 600_000,
  });
  const tree = new ContextTree(directory, undefined, basename(archive), true);
  const root = tree.find('');
  if (root) await copier.copy(tree, root, destination);
}
