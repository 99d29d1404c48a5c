import { type Application, composeFileOf, environmentExampleOf } from '../model/index.ts';
import { withMark } from '../project/index.ts';
import type { FilesOptions, OutputFile } from './contract.ts';

/** What the model calls the file of passwords. */
const USUAL = '.env';

/** The compose file for a laptop, the example of its passwords, and the passwords where git does not see them. */
export function composeFiles(
  application: Application,
  directory: string,
  options: FilesOptions,
  password: () => string,
): OutputFile[] {
  if (options.composeFile !== undefined) return [];
  const environment = options.environmentFile ?? USUAL;
  const named = (text: string): string =>
    environment === USUAL
      ? text
      : text
          .replaceAll('say it in .env, see .env.example', `say it in ${environment}, see ${environment}.example`)
          .replace(
            'Passwords come from .env: cp .env.example .env, and fill it in.',
            `Passwords come from ${environment}: docker compose --env-file ${environment} up`,
          );
  const example = environmentExampleOf(application);
  const files: OutputFile[] = [{ path: 'compose.yaml', text: named(composeFileOf(application, { directory })) }];
  if (example === '') return files;
  files.push({ path: `${environment}.example`, text: example });
  if (options.environmentIsIgnored)
    // With the mark of the example, so that what stands in it is not taken for the app's own word.
    files.push({ path: environment, text: filled(withMark(example), password), mode: 0o600, kind: 'once' });
  return files;
}

/** Any text serves for what the example says so of; the rest stays open. */
function filled(example: string, password: () => string): string {
  return example.replace(/^(#.*any random text.*\n)(\w+)=$/gm, (_, comment: string, name: string) => {
    return `${comment}${name}=${password()}`;
  });
}
