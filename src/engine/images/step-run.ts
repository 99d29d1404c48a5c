import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UserError } from '../../base/index.ts';
import { type Account, findAccount } from './accounts.ts';
import { cachedLayer, short } from './build-cache.ts';
import type { Step } from './build-types.ts';
import type { Heredoc } from './dockerfile.ts';
import { hostAccess } from './host-access.ts';
import { RootView } from './root-view.ts';
import { runContainer, type StepMount } from './run-container.ts';
import { type PreparedMounts, prepareMounts } from './run-mounts.ts';
import { DEFAULT_PATH, environmentOf, fault, PROXY_ARGS } from './step-scope.ts';
import { shellOf } from './steps.ts';

const LAST_LINES = 30;

/** RUN: the command on top of the layers so far; what it changed becomes a layer. */
export async function runStep(step: Step): Promise<void> {
  const { build, stage, instruction } = step;
  const { library } = build.options.store;
  for (const { name } of instruction.flags) {
    if (!['mount', 'network', 'security', 'device'].includes(name)) throw fault(step, `RUN: unknown flag --${name}`);
  }
  const network = networkOf(step);
  const argv = argvOf(step);
  const env = stepEnvironment(step);
  const scratch = await library.blobs.temporaryDirectory();
  let prepared: PreparedMounts | undefined;
  try {
    prepared = await prepareMounts(step, join(scratch, 'mounts'));
    const { mounts, identity } = prepared;
    const key = [
      'RUN',
      stage.layers.map((layer) => layer.diffId),
      argv,
      env.map(([name, value]) => (PROXY_ARGS.includes(name) ? name : `${name}=${value}`)),
      stage.config.User ?? '',
      stage.config.WorkingDir ?? '',
      network,
      identity,
    ];
    await cachedLayer(step, key, false, async (upper) => {
      const view = new RootView(stage.layers);
      const account = accountOf(step, view);
      const host = await hostAccess(library.settings.environment, view, join(scratch, 'host'), network);
      const lines: string[] = [];
      const onLine = (line: string) => {
        lines.push(line);
        if (lines.length > LAST_LINES) lines.shift();
        build.tell(`  ${line}`);
      };
      await mkdir(join(scratch, 'run'));
      const code = await runContainer({
        storeDirectory: library.settings.directory,
        scratch: join(scratch, 'run'),
        layerDirectories: stage.layers.map((layer) => layer.directory),
        upper,
        argv,
        env: withDefaults(env, host.env, account),
        workingDirectory: stage.config.WorkingDir || '/',
        account,
        network,
        mounts: ordered([...host.mounts, ...mounts]),
        onLine,
        ...(build.options.signal ? { signal: build.options.signal } : {}),
      });
      if (code !== 0) throw failure(step, code, lines);
    });
  } finally {
    await prepared?.release();
    await rm(scratch, { recursive: true, force: true });
  }
}

function failure(step: Step, code: number, lines: readonly string[]): UserError {
  const { path } = step.build.dockerfile;
  const said = lines.map((line) => `  ${line}`).join('\n');
  return new UserError(
    `${path}:${step.instruction.line}`,
    `RUN ${short(step.instruction.text)} exited with ${code}`,
    said === '' ? 'It printed nothing.' : `Its last lines:\n${said}`,
  );
}

function networkOf(step: Step): 'host' | 'none' {
  const flag = step.instruction.flags.find((each) => each.name === 'network')?.value;
  if (flag === 'none') return 'none';
  if (flag !== undefined && flag !== 'default' && flag !== 'host')
    throw fault(step, `RUN: unknown network ${JSON.stringify(flag)}`);
  return step.build.options.network ?? 'host';
}

function accountOf(step: Step, view: RootView): Account {
  try {
    return findAccount(view, step.stage.config.User ?? '');
  } catch (error) {
    throw fault(
      step,
      `RUN as USER ${step.stage.config.User}: ${messageOf(error)}`,
      'Create the user in an earlier RUN, or name one by number.',
    );
  }
}

function argvOf(step: Step): readonly string[] {
  const { json, text, heredocs } = step.instruction;
  if (json) {
    if (json.length === 0) throw fault(step, 'RUN []: there is nothing to run');
    return json;
  }
  const [first] = heredocs;
  const bare = /^<<-?["']?([^\s"']+)["']?(?:\s+([\s\S]+))?$/.exec(text);
  if (first && heredocs.length === 1 && bare) {
    if (bare[2]) return [...shellOf(step), `${text}\n${first.content}${first.name}`];
    // The heredoc is the script itself; its first line may name an interpreter.
    return [...shellOf(step), first.content.startsWith('#!') ? interpreted(first) : first.content];
  }
  if (heredocs.length > 0) {
    const bodies = heredocs.map((heredoc) => `${heredoc.content}${heredoc.name}\n`).join('');
    return [...shellOf(step), `${text}\n${bodies}`];
  }
  return [...shellOf(step), text];
}

/** A script with its own `#!` line is written to a file and started as such. */
function interpreted(heredoc: Heredoc): string {
  const mark = `WHERRY_${heredoc.name}_END`;
  return [
    'script=/dev/shm/script',
    `cat > "$script" <<'${mark}'\n${heredoc.content}${mark}`,
    'chmod 755 "$script"',
    `exec ${heredoc.content.slice(2, heredoc.content.indexOf('\n')).trim()} "$script"`,
  ].join('\n');
}

/** ARG values first, ENV over them. */
function stepEnvironment(step: Step): [string, string][] {
  const { build, stage } = step;
  const env = new Map<string, string>();
  for (const name of PROXY_ARGS) {
    const value = build.options.buildArgs?.[name];
    if (value !== undefined) env.set(name, value);
  }
  for (const [name, value] of stage.args) if (value !== undefined) env.set(name, value);
  for (const [name, value] of environmentOf(stage)) env.set(name, value);
  return [...env];
}

function withDefaults(
  env: readonly [string, string][],
  host: Readonly<Record<string, string>>,
  account: Account,
): string[] {
  const all = new Map<string, string>([
    ['PATH', DEFAULT_PATH],
    ['HOME', account.home],
    ...Object.entries(host),
    ...env,
  ]);
  return [...all].map(([name, value]) => `${name}=${value}`);
}

/** Parents before what is mounted below them. */
function ordered(mounts: readonly StepMount[]): StepMount[] {
  return [...mounts].sort((a, b) => a.target.split('/').length - b.target.split('/').length);
}
