import { mkdirSync } from 'node:fs';
import { UserError } from '../base/index.ts';
import { filesOf, type OutputFile, type PlannedFile, planWrites, writeFiles } from '../road/files/index.ts';
import { dockerfileFor } from '../road/image/index.ts';
import { type Inspection, type InspectOptions, inspect } from '../road/inspect/index.ts';
import { type Manifest, objectsOf } from '../road/manifests/index.ts';
import { type Application, applicationOf } from '../road/model/index.ts';
import { labelOf } from '../road/project/index.ts';

/** What runs, and what it would become. */
export interface Carried {
  readonly inspection: Inspection;
  readonly application: Application;
  readonly dockerfile: string;
  readonly dockerignore: string;
  readonly objects: readonly Manifest[];
  readonly notes: readonly string[];
}

/** @throws UserError when there is nothing of the kind, or no image can be made of it. */
export async function inspectToCarry(
  target: string,
  options: InspectOptions & { readonly app?: string },
): Promise<Carried> {
  const inspection = await inspect(target, options);
  const { facts } = inspection;
  const generated = inspection.dockerfile === undefined ? dockerfileFor(facts) : undefined;
  const dockerfile =
    inspection.dockerfile ?? generated?.text ?? (facts.dockerfile && `# as ${facts.dockerfile.path} says\n`);
  if (dockerfile === undefined)
    throw new UserError(target, 'no Dockerfile can be written for this app', 'Bring your own.');
  const name = options.app === undefined ? facts.name.value : labelOf(options.app);
  const application = withGrace(applicationOf(facts, { name }), inspection);
  const { objects, notes } = objectsOf(application, {
    namespace: 'default',
    imageOf: (build) => `localhost/${build}:inspected`,
    ordering: 'objects',
    host: `${name}.localhost`,
    // Shown, never used: passwords are made when it is deployed.
    password: () => '(random)',
  });
  return {
    inspection,
    application,
    dockerfile,
    dockerignore: withSecrets(generated?.dockerignore ?? ''),
    objects,
    notes: [...new Set([...inspection.notes, ...application.notes, ...notes])],
  };
}

/** What is secret, or the history, goes into no image, whatever else the folder of a running app holds. */
const LEFT_OUT = [
  '.git',
  '**/.env',
  '**/.env.*',
  '**/*.pem',
  '**/*.key',
  '**/id_rsa*',
  '**/id_ed25519*',
  '**/.ssh',
  '**/.aws',
  '**/.netrc',
  '**/*.log',
];

function withSecrets(dockerignore: string): string {
  return `${[...new Set([...dockerignore.split('\n').filter(Boolean), ...LEFT_OUT])].join('\n')}\n`;
}

/** Kubernetes gives 30 seconds to stop; who was given more needs it there too. */
function withGrace(application: Application, { graceSeconds }: Inspection): Application {
  if (!graceSeconds) return application;
  const gracePeriodSeconds = Math.ceil(graceSeconds.value);
  return {
    ...application,
    parts: application.parts.map((part) => (part.name === application.front ? { ...part, gracePeriodSeconds } : part)),
  };
}

/** Writes what builds and runs it into a folder; files that somebody changed are kept. */
export function writeCarried(
  { inspection, application, dockerfile, dockerignore }: Carried,
  directory: string,
): readonly PlannedFile[] {
  const files = filesOf(inspection.facts, application, { pipelines: [] }).filter(({ path }) =>
    /^(?:k8s\/|smoke\/)/.test(path),
  );
  const image: OutputFile[] = [
    { path: 'Dockerfile', text: dockerfile },
    // Beside the Dockerfile, since the context is the folder of what runs.
    { path: 'Dockerfile.dockerignore', text: dockerignore },
  ];
  mkdirSync(directory, { recursive: true });
  const plan = planWrites(directory, [...image, ...files]);
  writeFiles(directory, plan);
  return plan;
}
