import type { Hit, Rule, Subject } from './contract.ts';
import { homeOf } from './patterns.ts';

const MANIFEST =
  /(?:^|\/)(?:package\.json|requirements\.txt|pyproject\.toml|Pipfile|go\.mod|pom\.xml|build\.gradle(?:\.kts)?|Gemfile|composer\.json|Cargo\.toml)$|\.csproj$/;
const ASIDE = /(?:^|\/)(?:tests?|e2e|fixtures?|examples?|docs?|tools|scripts)\//;

/** I. One codebase, many deploys; one app in a codebase. */
export const codebase: readonly Rule[] = [
  {
    id: 'several-apps',
    factor: 'codebase',
    severity: 'note',
    title: 'several apps in one codebase',
    why: 'Apps in one folder are built, released and rolled back together, though on Kubernetes each is a workload of its own.',
    read: severalApps,
  },
  {
    id: 'version-not-told',
    factor: 'codebase',
    severity: 'note',
    title: 'the running app does not tell its version',
    why: 'While a release rolls, two versions answer; without a version route nobody can tell which one did.',
    breaks: { rollback: 'nothing answers which version is serving, so a rollback cannot be seen from outside' },
    *read(app) {
      if (!app.serves || app.facts.routes.length === 0) return;
      if (
        app.facts.routes.some(
          ({ role, path }) => role === 'version' || /^\/(?:api\/)?(?:info|about|build|actuator)\b/.test(path),
        )
      )
        return;
      if (app.codeHas(/(?:build_info|app_version|APP_VERSION|GIT_(?:SHA|COMMIT)|npm_package_version|X-App-Version)/i))
        return;
      yield {
        ...homeOf(app),
        message: 'no route tells the version',
        fix: 'Add a route GET /version that answers {"name": "…", "version": "…"}.',
      };
    },
  },
];

function* severalApps(app: Subject): Iterable<Hit> {
  const apps = new Map<string, string>();
  for (const path of app.folder.paths) {
    const below = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
    if (ASIDE.test(path) || apps.has(below)) continue;
    const starts =
      /(?:^|\/)Dockerfile$/.test(path) ||
      (/(?:^|\/)package\.json$/.test(path) && /"start"\s*:/.test(app.folder.read(path) ?? '')) ||
      (/(?:^|\/)manage\.py$/.test(path) && path.includes('/')) ||
      (MANIFEST.test(path) && !/package\.json$/.test(path) && below !== '');
    if (starts) apps.set(below, path);
  }
  // A Dockerfile in the same app's docker/ folder is no second app.
  const folders = [...apps].filter(([below]) => !/(?:^|\/)(?:docker|deploy|build|\.devcontainer)$/.test(below));
  const separate = folders.filter(([below]) => below !== '');
  if (separate.length < 2) return;
  const [first] = separate;
  yield {
    file: first?.[1] ?? '.',
    line: 1,
    message: `${separate.length} apps: ${separate
      .map(([below]) => below)
      .slice(0, 6)
      .join(', ')}`,
    fix: `Carry each on its own: wherry up ${separate[0]?.[0] ?? '.'}`,
  };
}
