import type { ComposeValue } from './contract.ts';
import type { Draft, Handler } from './draft.ts';
import { shellWords } from './shell-words.ts';
import { faultAt, isNothing, textOf, textsOf } from './value.ts';

/** What an image's ENTRYPOINT says, replaced. */
export const entrypoint: Handler = (value, path, draft) => {
  const words = wordsOf(value);
  if (words.length > 0) {
    draft.command = words;
    draft.report.mapped(path, value.at, 'command of the container');
    return;
  }
  // Kubernetes cannot say "no entrypoint"; what follows it becomes the command.
  const own = draft.map.entries.get('command');
  if (isNothing(own)) {
    draft.report.dropped(path, value.at, {
      reason: 'an empty entrypoint cannot be said on Kubernetes',
      todo: 'Write the whole command as entrypoint.',
    });
  } else draft.report.changed(path, value.at, 'no entrypoint: the command stands in its place');
};

export const command: Handler = (value, path, draft) => {
  const words = wordsOf(value);
  const emptied = draft.map.entries.get('entrypoint');
  if (words.length === 0) {
    draft.report.mapped(path, value.at, "empty: the image's own command runs");
  } else if (emptied !== undefined && !isNothing(emptied) && wordsOf(emptied).length === 0) {
    draft.command = words;
    draft.report.mapped(path, value.at, 'command of the container');
  } else {
    draft.arguments = words;
    draft.report.mapped(path, value.at, 'arguments of the container');
  }
};

/** @throws UserError for a quote that is never closed */
export function wordsOf(value: ComposeValue): string[] {
  if (value.is === 'list') return textsOf(value);
  const words = shellWords(textOf(value) ?? '');
  if (!words) throw faultAt(value.at, 'a quote is never closed', 'Close it, or write the command as a list of words.');
  return words;
}

/** Kubernetes reads `$(NAME)` as a variable of the container; compose hands it on as it is. */
export function withoutExpansion(words: readonly string[], draft: Draft): string[] {
  return words.map((word) =>
    word.replace(/\$+\(([A-Za-z_.-][\w.-]*)\)/g, (all, name: string) =>
      draft.environment.has(name) ? `$${all}` : all,
    ),
  );
}
