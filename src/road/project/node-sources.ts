import type { Folder } from './folder.ts';
import { maskComments } from './mask.ts';
import type { Source } from './written-addresses.ts';

const SOURCE = /\.(?:[cm]?[jt]s|[jt]sx|vue|svelte|astro)$/;
const NOT_SERVING =
  /(?:^|\/)(?:test|tests|__tests__|__mocks__|spec|e2e|cypress|scripts|migrations|public|static|\.[^/]+)\/|\.(?:test|spec|config|stories|d|min)\.[cm]?[jt]sx?$/;
/** Whatever a module may say of settings, routes or addresses; others are not looked at again. */
const TELLING =
  /\benv\b|\bEnv\b|\.listen\(|\.(?:get|post|put|patch|delete|all|route)\s*[<(]|\burl\b|pathname|localhost|127\.0\.0\.1|@Controller|getOrThrow/;
const FILE_ROUTES =
  /(?:^|\/)(?:route|\+server)\.[jt]s$|(?:^|\/)app\/routes\/|(?:^|\/)pages\/api\/|(?:^|\/)server\/(?:api|routes)\//;

/** The scripts of a folder that may say something, comments blanked out; `below` limits them, `up` stands before each path. */
export function sourcesIn(folder: Folder, below: string, up: string): Source[] {
  return folder.paths.flatMap((path) => {
    if ((below && !path.startsWith(below)) || !SOURCE.test(path) || NOT_SERVING.test(path)) return [];
    const text = folder.read(path) ?? '';
    if (!TELLING.test(text) && !FILE_ROUTES.test(path)) return [];
    return [{ path: `${up}${path}`, text: maskComments(text, 'node') }];
  });
}
