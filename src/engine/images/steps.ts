import { posix } from 'node:path';
import type { Step } from './build-types.ts';
import { dockerfileError, type Instruction } from './dockerfile.ts';
import { splitWords } from './expand.ts';
import { expanded, fault, pairs, setEnvironment, words } from './step-scope.ts';

const DEFAULT_SHELL = ['/bin/sh', '-c'];

export function shellOf(step: Step): readonly string[] {
  return step.stage.config.Shell ?? DEFAULT_SHELL;
}

/** The instructions that only change the image's configuration. */
export const METADATA_STEPS: Readonly<Record<string, (step: Step) => void>> = {
  ENV(step) {
    for (const [name, value] of pairs(step, true)) setEnvironment(step.stage, name, value);
  },
  LABEL(step) {
    step.stage.config.Labels = { ...step.stage.config.Labels, ...Object.fromEntries(pairs(step, true)) };
  },
  MAINTAINER(step) {
    step.stage.config.Labels = { ...step.stage.config.Labels, maintainer: step.instruction.text };
  },
  ARG(step) {
    for (const word of words(step)) declareArgument(step, word);
  },
  USER(step) {
    step.stage.config.User = expanded(step, step.instruction.text);
  },
  EXPOSE(step) {
    const ports = { ...step.stage.config.ExposedPorts };
    for (const word of words(step).flatMap((each) => expanded(step, each).split(/\s+/))) {
      if (word === '') continue;
      for (const port of portsOf(step, word)) ports[port] = {};
    }
    step.stage.config.ExposedPorts = ports;
  },
  VOLUME(step) {
    const paths = step.instruction.json ?? words(step);
    const volumes = { ...step.stage.config.Volumes };
    for (const path of paths) volumes[expanded(step, path)] = {};
    step.stage.config.Volumes = volumes;
  },
  STOPSIGNAL(step) {
    step.stage.config.StopSignal = expanded(step, step.instruction.text);
  },
  SHELL(step) {
    if (!step.instruction.json) throw fault(step, 'SHELL needs the JSON form', 'Write SHELL ["/bin/bash", "-c"].');
    step.stage.config.Shell = [...step.instruction.json];
  },
  CMD(step) {
    step.stage.config.Cmd = commandOf(step, step.instruction);
    commandSet.add(step.stage);
  },
  ENTRYPOINT(step) {
    step.stage.config.Entrypoint = commandOf(step, step.instruction);
    // A command that came with the base image was meant for the base image's entry point.
    if (!commandSet.has(step.stage)) delete step.stage.config.Cmd;
  },
  HEALTHCHECK(step) {
    step.stage.config.Healthcheck = healthcheckOf(step);
  },
  ONBUILD(step) {
    const keyword = step.instruction.text.split(/\s+/)[0]?.toUpperCase() ?? '';
    if (['ONBUILD', 'FROM', 'MAINTAINER'].includes(keyword))
      throw fault(step, `${keyword} is not allowed as an ONBUILD trigger`);
    const triggers = [step.instruction.text, ...step.instruction.heredocs.map((own) => `${own.content}${own.name}`)];
    step.stage.config.OnBuild = [...(step.stage.config.OnBuild ?? []), triggers.join('\n')];
  },
};

/** Stages that have set CMD themselves. */
const commandSet = new WeakSet<object>();

function commandOf(step: Step, instruction: Instruction): string[] {
  if (instruction.json) return [...instruction.json];
  return instruction.text === '' ? [] : [...shellOf(step), instruction.text];
}

export function declareArgument(step: Step, word: string): void {
  const equals = word.indexOf('=');
  const name = equals < 0 ? word : word.slice(0, equals);
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    throw fault(step, `ARG: ${JSON.stringify(name)} is not a name`, 'Write ARG NAME or ARG NAME=default.');
  }
  const given = step.build.options.buildArgs?.[name];
  const value = equals < 0 ? step.build.globals.get(name) : expanded(step, word.slice(equals + 1));
  step.stage.args.set(name, given ?? value);
}

function portsOf(step: Step, word: string): string[] {
  const found = /^(\d+)(?:-(\d+))?(?:\/(tcp|udp|sctp))?$/i.exec(word);
  const first = Number(found?.[1]);
  const last = Number(found?.[2] ?? first);
  if (!found || first < 1 || last > 65_535 || last < first) {
    throw fault(
      step,
      `EXPOSE: invalid port ${JSON.stringify(word)}`,
      'Write a port from 1 to 65535, as 8080 or 53/udp.',
    );
  }
  const protocol = (found[3] ?? 'tcp').toLowerCase();
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${protocol}`);
}

type Healthcheck = NonNullable<Step['stage']['config']['Healthcheck']>;

function healthcheckOf(step: Step): Healthcheck {
  const { text, flags } = step.instruction;
  if (/^none$/i.test(text)) return { Test: ['NONE'] };
  const found = /^cmd\s+([\s\S]+)$/i.exec(text);
  if (!found?.[1])
    throw fault(step, `HEALTHCHECK ${text}: unknown type`, 'Write HEALTHCHECK CMD command, or HEALTHCHECK NONE.');
  const { json } = readArray(found[1]);
  const check: Healthcheck = { Test: json ? ['CMD', ...json] : ['CMD-SHELL', found[1]] };
  for (const { name, value } of flags) {
    if (name === 'interval') check.Interval = durationNs(step, name, value);
    else if (name === 'timeout') check.Timeout = durationNs(step, name, value);
    else if (name === 'start-period') check.StartPeriod = durationNs(step, name, value);
    else if (name === 'start-interval') check.StartInterval = durationNs(step, name, value);
    else if (name === 'retries' && /^\d+$/.test(value)) check.Retries = Number(value);
    else throw fault(step, `HEALTHCHECK: --${name}=${value} is not understood`);
  }
  return check;
}

function readArray(text: string): { json: string[] | undefined } {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return { json: value };
  } catch {
    // The shell form.
  }
  return { json: undefined };
}

const UNITS_NS: Readonly<Record<string, number>> = { h: 3.6e12, m: 6e10, s: 1e9, ms: 1e6, us: 1e3, ns: 1 };

function durationNs(step: Step, name: string, text: string): number {
  if (!/^(?:\d+(?:\.\d+)?(?:h|ms|us|ns|m|s))+$/.test(text)) {
    throw fault(step, `HEALTHCHECK: --${name}=${text} is not a duration`, 'Write it as 30s or 1m30s.');
  }
  let sum = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|us|ns|m|s)/g)) {
    sum += Number(number) * (UNITS_NS[unit ?? ''] ?? 0);
  }
  return sum;
}

/** WORKDIR: the configuration's part; the directory is made by the caller. */
export function workingDirectory(step: Step): string {
  const path = posix.resolve(step.stage.config.WorkingDir || '/', expanded(step, step.instruction.text));
  step.stage.config.WorkingDir = path;
  return path;
}

/** Values of the ARG instructions before the first FROM. */
export function globalArguments(
  instructions: readonly Instruction[],
  given: Readonly<Record<string, string>>,
  automatic: ReadonlyMap<string, string>,
  expand: (word: string, known: ReadonlyMap<string, string | undefined>, line: number) => string,
  escapeCharacter: string,
  path: string,
): Map<string, string | undefined> {
  const values = new Map<string, string | undefined>(automatic);
  for (const instruction of instructions) {
    for (const word of splitWords(instruction.text, escapeCharacter)) {
      const equals = word.indexOf('=');
      const name = equals < 0 ? word : word.slice(0, equals);
      if (!/^[A-Za-z_]\w*$/.test(name))
        throw dockerfileError(path, instruction.line, `ARG: ${JSON.stringify(name)} is not a name`);
      const value = equals < 0 ? values.get(name) : expand(word.slice(equals + 1), values, instruction.line);
      values.set(name, given[name] ?? value);
    }
  }
  return values;
}
