import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Build } from '../model/index.ts';
import type { Handler } from './draft.ts';
import { whySecretValue } from './secret-looking.ts';
import { childOf, entriesOf, faultAt, isNothing, textOf } from './value.ts';

/** An image that is built here; it wins over `image`, which is then only the name it would have. */
export const build: Handler = (value, path, draft) => {
  const { report } = draft;
  const context = childOf(value, 'context');
  const where = textOf(context) ?? '.';
  if (/^(?:https?|git|ssh):\/\/|^git@|\.git(?:#|$)/.test(where)) {
    if (isNothing(draft.map.entries.get('image'))) {
      throw faultAt(
        (context ?? value).at,
        `build: ${where} is a remote repository`,
        'Clone it and name the folder, or name a finished image.',
      );
    }
    report.dropped(path, value.at, {
      reason: 'it is built from a remote repository',
      todo: 'The image is taken as it is named.',
    });
    return;
  }
  const directory = resolve((context ?? value).at.file.directory, where);
  const inline = textOf(childOf(value, 'dockerfile_inline'));
  const named = childOf(value, 'dockerfile');
  const dockerfile = inline === undefined ? resolve(directory, textOf(named) ?? 'Dockerfile') : undefined;
  const wanted: Omit<Build, 'name'> = {
    directory,
    dockerfile,
    text: inline,
    dockerignore: undefined,
    target: textOf(childOf(value, 'target')),
    arguments: argumentsOf(value),
  };
  // Services that differ only in what they run are built once.
  const same = draft.whole.builds.find(({ name: _name, ...other }) => isDeepStrictEqual(other, wanted));
  const name = same?.name ?? draft.name;
  if (!same) draft.whole.builds.push({ name, ...wanted });
  draft.image = { build: name };
  const at = context ?? value;
  if (!existsSync(directory)) {
    report.changed(
      [...path, 'context'],
      at.at,
      `image ${name} is built from ${where}, which is not there`,
      'Convert it beside the folder before you build.',
    );
  } else report.mapped([...path, 'context'], at.at, `image ${name} is built here`);
  if (dockerfile !== undefined && existsSync(directory) && !existsSync(dockerfile)) {
    report.changed(
      named ? [...path, 'dockerfile'] : [...path, 'context'],
      (named ?? at).at,
      `there is no ${textOf(named) ?? 'Dockerfile'} in ${where}`,
      'Write one: wherry init in that folder makes a good one.',
    );
  } else if (named) report.mapped([...path, 'dockerfile'], named.at, 'the Dockerfile');
  for (const [key, what] of [
    ['dockerfile_inline', 'the Dockerfile'],
    ['target', 'the stage that is built'],
  ] as const) {
    const each = childOf(value, key);
    if (each) report.mapped([...path, key], each.at, what);
  }
  for (const [variable, each] of entriesOf(childOf(value, 'args'))) {
    const place = [...path, 'args', variable];
    const text = argumentOf(variable, each);
    if (text === undefined) {
      report.dropped(place, each.at, { reason: 'it has no value here, so the default of the Dockerfile holds' });
    } else if (whySecretValue(variable, text) !== undefined) {
      report.changed(
        place,
        each.at,
        'build argument; anyone who has the image can read it',
        'Keep secrets out of the image: read them when it runs.',
      );
    } else report.mapped(place, each.at, 'build argument');
  }
};

function argumentsOf(value: Parameters<Handler>[0]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, each] of entriesOf(childOf(value, 'args'))) {
    const text = argumentOf(name, each);
    if (text !== undefined) found[name] = text;
  }
  return found;
}

function argumentOf(name: string, value: Parameters<Handler>[0]): string | undefined {
  const said = textOf(value);
  if (said !== undefined) return said;
  const around = value.at.file.environment;
  return Object.hasOwn(around, name) ? around[name] : undefined;
}

export const image: Handler = (value, path, draft) => {
  const reference = textOf(value) ?? '';
  if ('build' in draft.image) {
    draft.whole.imageNames.set(draft.image.build, reference);
    draft.report.changed(
      path,
      value.at,
      'built here; the image is named after its content',
      'To run it without a build, remove build.',
    );
    return;
  }
  draft.image = { reference };
  if (!/[:@][^/]+$/.test(reference)) {
    draft.report.changed(
      path,
      value.at,
      `image ${reference}: without a tag it is another one whenever it is pulled`,
      `Name a version: ${reference}:VERSION`,
    );
  } else draft.report.mapped(path, value.at, `image ${reference}`);
};

/** The ports that the last stage of a Dockerfile names. */
export function exposedPorts(dockerfile: string | undefined, text: string | undefined): number[] {
  const content = text ?? (dockerfile !== undefined && existsSync(dockerfile) ? readFileSync(dockerfile, 'utf8') : '');
  let ports: number[] = [];
  for (const line of content.split('\n')) {
    if (/^\s*FROM\s/i.test(line)) ports = [];
    const match = /^\s*EXPOSE\s+(.+)$/i.exec(line);
    for (const word of match?.[1]?.split(/\s+/) ?? []) {
      const port = /^(\d+)(?:\/tcp)?$/i.exec(word)?.[1];
      if (port !== undefined && Number(port) > 0 && Number(port) < 65_536) ports.push(Number(port));
    }
  }
  return ports;
}
