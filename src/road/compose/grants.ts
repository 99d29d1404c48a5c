import { existsSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Mount } from '../model/index.ts';
import { isExternal } from './claim.ts';
import type { ComposeValue } from './contract.ts';
import type { Draft, Handler } from './draft.ts';
import { readBytes } from './environment-files.ts';
import { pathFrom } from './load.ts';
import { configKey, labelFor } from './names.ts';
import type { Path } from './path.ts';
import { whyHiddenFile } from './secret-looking.ts';
import { SET_BYTES_MAX } from './sets.ts';
import { childOf, faultAt, itemsOf, sourceOf, textOf } from './value.ts';

/** Secrets given to a service: each a file, `/run/secrets/NAME` when it does not say where. */
export const secrets: Handler = (value, path, draft) => grants(value, path, draft, 'secrets');

/** Configs given to a service: each a file, `/NAME` when it does not say where. */
export const configs: Handler = (value, path, draft) => grants(value, path, draft, 'configs');

type Section = 'secrets' | 'configs';

function grants(value: ComposeValue, path: Path, draft: Draft, section: Section): void {
  for (const [index, grant] of itemsOf(value).entries()) {
    const place: Path = [...path, index];
    const name = textOf(childOf(grant, 'source')) ?? '';
    const definition = childOf(draft.whole.project.root, section, name);
    if (!definition) continue;
    const folder = section === 'secrets' ? '/run/secrets' : '';
    const said = textOf(childOf(grant, 'target'));
    const target = said === undefined ? `${folder}/${name}` : said.startsWith('/') ? said : `${folder}/${said}`;
    const modeText = textOf(childOf(grant, 'mode'));
    const mode = modeText === undefined ? undefined : modeOf(childOf(grant, 'mode'), modeText);
    const taken = [...draft.mounts.map((mount) => mount.path), ...mountedByName(draft)];
    if (taken.includes(target)) {
      draft.report.dropped(place, grant.at, {
        reason: `something else is mounted at ${target}`,
        todo: 'Give one of them another target.',
      });
      continue;
    }
    if (section === 'configs' && isExternal(definition)) {
      externalConfig(name, definition, target, mode, draft);
      draft.report.mapped(place, grant.at, `file ${target} from a ConfigMap made elsewhere`);
      continue;
    }
    const from = sourceFor(section, name, definition, draft, mode);
    draft.mounts.push({ path: target, readOnly: true, from });
    const kind = from.is === 'secrets' ? 'Secret' : 'ConfigMap';
    const set = 'set' in from ? from.set : '';
    draft.report.mapped(place, grant.at, `file ${target} from ${kind} ${set}`);
    for (const key of ['uid', 'gid'] as const) {
      const owner = childOf(grant, key);
      if (!owner || textOf(owner) === '0' || textOf(owner) === undefined) continue;
      draft.report.dropped([...place, key], owner.at, {
        reason: 'files of a Secret or ConfigMap belong to root',
        todo: 'They are readable by all in the container unless mode says otherwise.',
      });
    }
  }
}

function mountedByName(draft: Draft): string[] {
  return (draft.container.volumeMounts ?? []).map(({ mountPath }) => mountPath);
}

function givenName(name: string, definition: ComposeValue): string {
  return textOf(childOf(definition, 'name')) ?? textOf(childOf(definition, 'external', 'name')) ?? name;
}

/** One that is made elsewhere has no set here: it is mounted by its name. */
function externalConfig(
  name: string,
  definition: ComposeValue,
  target: string,
  mode: number | undefined,
  draft: Draft,
): void {
  const given = draft.whole.sets.settingSet(`configs:${name}`, givenName(name, definition), undefined, '', true);
  const volume = `config-${labelFor(name)}`;
  draft.pod.volumes ??= [];
  if (!draft.pod.volumes.some((each) => each.name === volume)) {
    draft.pod.volumes.push({
      name: volume,
      configMap: { name: given, ...(mode === undefined ? {} : { defaultMode: mode }) },
    });
  }
  draft.container.volumeMounts ??= [];
  draft.container.volumeMounts.push({ name: volume, mountPath: target, subPath: configKey(name), readOnly: true });
}

/** `0440`, `"0440"` or the number 288. */
function modeOf(value: ComposeValue | undefined, text: string): number {
  if (value?.is === 'scalar' && typeof value.value === 'number') return value.value & 0o777;
  const mode = /^0?o?[0-7]{3,4}$/.test(text) ? Number.parseInt(text.replace('o', ''), 8) : Number.NaN;
  if (value && Number.isNaN(mode))
    throw faultAt(value.at, `${JSON.stringify(text)} is no file mode`, 'Write it as 0440.');
  return mode & 0o777;
}

function sourceFor(
  section: Section,
  name: string,
  definition: ComposeValue,
  draft: Draft,
  mode: number | undefined,
): Mount['from'] {
  const { sets } = draft.whole;
  const id = `${section}:${name}`;
  const extra = mode === undefined ? {} : { mode };
  const source = sourceOf(definition.at);
  const key = configKey(name);
  if (isExternal(definition)) {
    return {
      is: 'secrets',
      set: sets.secretSet(id, givenName(name, definition), undefined, source, true),
      key,
      ...extra,
    };
  }
  const content = contentOf(section, name, definition);
  if (content === undefined) {
    // Not here, as is right for a secret that is kept out of the repository: someone makes it in the cluster.
    return { is: 'secrets', set: sets.secretSet(id, name, undefined, source, true), key, ...extra };
  }
  const text = textIfUtf8(content);
  const file = textOf(childOf(definition, 'file'));
  const why =
    section === 'secrets'
      ? 'a secret'
      : whyHiddenFile(file === undefined ? '' : basename(file), typeof text === 'string' ? text : undefined);
  if (content.byteLength > SET_BYTES_MAX) {
    throw faultAt(
      definition.at,
      `${section}.${name} has more than 1 MiB`,
      'A Secret or ConfigMap holds no more: put it into the image, or into a volume.',
    );
  }
  if (why !== undefined) {
    const set = sets.secretSet(id, name, undefined, source);
    sets.secret(id, key, text);
    return { is: 'secrets', set, key, ...extra };
  }
  const set = sets.settingSet(id, name, undefined, source);
  sets.setting(id, key, text);
  return { is: 'settings', set, key, ...extra };
}

/** @returns undefined for a secret's file that is not there */
function contentOf(section: Section, name: string, definition: ComposeValue): Buffer | undefined {
  const file = childOf(definition, 'file');
  const path = textOf(file);
  if (file && path !== undefined) {
    const full = pathFrom(file, path);
    const there = existsSync(full) && statSync(full).isFile();
    if (!there && section === 'secrets') return undefined;
    return readBytes(full, sourceOf(file.at), 'Write the file, or mark it: external: true');
  }
  const variable = childOf(definition, 'environment');
  const variableName = textOf(variable);
  if (variable && variableName !== undefined) {
    const around = variable.at.file.environment;
    const text = Object.hasOwn(around, variableName) ? around[variableName] : undefined;
    if (text === undefined) {
      throw faultAt(
        variable.at,
        `${section}.${name} is read from ${variableName}, which is not set`,
        `Set ${variableName} before the command or in .env, or mark it: external: true`,
      );
    }
    return Buffer.from(text);
  }
  return Buffer.from(textOf(childOf(definition, 'content')) ?? '');
}

/** Text where it is text; what is not UTF-8 stays bytes. */
export function textIfUtf8(bytes: Uint8Array): string | Uint8Array {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes;
  }
}
