import { dockerfileFor } from '../image/index.ts';
import type { Application } from '../model/index.ts';
import type { Facts } from '../project/index.ts';
import { composeFiles } from './compose.ts';
import type { FilePlan, FilesOptions, OutputFile } from './contract.ts';
import { chartFiles } from './helm.ts';
import { baseFiles } from './kustomize-base.ts';
import { overlayFiles } from './kustomize-overlays.ts';
import { makefileFile } from './makefile.ts';
import { pipelineFiles } from './pipelines.ts';
import { planFilesOf } from './plan-files.ts';
import { readmeSection } from './readme.ts';
import { secretScriptFiles } from './secrets-script.ts';
import { smokeFile } from './smoke-script.ts';

/** What no build of the app reads; a change of it would make a new image. */
function noPartOfTheImage({ name, makefile, helm, composeFile, pipelines }: FilePlan): string[] {
  const ofPipelines = { github: '.github', gitlab: '.gitlab-ci.yml', travis: '.travis.yml' };
  return [
    helm ? `charts/${name}` : 'k8s',
    'smoke/smoke.sh',
    makefile,
    composeFile,
    ...pipelines.map((pipeline) => ofPipelines[pipeline]),
  ];
}

/**
 * Every file that carries an application: how its image is built, its objects for three environments, what people and pipelines
 * call, and what tests it. The same input gives the same files, but for the passwords of development.
 * @param facts of the app's folder; undefined for an application that a compose file describes, whose images are built as it
 * says
 * @throws UserError when no image can be built.
 */
export function filesOf(
  facts: Facts | undefined,
  application: Application,
  options: FilesOptions = {},
): readonly OutputFile[] {
  const directory = options.directory ?? facts?.directory ?? application.builds[0]?.directory ?? '.';
  const plan = planFilesOf(application, directory, options);
  return [
    ...(facts ? imageFiles(facts, plan) : []),
    ...composeFiles(application, directory, options, plan.password),
    ...(plan.helm ? chartFiles(plan) : kustomizeFiles(plan)),
    makefileFile(plan),
    smokeFile(plan),
    ...pipelineFiles(plan),
    readmeSection(plan),
  ];
}

function kustomizeFiles(plan: FilePlan): OutputFile[] {
  return [...baseFiles(plan), ...overlayFiles(plan), ...secretScriptFiles()];
}

/** An app with a Dockerfile of its own keeps it. */
function imageFiles(facts: Facts, plan: FilePlan): OutputFile[] {
  const generated = facts.dockerfile ? undefined : dockerfileFor(facts);
  if (!generated) return [];
  const ignored = new Set(generated.dockerignore.split('\n').filter(Boolean));
  for (const path of noPartOfTheImage(plan)) ignored.add(path);
  return [
    { path: 'Dockerfile', text: generated.text },
    // In a monorepo the context is the workspace, which has one .dockerignore for all its apps.
    ...(facts.workspace ? [] : [{ path: '.dockerignore', text: `${[...ignored].join('\n')}\n` }]),
  ];
}
