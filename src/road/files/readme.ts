import type { FilePlan, OutputFile } from './contract.ts';

/** What a reader of the app must know of the files beside it. */
export function readmeSection(plan: FilePlan): OutputFile {
  const make = plan.makefile === 'Makefile' ? 'make' : `make -f ${plan.makefile}`;
  return { path: 'README.md', kind: 'section', text: plan.helm ? helmText(plan, make) : kustomizeText(plan, make) };
}

function kustomizeText({ hosts, secrets, objects }: FilePlan, make: string): string {
  const dataPart = objects.some(({ kind }) => kind === 'StatefulSet' || kind === 'PersistentVolumeClaim')
    ? '\nThe data stands on volumes of its own: it outlives every pod and every deploy, and goes with the namespace.\n'
    : '';
  const secretPart =
    secrets.length === 0
      ? ''
      : `
Secrets are no part of these files. Those of an environment stand in \`k8s/overlays/ENVIRONMENT/secrets/\`, which git ignores;
an \`.example\` beside each says what belongs into it. \`${make} secrets ENVIRONMENT=production\` makes what is missing: it takes
what the cluster holds already, and random passwords for the rest. \`${make} deploy\` does that first.
`;
  return `## On Kubernetes

| | |
|---|---|
| \`${make} run_local\` | the app on this machine |
| \`${make} image push REGISTRY=HOST/TEAM\` | build the image and send it to a registry |
| \`${make} deploy ENVIRONMENT=staging\` | bring it to the cluster that \`kubectl\` speaks to, and wait until it serves |
| \`${make} smoke_test ENVIRONMENT=staging\` | ask it from outside |
| \`${make} rollback ENVIRONMENT=staging\` | back to what ran before |

\`k8s/base\` is the app; \`k8s/overlays/development\`, \`staging\` and \`production\` say what differs: namespace, image, replicas,
resources, host (${hosts.development}, ${hosts.staging}, ${hosts.production}), settings. They are plain kustomize:
\`kubectl apply -k k8s/overlays/development\`.
${secretPart}${dataPart}`;
}

function helmText({ name }: FilePlan, make: string): string {
  return `## On Kubernetes

\`charts/${name}\` is the app as a Helm chart; \`values.yaml\` says what can be set.

| | |
|---|---|
| \`${make} run_local\` | the app on this machine |
| \`${make} image push REGISTRY=HOST/TEAM\` | build the image and send it to a registry |
| \`${make} deploy ENVIRONMENT=staging\` | install or upgrade the chart and wait until it serves |
| \`${make} smoke_test ENVIRONMENT=staging\` | ask it from outside |
| \`${make} rollback ENVIRONMENT=staging\` | back to the release before |

Passwords are made when the chart is first installed and kept at every upgrade.
`;
}
