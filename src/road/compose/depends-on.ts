import type { Need } from '../model/index.ts';
import type { Draft, Handler } from './draft.ts';
import { labelFor } from './names.ts';
import { childOf, entriesOf, flagOf, itemsOf, textOf } from './value.ts';

const CONDITIONS: Readonly<Record<string, Need['condition']>> = {
  service_started: 'started',
  service_healthy: 'ready',
  service_completed_successfully: 'completed',
};

export const dependsOn: Handler = (value, path, draft) => {
  const { report, whole } = draft;
  for (const [target, how] of entriesOf(value)) {
    const place = [...path, target];
    const part = whole.parts.get(target);
    if (part === undefined) {
      report.dropped(place, how.at, { reason: `${target} does not run, and is not required` });
      continue;
    }
    const condition = CONDITIONS[textOf(childOf(how, 'condition')) ?? ''] ?? 'started';
    need(draft, part, condition);
    const words = { started: 'has started', ready: 'is ready', completed: 'has completed' }[condition];
    report.mapped(place, how.at, `starts when ${part} ${words}`);
    const restart = childOf(how, 'restart');
    if (restart && flagOf(restart) === true) {
      report.dropped([...place, 'restart'], restart.at, {
        reason: 'Kubernetes does not restart what depends on something',
        todo: 'The app must connect again by itself.',
      });
    }
  }
};

export function need(draft: Draft, part: string, condition: Need['condition']): void {
  const order = ['started', 'ready', 'completed'];
  const present = draft.needs.findIndex((each) => each.part === part);
  const before = draft.needs[present];
  if (!before) draft.needs.push({ part, condition });
  else if (order.indexOf(condition) > order.indexOf(before.condition)) draft.needs[present] = { part, condition };
}

/** `SERVICE` or `SERVICE:ALIAS`: compose starts the other first, and reaches it by the alias too. */
export const links: Handler = (value, path, draft) => {
  for (const [index, item] of itemsOf(value).entries()) {
    const [target = '', alias] = (textOf(item) ?? '').split(':');
    const part = draft.whole.parts.get(target);
    if (part === undefined) continue;
    need(draft, part, 'started');
    if (alias === undefined || alias === target) {
      draft.report.mapped([...path, index], item.at, `${part} is reached by its name, and starts first`);
      continue;
    }
    const name = labelFor(alias);
    draft.whole.aliases.push({ part, alias: name });
    draft.report.changed(
      [...path, index],
      item.at,
      `${part} is reached as ${name} too, by every part and not only by this one`,
    );
  }
};
