import type { Draft, Whole } from './draft.ts';
import { renamedHost, renamedHostInFile } from './mentions.ts';
import { textOfVariable } from './serve.ts';
import { childOf } from './value.ts';

/** Puts names of services that Kubernetes cannot have as it has them, wherever they stand as hosts. */
export function renameHosts(drafts: readonly Draft[], whole: Whole): void {
  const renamed = [...whole.parts].filter(([service, part]) => service !== part);
  for (const draft of drafts) {
    for (const [service, part] of renamed) {
      inVariables(draft, service, part);
      inFiles(draft, service, part);
      const put = (word: string): string => renamedHost(word, service, part);
      draft.command = draft.command?.map(put);
      draft.arguments = draft.arguments?.map(put);
      for (const { exec } of Object.values(draft.probes)) if (exec?.command) exec.command = exec.command.map(put);
    }
  }
}

function inVariables(draft: Draft, service: string, part: string): void {
  for (const [name, variable] of draft.environment) {
    const text = textOfVariable(draft, name);
    const changed = renamedHost(text, service, part);
    if (changed === text) continue;
    if (variable.value.is === 'plain') {
      draft.environment.set(name, { ...variable, value: { is: 'plain', text: changed } });
    } else if (variable.value.is === 'secret') {
      draft.whole.sets.secret(`environment:${draft.name}`, variable.value.key, changed);
    }
    const said = childOf(draft.map, 'environment', name);
    const path = said ? ['environment', name] : ['env_file'];
    const { at } = said ?? draft.map;
    draft.report.heading([...draft.path, ...path], at, 'changed', told(service, part, said ? 'it' : name));
  }
}

function inFiles(draft: Draft, service: string, part: string): void {
  const { sets } = draft.whole;
  for (const { from } of draft.mounts) {
    if (from.is !== 'settings') continue;
    for (const [key, text] of sets.settingTexts(from.set)) {
      const changed = renamedHostInFile(text, service, part);
      if (changed === text) continue;
      sets.replaceSetting(from.set, key, changed);
      const { at } = draft.map.entries.get('volumes') ?? draft.map;
      draft.report.heading([...draft.path, 'volumes'], at, 'changed', told(service, part, `the file ${key}`));
    }
  }
}

function told(service: string, part: string, what: string): string {
  return `${what} names ${service}, which is ${part} on Kubernetes: put so`;
}
