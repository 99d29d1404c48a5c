import { whySecret } from '../project/index.ts';
import type { Subject } from './contract.ts';
import { isPlaceholder } from './secrets.ts';

export const SETTINGS_FOR_PEOPLE =
  /\.?env\.(?:example|sample|template|dist|defaults?)$|(?:^|\/)(?:example|sample|template)\.env$/;
export const ENV_FILE = /(?:^|\/)(?:\.env(?:\.[\w-]+)?|[\w-][\w.-]*\.env)$/;

/** .env files with something secret in them. */
export function envFiles(app: Subject): { path: string; secret: { name: string; line: number } }[] {
  return app.folder.paths
    .filter((path) => ENV_FILE.test(path) && !SETTINGS_FOR_PEOPLE.test(path))
    .flatMap((path) => {
      for (const [index, line] of (app.folder.read(path) ?? '').split('\n').entries()) {
        const found = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*["']?([^"'\s]+)/.exec(line);
        const [, name = '', value = ''] = found ?? [];
        if (found && whySecret(name, value) !== undefined && !isPlaceholder(value))
          return [{ path, secret: { name, line: index + 1 } }];
      }
      return [];
    });
}
