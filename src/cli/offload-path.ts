import { stringify } from 'yaml';
import { systemClock, UserError } from '../base/index.ts';
import { type Ingress, kinds, type Service } from '../engine/kinds/index.ts';
import { deploy } from '../road/deploy/index.ts';
import {
  addressOf,
  addressText,
  type Manifest,
  type MovedPath,
  OFFLOAD_LABEL,
  type OldSystem,
  offloadObjects,
  oldSystemsIn,
} from '../road/manifests/index.ts';
import { colors as pc } from './colors.ts';
import type { OffloadOptions } from './offload.ts';
import { findPlace, type Place } from './place.ts';
import { printTable } from './table.ts';

/** Controllers that take a share of requests by the annotations of ingress-nginx. */
const SHARING_CONTROLLERS = new Set(['k8s.io/ingress-nginx', 'wherry.dev/ingress']);

/** What is moved, or one more step of it. */
export async function offload(path: string | undefined, options: OffloadOptions): Promise<void> {
  checkCall(path, options);
  const place = await findPlace(options);
  try {
    const world = await readWorld(place);
    if (path === undefined && !options.back) {
      list(world.systems, options);
      return;
    }
    const before = world.systems.find(({ name }) => name === options.system);
    const after = options.back
      ? movedBack(before, path, options)
      : await movedOn(place, world, before, path ?? '/', options);
    await write(place, before, after, options);
  } finally {
    place.client.close();
  }
}

interface World {
  readonly systems: readonly OldSystem[];
  readonly services: readonly Service[];
  readonly ingresses: readonly Ingress[];
}

async function readWorld({ client, namespace }: Place): Promise<World> {
  const [{ items: ingresses }, { items: services }] = await Promise.all([
    client.list<Ingress>(kinds.ingresses, { namespace }),
    client.list<Service>(kinds.services, { namespace }),
  ]);
  return { systems: oldSystemsIn(ingresses, services), services, ingresses };
}

function checkCall(path: string | undefined, options: OffloadOptions): void {
  const wrong = (place: string, fault: string, wayOut: string): UserError =>
    new UserError(place, fault, wayOut, { exitStatus: 2 });
  if (path !== undefined && !/^\/[^\s?#]*$/.test(path)) throw wrong('PATH', `"${path}" is no path`, 'Begin it with /.');
  if (options.back) {
    if (options.to !== undefined)
      throw wrong('--back', 'leads to the old system, so --to has no meaning', 'Leave one away.');
    return;
  }
  if (path !== undefined && options.to === undefined) {
    throw wrong('--to', 'not said', `Name the app that takes over: wherry offload ${path} --to APP`);
  }
  if (path === undefined && (options.to !== undefined || options.legacy !== undefined)) {
    throw wrong('PATH', 'not said', 'Name what is moved: wherry offload /api --to APP; / for all.');
  }
  shareOf(options.share);
  if (!/^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$/.test(options.system)) {
    throw wrong('--system', `"${options.system}" cannot name objects`, 'At most 40 of a-z, 0-9 and -, first a letter.');
  }
}

function shareOf(text: string): number {
  const share = /^\d{1,3}%?$/.test(text) ? Number.parseInt(text, 10) : Number.NaN;
  if (share >= 0 && share <= 100) return share;
  throw new UserError('--share', `"${text}" is no share`, 'Say a whole percentage: --share 10%', { exitStatus: 2 });
}

async function movedOn(
  place: Place,
  world: World,
  before: OldSystem | undefined,
  path: string,
  options: OffloadOptions,
): Promise<OldSystem> {
  const system = before ?? newSystem(place, world, options);
  const target = targetOf(world.services, options.to ?? '', place.namespace);
  const sharePercent = shareOf(options.share);
  if (sharePercent > 0 && sharePercent < 100) await checkSharing(place);
  const others = system.moved.filter((moved) => moved.path !== path);
  return {
    ...system,
    ...(options.legacy === undefined ? {} : { at: addressOf(options.legacy) }),
    ...(options.host === undefined ? {} : { host: options.host }),
    moved: [...others, { path, ...target, sharePercent }].sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
}

function newSystem({ namespace }: Place, { ingresses, services }: World, options: OffloadOptions): OldSystem {
  const { legacy, host, system: name } = options;
  if (legacy === undefined) {
    throw new UserError(
      `namespace ${namespace}`,
      `knows no old system "${name}"`,
      'Say where it is: --legacy HOST:PORT. Then all requests that nothing has taken over lead there.',
    );
  }
  const same = services.find(({ metadata }) => metadata.name === name);
  if (same) throw new UserError(`service/${name}`, 'is there already and is not ours', 'Choose another --system NAME.');
  const rival = ingresses.find(({ spec }) =>
    (spec.rules ?? []).some((rule) => rule.host === host && rule.http?.paths.some(({ path }) => (path ?? '/') === '/')),
  );
  if (rival) {
    const where = host === undefined ? 'where no host matches' : `at ${host}`;
    throw new UserError(
      `ingress/${rival.metadata.name}`,
      `answers ${where} already, so nothing would reach the old system`,
      'Name the host that the old system answers to: --host old.example.com',
    );
  }
  return { name, namespace, host, at: addressOf(legacy), moved: [] };
}

/** `APP` or `SERVICE:PORT`, PORT a number or a name. */
function targetOf(services: readonly Service[], to: string, namespace: string): Pick<MovedPath, 'service' | 'port'> {
  const [name = '', wanted] = to.split(':');
  const service = services.find(({ metadata }) => metadata.name === name);
  const ports = service?.spec.ports ?? [];
  const port = wanted
    ? ports.find((each) => each.name === wanted || String(each.port) === wanted)
    : (ports.find((each) => each.name === 'http') ?? ports[0]);
  if (service && port) return { service: name, port: port.port };
  const known = services
    .filter(({ metadata }) => !metadata.labels?.[OFFLOAD_LABEL])
    .map(({ metadata }) => metadata.name);
  throw new UserError(
    '--to',
    service
      ? `service/${name} has no port ${wanted ?? 'at all'}`
      : `there is no service "${name}" in namespace ${namespace}`,
    service
      ? `It has: ${ports.map((each) => `${each.port}${each.name ? ` (${each.name})` : ''}`).join(', ')}.`
      : known.length > 0
        ? `There are: ${known.slice(0, 12).join(', ')}.`
        : 'Carry the app there first: wherry up FOLDER',
  );
}

/** Another controller would send every request of the path to the old system, or to the new one. */
async function checkSharing({ client }: Place): Promise<void> {
  const { items } = await client.list(kinds.ingressclasses);
  const isDefault = items.find(
    ({ metadata }) => metadata.annotations?.['ingressclass.kubernetes.io/is-default-class'] === 'true',
  );
  const controller = (isDefault ?? items[0])?.spec.controller;
  if (controller !== undefined && SHARING_CONTROLLERS.has(controller)) return;
  throw new UserError(
    '--share',
    `the cluster's Ingress controller (${controller ?? 'none'}) takes no share of requests by annotations that wherry knows`,
    'Move the whole path (without --share), or install ingress-nginx.',
  );
}

function movedBack(before: OldSystem | undefined, path: string | undefined, options: OffloadOptions): OldSystem {
  if (!before)
    throw new UserError('--back', `there is no old system "${options.system}"`, 'wherry offload lists what is moved.');
  if (path !== undefined && !before.moved.some((moved) => moved.path === path)) {
    const paths = before.moved.map((moved) => moved.path);
    throw new UserError(
      path,
      'is not moved',
      paths.length > 0 ? `Moved are: ${paths.join(', ')}.` : 'Nothing is: the old system answers everything.',
    );
  }
  return { ...before, moved: before.moved.filter((moved) => path !== undefined && moved.path !== path) };
}

/** What is new is written before what is old is taken away, so that every request has somewhere to go at every moment. */
async function write(
  place: Place,
  before: OldSystem | undefined,
  after: OldSystem,
  options: OffloadOptions,
): Promise<void> {
  const objects = offloadObjects(after);
  const kept = new Set(objects.map(nameOf));
  const gone = (before ? offloadObjects(before) : []).filter(
    (object) => object.kind === 'Ingress' && !kept.has(nameOf(object)),
  );
  const changes: { object: string; change: string }[] = [];
  if (!options.dryRun) {
    const nothing = new AbortController();
    await deploy(place.client, objects, {
      clock: systemClock,
      signal: nothing.signal,
      onStep(step) {
        if (step.type === 'applied' && step.change !== 'unchanged')
          changes.push({ object: step.object, change: step.change });
      },
    });
    for (const object of gone) {
      await place.client.delete(kinds.ingresses, place.namespace, object.metadata.name);
      changes.push({ object: nameOf(object), change: 'deleted' });
    }
  }
  if (options.json) {
    const shown = options.dryRun ? { objects, deleted: gone.map(nameOf) } : { changes };
    console.log(JSON.stringify({ system: after, ...shown }, null, 2));
    return;
  }
  for (const line of differences(before, after)) console.log(line);
  if (options.dryRun) {
    console.log(pc.dim('Would write:'));
    for (const object of objects) console.log(`---\n${stringify(object).trimEnd()}`);
    for (const object of gone) console.log(pc.dim(`would delete ${nameOf(object)}`));
    console.log('Nothing was changed.');
    return;
  }
  for (const { object, change } of changes) console.log(pc.dim(`${object} ${change}`));
  if (changes.length === 0) console.log('Nothing to change.');
  if (after.moved.length === 0) {
    console.log(
      `To take the way to it out of the cluster: kubectl -n ${after.namespace} delete ingress,service,endpointslice -l ${OFFLOAD_LABEL}=${after.name}`,
    );
  }
}

function differences(before: OldSystem | undefined, after: OldSystem): string[] {
  const at = addressText(after.at);
  const lines = before
    ? []
    : [`${after.host ?? 'every host that no app has'}: all requests lead to ${at}, but for what follows`];
  const paths = new Set([...(before?.moved ?? []), ...after.moved].map(({ path }) => path));
  for (const path of paths) {
    const [was, is] = [before, after].map((system) => system?.moved.find((moved) => moved.path === path));
    if (!is) lines.push(`${path}: back to ${at}`);
    else if (was?.sharePercent !== is.sharePercent || was.service !== is.service || was.port !== is.port) {
      const rest = is.sharePercent < 100 ? `, ${100 - is.sharePercent} % stay at ${at}` : '';
      lines.push(`${path}: ${is.sharePercent} % to ${is.service}:${is.port}${rest}`);
    }
  }
  return lines;
}

function list(systems: readonly OldSystem[], options: OffloadOptions): void {
  if (options.json) {
    console.log(JSON.stringify({ systems }, null, 2));
    return;
  }
  if (systems.length === 0) {
    console.log('no old system is led through this cluster; begin: wherry offload /PATH --to APP --legacy HOST:PORT');
    return;
  }
  const rows = systems.flatMap((system) => {
    const at = addressText(system.at);
    const host = system.host ?? '*';
    const rest = system.moved.some(({ path, sharePercent }) => path === '/' && sharePercent >= 100)
      ? []
      : [[system.name, host, system.moved.length > 0 ? 'the rest' : '/', '100 %', at]];
    return [
      ...system.moved.flatMap(({ path, service, port, sharePercent }) => [
        [system.name, host, path, `${sharePercent} %`, `${service}:${port}`],
        ...(sharePercent < 100 ? [[system.name, host, path, `${100 - sharePercent} %`, at]] : []),
      ]),
      ...rest,
    ];
  });
  printTable(['SYSTEM', 'HOST', 'PATH', 'SHARE', 'TO'], rows);
}

function nameOf({ kind, metadata }: Manifest): string {
  return `${kind.toLowerCase()}/${metadata.name}`;
}
