import { bytesOf } from './amounts.ts';
import type { ComposeMap, ComposeProject, ComposeValue } from './contract.ts';
import { nearest } from './nearest.ts';
import { childOf, entriesOf, faultAt, flagOf, isNothing, itemsOf, numberOf, textOf, textsOf } from './value.ts';
import { splitVolume } from './volume-syntax.ts';

/**
 * What no single key shows: names that lead nowhere, keys that exclude each other, services that wait in a ring.
 * @throws UserError at the place, as compose itself refuses it
 */
export function checkConsistency(project: ComposeProject): void {
  if (project.services.size === 0) {
    const off = [...project.disabled.keys()];
    throw faultAt(
      project.root.at,
      off.length > 0 ? `every service is off by its profiles (${off.join(', ')})` : 'there is no service',
      off.length > 0 ? 'Turn one on: --profile NAME' : 'Describe at least one below services:',
    );
  }
  for (const [name, service] of project.services) {
    checkSource(name, service);
    checkReferences(name, service, project);
    checkTwins(name, service);
    checkTest(name, service);
    checkMounts(name, service);
  }
  checkOrder(project);
  checkFiles(project, 'secrets', ['file', 'environment']);
  checkFiles(project, 'configs', ['file', 'environment', 'content']);
}

function checkSource(name: string, service: ComposeMap): void {
  const has = (key: string): boolean => !isNothing(service.entries.get(key));
  if (!has('image') && !has('build') && !has('provider')) {
    throw faultAt(
      service.at,
      `service ${name} has neither image nor build`,
      'Give it one: image: NAME, or build: FOLDER',
    );
  }
  const inline = childOf(service, 'build', 'dockerfile_inline');
  if (inline && childOf(service, 'build', 'dockerfile')) {
    throw faultAt(inline.at, `service ${name} has both dockerfile and dockerfile_inline`, 'Keep one of the two.');
  }
  const networks = service.entries.get('networks');
  if (has('network_mode') && networks?.is === 'map' && networks.entries.size > 0) {
    throw faultAt(networks.at, `service ${name} has both network_mode and networks`, 'Keep one of the two.');
  }
}

function checkReferences(name: string, service: ComposeMap, project: ComposeProject): void {
  for (const [target, how] of entriesOf(service.entries.get('depends_on'))) {
    if (flagOf(childOf(how, 'required')) === false && project.disabled.has(target)) continue;
    checkService(target, how, `service ${name} depends on`, project, true);
  }
  for (const link of itemsOf(service.entries.get('links'))) {
    checkService((textOf(link) ?? '').split(':')[0] ?? '', link, `service ${name} links to`, project, false);
  }
  for (const from of itemsOf(service.entries.get('volumes_from'))) {
    const words = (textOf(from) ?? '').split(':');
    if (words[0] === 'container') continue;
    checkService(words[0] ?? '', from, `service ${name} takes volumes from`, project, false);
  }
  for (const key of ['network_mode', 'pid', 'ipc']) {
    const value = service.entries.get(key);
    const target = /^service:(.+)$/.exec(textOf(value) ?? '')?.[1];
    if (value && target !== undefined) checkService(target, value, `service ${name} shares with`, project, false);
  }
  for (const [network, value] of entriesOf(service.entries.get('networks'))) {
    if (network !== 'default') checkDefined('networks', network, value, name, project);
  }
  for (const section of ['secrets', 'configs'] as const) {
    for (const grant of itemsOf(service.entries.get(section))) {
      checkDefined(section, textOf(childOf(grant, 'source')) ?? '', grant, name, project);
    }
  }
  for (const secret of itemsOf(childOf(service, 'build', 'secrets'))) {
    checkDefined('secrets', textOf(childOf(secret, 'source')) ?? '', secret, name, project);
  }
  for (const volume of itemsOf(service.entries.get('volumes'))) {
    const source = namedVolume(volume);
    if (source !== undefined) checkDefined('volumes', source, volume, name, project);
  }
}

function namedVolume(volume: ComposeValue): string | undefined {
  if (volume.is === 'scalar') {
    const split = splitVolume(volume.text);
    if (!split) {
      throw faultAt(
        volume.at,
        `${JSON.stringify(volume.text)} is no volume`,
        'Write SOURCE:TARGET or SOURCE:TARGET:ro.',
      );
    }
    return split.type === 'volume' ? split.source : undefined;
  }
  return textOf(childOf(volume, 'type')) === 'volume' ? textOf(childOf(volume, 'source')) : undefined;
}

function checkService(
  target: string,
  at: ComposeValue,
  sentence: string,
  project: ComposeProject,
  optional: boolean,
): void {
  if (project.services.has(target)) return;
  const off = project.disabled.get(target);
  if (off) {
    const profiles = textsOf(off.entries.get('profiles'));
    const orElse = optional ? ', or write required: false' : '';
    throw faultAt(at.at, `${sentence} ${target}, which is off`, `Turn it on with --profile ${profiles[0]}${orElse}.`);
  }
  const names = [...project.services.keys()];
  const near = nearest(target, names);
  const wayOut = near === undefined ? `There are: ${names.join(', ')}.` : `Did you mean ${near}?`;
  throw faultAt(at.at, `${sentence} ${target}, which does not exist`, wayOut);
}

function checkDefined(
  section: 'networks' | 'volumes' | 'secrets' | 'configs',
  wanted: string,
  at: ComposeValue,
  name: string,
  project: ComposeProject,
): void {
  const known = entriesOf(project.root.entries.get(section)).map(([each]) => each);
  if (known.includes(wanted)) return;
  const near = nearest(wanted, known);
  throw faultAt(
    at.at,
    `service ${name} names ${wanted}, which is not below ${section}:`,
    near === undefined ? `Add it at the end of the file: ${section}: { ${wanted}: }` : `Did you mean ${near}?`,
  );
}

/** Old and new places of the same setting, which must agree. */
const TWINS: readonly (readonly [string, readonly string[], boolean])[] = [
  ['scale', ['deploy', 'replicas'], false],
  ['cpus', ['deploy', 'resources', 'limits', 'cpus'], false],
  ['mem_limit', ['deploy', 'resources', 'limits', 'memory'], true],
  ['mem_reservation', ['deploy', 'resources', 'reservations', 'memory'], true],
  ['pids_limit', ['deploy', 'resources', 'limits', 'pids'], false],
];

function checkTwins(name: string, service: ComposeMap): void {
  for (const [key, path, isSize] of TWINS) {
    const one = service.entries.get(key);
    const other = childOf(service, ...path);
    if (!one || isNothing(one) || !other || isNothing(other)) continue;
    const amount = (value: ComposeValue): number | undefined =>
      isSize ? bytesOf(textOf(value) ?? '') : numberOf(value);
    if (amount(one) !== amount(other)) {
      throw faultAt(one.at, `service ${name}: ${key} and ${path.join('.')} differ`, 'Keep one of the two.');
    }
  }
  const count = service.entries.get('scale') ?? childOf(service, 'deploy', 'replicas');
  const replicas = numberOf(count);
  if (count && replicas !== undefined && (replicas < 0 || !Number.isInteger(replicas))) {
    throw faultAt(count.at, `service ${name} cannot run ${replicas} times`, 'Write a whole number from 0.');
  }
  const fixed = service.entries.get('container_name');
  if (fixed && replicas !== undefined && replicas > 1) {
    throw faultAt(
      fixed.at,
      `service ${name} runs ${replicas} times and has one container_name`,
      'Remove container_name.',
    );
  }
}

function checkTest(name: string, service: ComposeMap): void {
  const test = childOf(service, 'healthcheck', 'test');
  const first = textsOf(test)[0];
  if (test?.is !== 'list' || (first !== undefined && ['CMD', 'CMD-SHELL', 'NONE'].includes(first))) return;
  throw faultAt(
    test.at,
    `the healthcheck of ${name} must begin with "CMD", "CMD-SHELL" or "NONE"`,
    'CMD takes words, CMD-SHELL one line for a shell; a text in place of the list is a line for a shell too.',
  );
}

function checkMounts(name: string, service: ComposeMap): void {
  const seen = new Set<string>();
  const targets: [string, ComposeValue][] = [
    ...itemsOf(service.entries.get('tmpfs')).map((each): [string, ComposeValue] => [
      (textOf(each) ?? '').split(':')[0] ?? '',
      each,
    ]),
    ...itemsOf(service.entries.get('volumes')).map((each): [string, ComposeValue] => {
      const target = each.is === 'scalar' ? splitVolume(each.text)?.target : textOf(childOf(each, 'target'));
      return [target ?? '', each];
    }),
  ];
  for (const [target, value] of targets) {
    if (!target.startsWith('/') && !/^[A-Za-z]:/.test(target)) {
      throw faultAt(
        value.at,
        `service ${name} mounts at ${JSON.stringify(target)}`,
        'Mount at a full path, from / on.',
      );
    }
    if (seen.has(target)) throw faultAt(value.at, `service ${name} mounts twice at ${target}`, 'Keep one of the two.');
    seen.add(target);
  }
}

function checkOrder(project: ComposeProject): void {
  const done = new Set<string>();
  const visit = (name: string, chain: readonly string[]): void => {
    if (done.has(name)) return;
    const service = project.services.get(name);
    for (const [target, how] of entriesOf(service?.entries.get('depends_on'))) {
      if (target === name || chain.includes(target)) {
        const ring = [...chain.slice(Math.max(0, chain.indexOf(target))), name, target];
        throw faultAt(
          how.at,
          `services wait for each other: ${ring.join(' -> ')}`,
          'Take one depends_on of the ring away.',
        );
      }
      visit(target, [...chain, name]);
    }
    done.add(name);
  };
  for (const name of project.services.keys()) visit(name, []);
}

function checkFiles(project: ComposeProject, section: 'secrets' | 'configs', keys: readonly string[]): void {
  for (const [name, value] of entriesOf(project.root.entries.get(section))) {
    if (name.startsWith('x-')) continue;
    const external = childOf(value, 'external');
    if (external && (external.is === 'map' || flagOf(external) === true)) continue;
    const given = keys.filter((key) => !isNothing(childOf(value, key)));
    const singular = section.slice(0, -1);
    if (given.length === 0) {
      throw faultAt(value.at, `${singular} ${name} says nothing of its content`, `Give it one of: ${keys.join(', ')}.`);
    }
    if (given.length > 1) {
      throw faultAt(value.at, `${singular} ${name} has both ${given.join(' and ')}`, 'Keep one of them.');
    }
  }
}
