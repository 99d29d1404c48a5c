import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ComposeMap, ComposeValue } from './contract.ts';
import { environmentOf } from './environment-files.ts';
import { isOpen, type Loading, loadFiles, pathFrom, withEntry, without } from './load.ts';
import { keyOf } from './path.ts';
import { childOf, entriesOf, faultAt, itemsOf, mapOf, plain, sourceOf, textOf, textsOf } from './value.ts';

const SECTIONS = ['services', 'volumes', 'networks', 'secrets', 'configs', 'models'];

/**
 * The document with what it includes (compose specification, 14-include): each with a folder and an env file of its own.
 * @throws UserError for a file that includes itself, or a name that both have with different contents
 */
export function included(document: ComposeMap, loading: Loading): ComposeMap {
  let whole = without(document, 'include');
  for (const [index, entry] of itemsOf(document.entries.get('include')).entries()) {
    const paths = textsOf(childOf(entry, 'path')).map((path) => pathFrom(entry, path));
    const [first] = paths;
    if (first === undefined) throw faultAt(entry.at, 'include names no path', 'Give it one: path: other/compose.yaml');
    const remote = /^(?:https?|git|oci|ssh):\/\/|\.git(?:#|$)/.exec(textsOf(childOf(entry, 'path'))[0] ?? '');
    if (remote) throw faultAt(entry.at, 'include of a remote file', 'Fetch it, and include the local copy.');
    if (paths.some((path) => isOpen(path, loading))) {
      throw faultAt(entry.at, `${first} includes itself`, 'Take one include of the ring away.');
    }
    const own = textOf(childOf(entry, 'project_directory'));
    const directory = own === undefined ? dirname(first) : pathFrom(entry, own);
    const envFiles = textsOf(childOf(entry, 'env_file')).map((path) => pathFrom(entry, path));
    const environment = environmentOf(loading.environment, envFiles.length > 0 ? envFiles : undefined, directory);
    const inner = loadFiles(paths, { ...loading, directory, environment });
    loading.report.push({
      key: keyOf(['include', index]),
      source: sourceOf(entry.at),
      outcome: 'mapped',
      what: `part of the project: ${entriesOf(inner?.entries.get('services'))
        .map(([name]) => name)
        .join(', ')}`,
    });
    if (inner) whole = withImported(whole, inner, entry);
  }
  return whole;
}

function withImported(document: ComposeMap, imported: ComposeMap, entry: ComposeValue): ComposeMap {
  let whole = document;
  for (const section of SECTIONS) {
    const from = imported.entries.get(section);
    if (from?.is !== 'map') continue;
    const into = whole.entries.get(section);
    const entries = new Map(into?.is === 'map' ? into.entries : []);
    for (const [name, value] of from.entries) {
      const present = entries.get(name);
      if (present && !isDeepStrictEqual(plain(present), plain(value))) {
        throw faultAt(
          present.at,
          `${keyOf([section, name])} is also in an included file (${sourceOf(value.at)}), and differs`,
          'Rename one, or change it in a second file that is laid over this one.',
        );
      }
      entries.set(name, value);
    }
    whole = withEntry(whole, section, { ...mapOf(entries, into?.at ?? entry.at) });
  }
  return whole;
}
