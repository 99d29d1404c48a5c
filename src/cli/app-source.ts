import { UserError } from '../base/index.ts';
import { type Application, applicationOf } from '../road/model/index.ts';
import { type Facts, labelOf, readProject } from '../road/project/index.ts';
import { describeFacts } from './describe-facts.ts';

/** An application and what it was read from. */
export interface AppSource {
  readonly application: Application;
  /** Of a folder. */
  readonly facts: Facts | undefined;
  /** What it is, in one line. */
  readonly label: string;
  readonly notes: readonly string[];
}

/** Reads an app's folder. @throws UserError when it holds no app, or `name` cannot name objects. */
export async function readSource(folder: string, name: string | undefined): Promise<AppSource> {
  if (name !== undefined && labelOf(name) !== name) {
    throw new UserError(
      '--app',
      `"${name}" cannot name objects: at most 40 of a-z, 0-9 and -, first a letter`,
      `Try --app ${labelOf(name)}`,
      { exitStatus: 2 },
    );
  }
  const facts = await readProject(folder);
  const application = applicationOf(facts, { name: name ?? facts.name.value });
  return { application, facts, label: describeFacts(facts), notes: [...facts.notes, ...application.notes] };
}
