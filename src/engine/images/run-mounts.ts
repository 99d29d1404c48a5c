import { createHash } from 'node:crypto';
import { chmodSync, chownSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { messageOf } from '../../base/index.ts';
import type { Step } from './build-types.ts';
import { contextRules } from './context-rules.ts';
import { Copier } from './copy-files.ts';
import { takeLock } from './lock.ts';
import { RootView } from './root-view.ts';
import type { StepMount } from './run-container.ts';
import { ContextTree, contentHash } from './source-tree.ts';
import { expanded, fault } from './step-scope.ts';

export interface PreparedMounts {
  readonly mounts: readonly StepMount[];
  /** What of them makes the step another one; caches and secrets do not. */
  readonly identity: readonly unknown[];
  readonly env: Readonly<Record<string, string>>;
  release(): Promise<void>;
}

/** The `--mount` flags of a RUN (Dockerfile reference, RUN --mount). @param scratch made when needed */
export async function prepareMounts(step: Step, scratch: string): Promise<PreparedMounts> {
  const mounts: StepMount[] = [];
  const identity: unknown[] = [];
  const env: Record<string, string> = {};
  const releases: (() => void)[] = [];
  await mkdir(scratch, { recursive: true });
  try {
    for (const { name, value } of step.instruction.flags) {
      if (name !== 'mount') continue;
      const fields = fieldsOf(step, value);
      const type = fields.get('type') ?? 'bind';
      const make = MAKERS[type];
      if (!make)
        throw fault(
          step,
          `RUN: unknown mount type ${JSON.stringify(type)}`,
          'Known are bind, cache, tmpfs and secret.',
        );
      const made = await make(step, fields, join(scratch, String(mounts.length)));
      if (made.mount) mounts.push(made.mount);
      if (made.release) releases.push(made.release);
      identity.push(made.identity);
      Object.assign(env, made.env);
    }
  } catch (error) {
    for (const release of releases) release();
    throw error;
  }
  return {
    mounts,
    identity,
    env,
    release: async () => {
      for (const release of releases) release();
    },
  };
}

type Fields = ReadonlyMap<string, string>;

interface Made {
  readonly mount?: StepMount;
  readonly identity: unknown;
  readonly env?: Readonly<Record<string, string>>;
  readonly release?: () => void;
}

const NAMES: Readonly<Record<string, string>> = {
  dst: 'target',
  destination: 'target',
  src: 'source',
  rw: 'readwrite',
  ro: 'readonly',
};

function fieldsOf(step: Step, text: string): Fields {
  const fields = new Map<string, string>();
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).trim();
    fields.set(NAMES[name] ?? name, equals < 0 ? 'true' : expanded(step, part.slice(equals + 1)));
  }
  return fields;
}

function targetOf(step: Step, fields: Fields): string {
  const target = fields.get('target');
  if (!target) throw fault(step, 'RUN --mount: target is missing', 'Write --mount=type=…,target=/path.');
  return posix.resolve(step.stage.config.WorkingDir || '/', target);
}

const isTrue = (text: string | undefined) => text === 'true' || text === '1';

const MAKERS: Readonly<Record<string, (step: Step, fields: Fields, scratch: string) => Promise<Made>>> = {
  async tmpfs(step, fields) {
    const target = targetOf(step, fields);
    const size = Number(fields.get('size') ?? 0);
    return {
      mount: { type: 'tmpfs', target, ...(size > 0 ? { sizeBytesMax: size } : {}) },
      identity: ['tmpfs', target],
    };
  },

  async cache(step, fields) {
    const target = targetOf(step, fields);
    const id = fields.get('id') ?? target;
    const { library, signal } = { library: step.build.options.store.library, signal: step.build.options.signal };
    const directory = join(
      library.settings.directory,
      'cache-mounts',
      createHash('sha256').update(id).digest('hex').slice(0, 16),
    );
    const isNew = (await mkdir(directory, { recursive: true })) !== undefined;
    if (isNew) {
      chownSync(directory, Number(fields.get('uid') ?? 0), Number(fields.get('gid') ?? 0));
      chmodSync(directory, Number.parseInt(fields.get('mode') ?? '0755', 8));
    }
    const locked = fields.get('sharing') === 'locked' || fields.get('sharing') === 'private';
    const release = locked ? await takeLock(`${directory}.lock`, signal ? { signal } : {}) : undefined;
    return {
      mount: { type: 'bind', source: directory, target, readOnly: isTrue(fields.get('readonly')) },
      identity: ['cache', target],
      ...(release ? { release } : {}),
    };
  },

  async bind(step, fields, scratch) {
    const target = targetOf(step, fields);
    const source = fields.get('source') ?? '/';
    const readOnly = !isTrue(fields.get('readwrite'));
    const from = fields.get('from');
    if (from !== undefined) {
      const { layers, label } = await step.build.source(from, step.instruction.line);
      if (!new RootView(layers).resolve(source)) throw fault(step, `RUN --mount: ${label} has no ${source}`);
      return {
        mount: {
          type: 'layers',
          layerDirectories: layers.map((layer) => layer.directory),
          subpath: source,
          target,
          readOnly,
        },
        identity: ['bind', target, source, layers.map((layer) => layer.diffId)],
      };
    }
    // The context as the build sees it: a copy without what .dockerignore leaves out, which the step may spoil.
    const tree = new ContextTree(step.build.options.contextDirectory, await contextRules(step.build));
    const node = tree.find(source);
    if (!node) throw fault(step, `RUN --mount: no such file in the build context: ${source}`);
    const upper = join(scratch, 'context');
    await mkdir(upper, { recursive: true });
    const view = new RootView([{ directory: upper, hidden: { opaque: [] } }]);
    const manner = { owner: undefined, mode: undefined, keepOwner: false, excludes: () => false };
    await new Copier({ upper, view }, manner).copy(tree, node, '/copy');
    return {
      mount: { type: 'bind', source: join(upper, 'copy'), target, readOnly },
      identity: ['bind', target, await contentHash(tree, node)],
    };
  },

  async secret(step, fields, scratch) {
    const id = fields.get('id') ?? posix.basename(fields.get('target') ?? '');
    const secret = step.build.options.secrets?.[id];
    const identity = ['secret', id];
    if (!secret) {
      if (isTrue(fields.get('required')))
        throw fault(
          step,
          `RUN --mount: the secret ${JSON.stringify(id)} was not given`,
          `Pass it to the build under the id ${id}.`,
        );
      return { identity };
    }
    await mkdir(scratch, { recursive: true, mode: 0o700 });
    const file = join(scratch, 'secret');
    try {
      if ('path' in secret) await copyFile(secret.path, file);
      else await writeFile(file, secret.text);
    } catch (error) {
      throw fault(step, `RUN --mount: the secret ${JSON.stringify(id)} cannot be read: ${messageOf(error)}`);
    }
    chownSync(file, Number(fields.get('uid') ?? 0), Number(fields.get('gid') ?? 0));
    chmodSync(file, Number.parseInt(fields.get('mode') ?? '0400', 8));
    const target = posix.resolve(step.stage.config.WorkingDir || '/', fields.get('target') ?? `/run/secrets/${id}`);
    return { mount: { type: 'bind', source: file, target, readOnly: true }, identity };
  },

  async ssh(step) {
    throw fault(
      step,
      'RUN --mount=type=ssh: keys are not forwarded to builds here',
      'Use --mount=type=secret with a deploy key or token.',
    );
  },
};
