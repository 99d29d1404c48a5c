import type { Command } from 'commander';
import { type Manifest, manifestsFor } from '../road/manifests/index.ts';
import { type Fact, type Facts, readProject } from '../road/project/index.ts';
import { colors as pc } from './colors.ts';
import { planImage } from './up-image.ts';

export function registerPlan(program: Command): void {
  program
    .command('plan')
    .description('show what was found in a folder, from where, and what would be written; changes nothing')
    .argument('[folder]', "the app's folder", '.')
    .option('--app <app>', 'name of the app in the cluster')
    .option('-n, --namespace <namespace>', 'namespace', 'default')
    .option('--json', 'print facts, Dockerfile and objects as one JSON document')
    .addHelpText('after', '\nExamples:\n  wherry plan\n  wherry plan examples/users --json')
    .action(async (folder: string, options: { app?: string; namespace: string; json?: boolean }) => {
      const facts = await readProject(folder);
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
      const allNotes = [...facts.notes, ...image.notes, ...notes];
      if (options.json) {
        const plan = {
          facts,
          dockerfile: image.dockerfile,
          dockerignore: image.dockerignore,
          objects,
          notes: allNotes,
        };
        console.log(JSON.stringify(plan, null, 2));
        return;
      }
      console.log(planText(facts, image.ownPath ? undefined : image.dockerfile, objects, allNotes));
    });
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
  row('start', facts.start);
  row('migrate', facts.migrate);
  row('port', facts.port);
  for (const service of facts.services)
    rows.push(['needs', `${service.kind} (${service.image.value})`, service.source]);
  row('database seed', facts.seed);
  for (const variable of facts.variables) {
    const kind = variable.secret === undefined ? 'setting' : 'secret';
    const value = variable.service
      ? `${variable.service.part} of ${variable.service.kind}`
      : variable.secret === undefined
        ? (variable.fallback ?? 'no default')
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
