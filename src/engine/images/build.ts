import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { assert, codeOf, messageOf, UserError } from '../../base/index.ts';
import { findOwner } from './accounts.ts';
import { cachedLayer } from './build-cache.ts';
import type { Build, BuildOptions, StageState, Step } from './build-types.ts';
import type { Image } from './contract.ts';
import { Copier } from './copy-files.ts';
import { type Dockerfile, dockerfileError, parseDockerfile, type Stage } from './dockerfile.ts';
import { expandWord } from './expand.ts';
import type { Layer } from './layers.ts';
import { type ConfigFile, type ContainerConfig, machineArchitecture } from './oci.ts';
import { RootView } from './root-view.ts';
import { DEFAULT_PATH, environmentOf, setEnvironment } from './step-scope.ts';
import { globalArguments, METADATA_STEPS, workingDirectory } from './steps.ts';

const EPOCH = '1970-01-01T00:00:00Z';

/**
 * Builds an image from a Dockerfile. Steps whose inputs are known from before come from the cache, and stages that
 * the target does not need are left out.
 * @throws UserError `Dockerfile:LINE: fault` with the way out; whatever `signal` was aborted with
 */
export async function buildImage(options: BuildOptions): Promise<Image> {
  const { library } = options.store;
  const dockerfile = await readDockerfile(options);
  try {
    return await library.working(options.signal, async () => finish(options, await buildStages(options, dockerfile)));
  } catch (error) {
    // Whatever broke because of it, the reason is that the build was called off.
    options.signal?.throwIfAborted();
    throw error;
  }
}

async function readDockerfile(options: BuildOptions): Promise<Dockerfile> {
  const at = await stat(options.contextDirectory).catch(() => undefined);
  if (!at?.isDirectory()) throw new UserError(options.contextDirectory, 'the build context is not a directory');
  const given = options.dockerfile ?? { path: 'Dockerfile' };
  if ('text' in given) return parseDockerfile(given.text, given.name ?? 'Dockerfile');
  try {
    return await parseDockerfile(await readFile(resolve(options.contextDirectory, given.path), 'utf8'), given.path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    throw new UserError(
      join(options.contextDirectory, given.path),
      'no such file',
      'Name the Dockerfile, or write one first.',
      { cause: error },
    );
  }
}

async function buildStages(options: BuildOptions, dockerfile: Dockerfile): Promise<StageState> {
  const { library } = options.store;
  const architecture = machineArchitecture();
  const platform = `linux/${architecture}`;
  const automatic = new Map(
    ['TARGET', 'BUILD'].flatMap((side): [string, string][] => [
      [`${side}PLATFORM`, platform],
      [`${side}OS`, 'linux'],
      [`${side}ARCH`, architecture],
      [`${side}VARIANT`, ''],
    ]),
  );
  const expandGlobal = (word: string, known: ReadonlyMap<string, string | undefined>, line: number) => {
    try {
      return expandWord(word, (name) => known.get(name), dockerfile.escapeCharacter);
    } catch (error) {
      throw dockerfileError(dockerfile.path, line, messageOf(error));
    }
  };
  const globals = globalArguments(
    dockerfile.globals,
    options.buildArgs ?? {},
    automatic,
    expandGlobal,
    dockerfile.escapeCharacter,
    dockerfile.path,
  );
  const built = new Map<Stage, Promise<StageState>>();
  const stageNamed = (reference: string, before: number): Stage | undefined => {
    const earlier = dockerfile.stages.slice(0, before);
    const byName = earlier.findLast((stage) => stage.name === reference.toLowerCase());
    return byName ?? (/^\d+$/.test(reference) ? earlier[Number(reference)] : undefined);
  };
  const buildStage = (stage: Stage): Promise<StageState> => {
    const known = built.get(stage);
    if (known) return known;
    const result = carryOut(stage);
    result.catch(() => {});
    built.set(stage, result);
    return result;
  };
  const now = new Date(library.settings.clock.now()).toISOString();

  async function carryOut(stage: Stage): Promise<StageState> {
    const index = dockerfile.stages.indexOf(stage);
    const build: Build = {
      options,
      dockerfile,
      globals,
      now,
      tell: (line) => options.onProgress?.(line),
      source: async (reference, line) => {
        const other = stageNamed(reference, index);
        if (other) return { layers: (await buildStage(other)).layers, label: `stage ${reference}` };
        const unnamed =
          /^\d+$/.test(reference) || dockerfile.stages.some((each) => each.name === reference.toLowerCase());
        if (unnamed) {
          throw dockerfileError(
            dockerfile.path,
            line,
            `there is no earlier stage ${reference}`,
            'A stage can only take from stages above it.',
          );
        }
        const image = await pull(reference, line);
        return { layers: image.layers, label: `image ${reference}` };
      },
    };
    checkPlatform(stage, expandGlobal(stage.platform ?? '', globals, stage.from.line), platform, dockerfile);
    const base = expandGlobal(stage.base, globals, stage.from.line);
    if (base === '') {
      throw dockerfileError(
        dockerfile.path,
        stage.from.line,
        `FROM ${stage.base}: the name is empty`,
        'Give the ARG before it a default, or pass it as a build argument.',
      );
    }
    const state = await beginStage(stage, base, index);
    const triggers = state.config.OnBuild ?? [];
    delete state.config.OnBuild;
    for (const trigger of triggers) {
      const parsed = await parseDockerfile(`FROM scratch\n${trigger}\n`, dockerfile.path);
      for (const instruction of parsed.stages[0]?.instructions ?? []) {
        await carryOutStep({ build, stage: state, instruction: { ...instruction, line: stage.from.line } });
      }
    }
    for (const instruction of stage.instructions) {
      options.signal?.throwIfAborted();
      await carryOutStep({ build, stage: state, instruction });
    }
    return state;
  }

  async function beginStage(stage: Stage, base: string, index: number): Promise<StageState> {
    const name = stage.name ?? String(index);
    const fresh = { name, args: new Map<string, string | undefined>() };
    const other = stageNamed(base, index);
    if (other && other.name === base.toLowerCase()) {
      const from = await buildStage(other);
      return {
        ...fresh,
        layers: [...from.layers],
        config: structuredClone(from.config),
        history: [...from.history],
        createdAt: from.createdAt,
      };
    }
    if (base === 'scratch')
      return { ...fresh, layers: [], config: { Env: [`PATH=${DEFAULT_PATH}`] }, history: [], createdAt: EPOCH };
    const image = await pull(base, stage.from.line);
    const config: ContainerConfig = structuredClone(image.config.config ?? {});
    const state: StageState = {
      ...fresh,
      layers: [...image.layers],
      config,
      history: [...(image.config.history ?? [])],
      createdAt: image.config.created ?? EPOCH,
    };
    if (!environmentOf(state).has('PATH')) setEnvironment(state, 'PATH', DEFAULT_PATH);
    return state;
  }

  async function pull(reference: string, line: number) {
    try {
      const { credentials, onProgress, signal } = options;
      await options.store.ensure(reference, {
        policy: 'IfNotPresent',
        ...(credentials ? { credentials } : {}),
        ...(onProgress ? { onProgress } : {}),
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      options.signal?.throwIfAborted();
      throw dockerfileError(
        dockerfile.path,
        line,
        `the image ${reference} cannot be had: ${messageOf(error)}`,
        'Check its name, or pull it on a machine that reaches the registry.',
        error,
      );
    }
    const image = await library.find(reference);
    assert(image, `image ${reference} is in the store after it was ensured`);
    return image;
  }

  return buildStage(targetStage(options, dockerfile, stageNamed));
}

function targetStage(
  options: BuildOptions,
  dockerfile: Dockerfile,
  stageNamed: (reference: string, before: number) => Stage | undefined,
): Stage {
  const last = dockerfile.stages.at(-1);
  assert(last, 'a parsed Dockerfile has a stage');
  if (options.target === undefined) return last;
  const target = stageNamed(options.target, dockerfile.stages.length);
  if (target) return target;
  const names = dockerfile.stages.flatMap((stage) => (stage.name ? [stage.name] : []));
  throw new UserError(
    dockerfile.path,
    `there is no stage ${JSON.stringify(options.target)}`,
    `Its stages are ${names.join(', ') || 'without names: count from 0'}.`,
  );
}

function checkPlatform(stage: Stage, wanted: string, own: string, dockerfile: Dockerfile): void {
  if (wanted === '' || wanted === own || wanted.startsWith(`${own}/`) || wanted === own.replace('linux/', '')) return;
  throw dockerfileError(
    dockerfile.path,
    stage.from.line,
    `FROM --platform=${wanted}: this machine builds for ${own} only`,
    'Leave the flag out, or build on such a machine.',
  );
}

async function carryOutStep(step: Step): Promise<void> {
  const { instruction, stage, build } = step;
  const { keyword } = instruction;
  if (keyword === 'RUN') {
    const { runStep } = await import('./step-run.ts');
    await runStep(step);
  } else if (keyword === 'COPY' || keyword === 'ADD') {
    const { copyStep } = await import('./step-copy.ts');
    await copyStep(step);
  } else if (keyword === 'WORKDIR') {
    await workingDirectoryStep(step);
  } else {
    const change = METADATA_STEPS[keyword];
    assert(change, `instruction ${keyword} is known`);
    change(step);
    stage.history.push({ created: stage.createdAt, created_by: `${keyword} ${instruction.text}`, empty_layer: true });
    if (build.options.signal?.aborted) build.options.signal.throwIfAborted();
  }
}

/** WORKDIR makes the directory, owned by the user in force, where it is not there yet. */
async function workingDirectoryStep(step: Step): Promise<void> {
  const { stage } = step;
  const path = workingDirectory(step);
  if (new RootView(stage.layers).resolve(path)?.kind === 'directory') {
    stage.history.push({ created: stage.createdAt, created_by: `WORKDIR ${path}`, empty_layer: true });
    return;
  }
  const key = ['WORKDIR', stage.layers.map((layer) => layer.diffId), path, stage.config.User ?? ''];
  await cachedLayer(step, key, true, async (upper) => {
    const view = new RootView([...stage.layers, { directory: upper, hidden: { opaque: [] } }]);
    const owner = stage.config.User ? findOwner(new RootView(stage.layers), stage.config.User) : undefined;
    new Copier({ upper, view }, { owner, mode: undefined, keepOwner: false, excludes: () => false }).directory(path);
  });
}

async function finish(options: BuildOptions, state: StageState): Promise<Image> {
  const { library } = options.store;
  const config = state.config;
  if (options.labels) config.Labels = { ...config.Labels, ...options.labels };
  const layers: readonly Layer[] = state.layers;
  const file: ConfigFile = {
    created: state.createdAt,
    architecture: machineArchitecture(),
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
    history: state.history,
  };
  const image = await library.add(file, { builtHere: true }, options.tag);
  options.onProgress?.(options.tag ? `built ${library.normalName(options.tag)}` : `built ${image.configDigest}`);
  return library.view(image);
}
