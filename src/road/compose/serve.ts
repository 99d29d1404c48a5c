import { exposedPorts } from './build.ts';
import type { Draft, Whole } from './draft.ts';
import { mentionsOf } from './mentions.ts';
import { addPort } from './ports.ts';
import { portOfLabels } from './proxy-labels.ts';
import { isNothing } from './value.ts';

/** The text of a variable, also of a hidden one. */
export function textOfVariable(draft: Draft, name: string): string {
  const value = draft.environment.get(name)?.value;
  if (value?.is === 'plain') return value.text;
  if (value?.is !== 'secret') return '';
  return draft.whole.sets.secretText(value.set, value.key) ?? '';
}

/** A name leads to one Service: that of the part, else that of the first which asks for it. */
function giveAliases(drafts: readonly Draft[], whole: Whole): void {
  for (const { part, alias } of whole.aliases) drafts.find(({ name }) => name === part)?.aliases.add(alias);
  const owners = new Map(drafts.map((draft) => [draft.name, draft]));
  for (const draft of drafts) {
    for (const alias of [...draft.aliases]) {
      const owner = owners.get(alias);
      if (!owner) owners.set(alias, draft);
      else if (owner !== draft) {
        draft.aliases.delete(alias);
        const what = `the name ${alias} leads to ${owner.name} alone: Docker would lead it to both in turn`;
        draft.report.heading(draft.path, draft.map.at, 'changed', what, 'Give one of them another name.');
      }
    }
  }
}

/** Gives a Service to whatever others reach: with the port that is known of it, else by name alone. */
export function servePorts(drafts: readonly Draft[], whole: Whole): void {
  const mentions = mentionsOf(drafts, textOfVariable);
  giveAliases(drafts, whole);
  for (const draft of drafts) {
    sayPublished(draft);
    if (draft.kind === 'job' || draft.ports.length > 0) continue;
    const named = [...(mentions.get(draft.service) ?? [])];
    const waited = (whole.waiters.get(draft.service) ?? []).length > 0;
    const { report, path, map } = draft;
    const byOthers = named.find(({ port }) => port !== undefined);
    const image = draft.image;
    const build = whole.builds.find(({ name }) => 'build' in image && name === image.build);
    // Another command than the image's own need not listen where the image's own does.
    const ownCommand = ['command', 'entrypoint'].some((key) => !isNothing(map.entries.get(key)));
    const exposed = build && (!ownCommand || named.length > 0) ? exposedPorts(build.dockerfile, build.text) : [];
    const labelled = portOfLabels(draft);
    if (labelled !== undefined) {
      addPort(draft, labelled, 'TCP', undefined, undefined);
      report.heading(path, map.at, 'changed', `Service ${draft.name}, port ${labelled}: its labels say so`);
    } else if (byOthers?.port !== undefined) {
      addPort(draft, byOthers.port, 'TCP', undefined, undefined);
      report.heading(
        path,
        map.at,
        'changed',
        `Service ${draft.name}, port ${byOthers.port}: ${byOthers.by} reaches it there`,
      );
    } else if (exposed.length > 0) {
      for (const port of exposed) addPort(draft, port, 'TCP', undefined, undefined);
      report.heading(
        path,
        map.at,
        'changed',
        `Service ${draft.name}, port ${exposed.join(', ')}: its Dockerfile exposes it`,
      );
    } else if (draft.known?.port !== undefined) {
      addPort(draft, draft.known.port, 'TCP', undefined, undefined);
      report.heading(
        path,
        map.at,
        'changed',
        `Service ${draft.name}, port ${draft.known.port}: the usual one of its image`,
      );
    } else if (named.length > 0 || waited || draft.aliases.size > 0) {
      draft.aliases.add(draft.name);
      report.heading(
        path,
        map.at,
        'changed',
        `Service ${draft.name} without a port (headless): its name leads to its pods`,
        'Say which port it listens on: expose: ["8080"]',
      );
    }
  }
}

function sayPublished(draft: Draft): void {
  const paths = [...new Set(draft.published.map(({ path }) => path))];
  for (const path of paths) {
    const same = draft.published.filter((each) => each.path === path);
    const words = same.map(({ port }) => `${port.port}${port.protocol === 'TCP' ? '' : ` ${port.protocol}`}`);
    const [first] = same;
    if (first) draft.report.mapped(path, first.at, `Service ${draft.name}, port ${words.join(', ')}`);
  }
}
