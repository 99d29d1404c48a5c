import type { Facts } from '../project/index.ts';

/** The lines of a Dockerfile that install packages, by one package manager. */
export interface NodePackageManager {
  /** Set up before the first use. */
  readonly prepare: readonly string[];
  /** Install exactly what the lockfile says; without one, what the manifest allows. */
  readonly install: string;
  /** The same without packages of development. */
  readonly installProduction: string;
  /** Leaves the packages of production where all were installed before. */
  prune(facts: Facts): string;
}

const CACHE = '--mount=type=cache,target=/root/.npm';
const REMOVE_ALL = 'find . -name node_modules -prune -exec rm -rf {} +';

export function nodePackageManager(facts: Facts): NodePackageManager {
  const files = new Set(facts.manifestFiles);
  const locked = [...files].some((path) =>
    /^(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock)$/.test(path),
  );
  switch (facts.packageManager?.value) {
    case 'pnpm':
      return pnpm(locked);
    case 'yarn':
      return files.has('.yarnrc.yml') ? yarnBerry(locked) : yarnClassic(locked);
    default:
      return npm(locked);
  }
}

/** Where packages lie in several folders, removing and installing again is what every package manager does right. */
function pruneBy(single: string, production: string): (facts: Facts) => string {
  return (facts) =>
    (facts.workspace ? production.replace(/^RUN ((?:--\S+ )*)/, `RUN $1${REMOVE_ALL} && `) : single) + folder(facts);
}

function folder(facts: Facts): string {
  return facts.packages.length === 0 && !facts.workspace ? ' && mkdir -p node_modules' : '';
}

function npm(locked: boolean): NodePackageManager {
  const install = (flags: string): string =>
    `RUN ${CACHE} npm ${locked ? 'ci' : 'install'}${flags} --no-audit --no-fund`;
  return {
    prepare: [],
    install: install(''),
    installProduction: install(' --omit=dev'),
    prune: pruneBy('RUN npm prune --omit=dev --no-audit --no-fund', install(' --omit=dev')),
  };
}

function pnpm(locked: boolean): NodePackageManager {
  const exact = locked ? ' --frozen-lockfile' : '';
  return {
    prepare: [`RUN ${CACHE} npm install --global pnpm`],
    install: `RUN pnpm install${exact}`,
    installProduction: `RUN pnpm install --prod${exact}`,
    prune: pruneBy('RUN CI=true pnpm prune --prod', `RUN CI=true pnpm install --prod${exact}`),
  };
}

function yarnClassic(locked: boolean): NodePackageManager {
  const exact = locked ? ' --frozen-lockfile' : '';
  return {
    prepare: [],
    install: `RUN yarn install${exact}`,
    installProduction: `RUN yarn install --production${exact}`,
    prune: pruneBy(
      'RUN yarn install --production --ignore-scripts --prefer-offline',
      `RUN yarn install --production --prefer-offline${exact}`,
    ),
  };
}

/** Yarn 2 and newer; packages go to node_modules, so that the last stage can take them over without Yarn. */
function yarnBerry(locked: boolean): NodePackageManager {
  const focus = 'RUN yarn workspaces focus --all --production';
  return {
    prepare: [
      'ENV YARN_NODE_LINKER=node-modules YARN_ENABLE_TELEMETRY=0',
      `RUN ${CACHE} npm install --global corepack && corepack enable`,
    ],
    install: `RUN yarn install${locked ? ' --immutable' : ''}`,
    installProduction: focus,
    prune: pruneBy(focus, focus),
  };
}
