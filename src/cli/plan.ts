import type { Command } from 'commander';
import { UserError } from '../base/index.ts';
import { type Manifest, manifestsFor } from '../road/manifests/index.ts';
import { type Fact, type Facts, type FoundApp, findApps, readProject } from '../road/project/index.ts';
import { composeSource } from './app-source.ts';
import { colors as pc } from './colors.ts';
import { type ImagePlan, planImage } from './up-image.ts';

export function registerPlan(program: Command): void {
  program
    .command('plan')
    .description('show what was found in a folder, from where, and what would be written; changes nothing')
    .argument('[folder]', "the app's folder, or a compose file", '.')
    .option('--app <app>', 'name of the app in the cluster')
    .option('-n, --namespace <namespace>', 'namespace', 'default')
    .option('--json', 'print facts, Dockerfile and objects as one JSON document')
    .addHelpText('after', '\nExamples:\n  wherry plan\n  wherry plan examples/users --json\n  wherry plan compose.yaml')
    .action(async (folder: string, options: PlanOptions) => {
      const compose = await composeSource(folder, options.app);
      if (compose) {
        const { planOfCompose } = await import('./plan-compose.ts');
        const plan = planOfCompose(compose, options.namespace);
        console.log(options.json ? JSON.stringify(plan.json, null, 2) : plan.text);
        return;
      }
      const { plans, apps } = await plansOf(folder, options);
      if (options.json) {
        const documents = plans.map(jsonOf);
        console.log(JSON.stringify(documents.length > 1 ? { apps: documents } : documents[0], null, 2));
        return;
      }
      const texts = plans.map(({ facts, image, objects, notes }) =>
        planText(facts, image.ownPath ? undefined : image.dockerfile, objects, notes),
      );
      if (texts.length === 1) console.log(texts[0]);
      else {
        for (const [index, text] of texts.entries()) {
          console.log(
            `${index === 0 ? '' : '\n'}${pc.bold(`${apps[index]?.path}`)} ${pc.dim(apps[index]?.source ?? '')}\n${text}`,
          );
        }
      }
    });
}

/** The plan of a folder or, where it holds several apps, of each. */
async function plansOf(folder: string, options: PlanOptions): Promise<{ plans: Plan[]; apps: readonly FoundApp[] }> {
  try {
    return { plans: [planOf(await readProject(folder), options)], apps: [] };
  } catch (error) {
    const apps = error instanceof UserError ? await findApps(folder) : [];
    // One app, or none: the reading of the folder itself says what is wrong.
    if (apps.length < 2) throw error;
    if (options.app !== undefined) {
      const named = apps.map(({ path }) => path).join(', ');
      throw new UserError(
        '--app',
        `names one app, and here are ${apps.length}: ${named}`,
        'Plan one of these folders.',
        { exitStatus: 2 },
      );
    }
    const plans: Plan[] = [];
    for (const { directory } of apps) plans.push(planOf(await readProject(directory), options));
    return { plans, apps };
  }
}

interface PlanOptions {
  readonly app?: string;
  readonly namespace: string;
  readonly json?: boolean;
}

interface Plan {
  readonly facts: Facts;
  readonly image: ImagePlan;
  readonly objects: readonly Manifest[];
  readonly notes: readonly string[];
}

function planOf(facts: Facts, options: PlanOptions): Plan {
  const image = planImage(facts);
  const name = options.app ?? facts.name.value;
  const { objects, notes } = manifestsFor(facts, {
    name,
    namespace: options.namespace,
    image: `localhost/${name}:${image.context.hash.slice(0, 12)}`,
    host: `${name}.localhost`,
    sourceHash: image.context.hash,
    // Shown, never used: the passwords of a deploy are made when it happens.
    password: () => '(random)',
  });
  return { facts, image, objects, notes: [...facts.notes, ...image.notes, ...notes] };
}

function jsonOf({ facts, image, objects, notes }: Plan): object {
  return { facts, dockerfile: image.dockerfile, dockerignore: image.dockerignore, objects, notes };
}

function planText(
  facts: Facts,
  dockerfile: string | undefined,
  objects: readonly Manifest[],
  notes: readonly string[],
): string {
  const rows: [string, string, string][] = [];
  const row = (label: string, fact: Fact<string | number> | undefined): void => {
    if (fact) rows.push([label, String(fact.value), fact.source]);
  };
  row('name', facts.name);
  row('version', facts.version);
  row('language', facts.language);
  row('language version', facts.languageVersion);
  row('framework', facts.framework);
  row('packages by', facts.packageManager);
  row('build', facts.build);
  if (facts.dockerfile && !facts.settings.start) rows.push(['start', 'as the image says', facts.dockerfile.path]);
  else row('start', facts.start);
  row('migrate', facts.migrate);
  if (facts.migrations)
    rows.push([
      'migrations',
      `${facts.migrations.tool.value}, ${facts.migrations.files.length} files`,
      facts.migrations.tool.source,
    ]);
  for (const risk of facts.migrations?.risks ?? []) rows.push(['risk', risk.what, risk.source]);
  for (const { name, command, quantity } of facts.processes) {
    rows.push(['process', `${name}: ${command.value}${quantity ? ` (${quantity.value})` : ''}`, command.source]);
  }
  row('served folder', facts.output);
  row('built from', facts.workspace);
  row('port', facts.port);
  for (const service of facts.services)
    rows.push(['needs', `${service.kind} (${service.image.value})`, service.source]);
  row('database seed', facts.seed);
  for (const variable of facts.variables) {
    const kind = variable.secret === undefined ? 'setting' : 'secret';
    const value = variable.service
      ? `${variable.service.part} of ${variable.service.kind}`
      : variable.secret === undefined
        ? (variable.fallback ?? (variable.optional ? 'may be left out' : 'no default'))
        : variable.secret;
    rows.push([kind, `${variable.name}: ${value}`, variable.sources.join(', ')]);
  }
  for (const route of facts.routes) {
    rows.push(['route', `${route.method} ${route.path}${route.role ? ` (${route.role})` : ''}`, route.source]);
  }
  const widths = [0, 1].map((column) => Math.min(72, Math.max(...rows.map((cells) => cells[column]?.length ?? 0))));
  const facing = rows.map(
    ([label, value, source]) => `  ${label.padEnd(widths[0] ?? 0)}  ${value.padEnd(widths[1] ?? 0)}  ${pc.dim(source)}`,
  );
  const lines = [pc.bold('Found'), ...facing];
  if (notes.length > 0) lines.push('', pc.bold('Note'), ...notes.map((note) => `  ! ${note}`));
  if (dockerfile)
    lines.push(
      '',
      pc.bold('Dockerfile'),
      ...dockerfile
        .trimEnd()
        .split('\n')
        .map((line) => `  ${line}`),
    );
  lines.push(
    '',
    pc.bold('Objects'),
    ...objects.map(({ kind, metadata }) => `  ${kind.toLowerCase()}/${metadata.name}`),
  );
  return lines.join('\n');
}
