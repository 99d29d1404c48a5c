import { INSTANCE_LABEL, STAGE_LABEL } from '../manifests/index.ts';
import { ENVIRONMENTS, type FilePlan, type OutputFile } from './contract.ts';

/** The Makefile: what people and pipelines call, the same everywhere. */
export function makefileFile(plan: FilePlan): OutputFile {
  return { path: plan.makefile, text: plan.helm ? withHelm(plan) : withKustomize(plan) };
}

const TARGETS = ['run_local', 'image', 'push', 'secrets', 'deploy', 'smoke_test', 'rollback'];

function heading(plan: FilePlan, usesHelm: boolean): string {
  const first = plan.builds[0];
  const repository = (first?.image ?? plan.name).split('/');
  const registry = repository.slice(0, -1).join('/');
  const me = plan.makefile === 'Makefile' ? 'make' : `make -f ${plan.makefile}`;
  const targets = TARGETS.filter((target) => !(usesHelm && target === 'secrets'));
  return `#   ${me} run_local                          the app on this machine
#   ${me} image push REGISTRY=HOST/TEAM      build the image, send it away
#   ${me} deploy ENVIRONMENT=staging         bring that image to a cluster and wait until it serves
#   ${me} smoke_test TARGET_URL=URL          ask it
#   ${me} rollback ENVIRONMENT=staging       back to what ran before
ENVIRONMENT ?= development
REGISTRY ?= ${registry}
TAG ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo development)
IMAGE ?= $(REGISTRY)/${repository.at(-1) ?? plan.name}:$(TAG)
${ENVIRONMENTS.map((environment) => `TARGET_URL_${environment} = ${environment === 'development' ? `http://${plan.hosts[environment]}:8080` : `https://${plan.hosts[environment]}`}`).join('\n')}
TARGET_URL ?= $(TARGET_URL_$(ENVIRONMENT))
NAMESPACE ?= ${plan.name}-$(ENVIRONMENT)
TIMEOUT ?= 300s
KUBECTL ?= kubectl
# wherry where it is installed; docker where it is not.
WHERRY := $(shell command -v wherry 2>/dev/null)
IMAGE_TAG = $(lastword $(subst :, ,$(IMAGE)))
IMAGE_NAME = $(patsubst %:$(IMAGE_TAG),%,$(IMAGE))

.PHONY: ${targets.join(' ')}
`;
}

/** One image has the name that IMAGE says; further ones stand beside it. */
function imageOf(plan: FilePlan, index: number): string {
  const build = plan.builds[index];
  return index === 0 || !build ? '$(IMAGE)' : `$(REGISTRY)/${build.image.split('/').at(-1)}:$(IMAGE_TAG)`;
}

function localTargets(plan: FilePlan): string {
  const builds = plan.builds.map(({ context, dockerfile }, index) => {
    const file = dockerfile === 'Dockerfile' && context === '.' ? '' : ` -f ${dockerfile}`;
    return { image: imageOf(plan, index), rest: `${file} ${context}` };
  });
  const environment = plan.environmentFile;
  const example = plan.secrets.length > 0 && environment !== undefined;
  const compose = [
    ...(example
      ? [
          `\t@test -e ${environment} || { echo "cp ${environment}.example ${environment}, and fill it in" >&2; exit 1; }`,
        ]
      : []),
    `\tdocker compose -f ${plan.composeFile}${example ? ` --env-file ${environment}` : ''} up --build`,
  ].join('\n');
  return `
run_local:
ifdef WHERRY
	$(WHERRY) up
else
${compose}
endif

image:
ifdef WHERRY
${builds.map(({ image, rest }) => `\t$(WHERRY) image build -t ${image}${rest}`).join('\n')}
else
${builds.map(({ image, rest }) => `\tdocker build -t ${image}${rest}`).join('\n')}
endif

push:
ifdef WHERRY
${builds.map(({ image }) => `\t$(WHERRY) image push ${image}`).join('\n')}
else
${builds.map(({ image }) => `\tdocker push ${image}`).join('\n')}
endif
`;
}

function withKustomize(plan: FilePlan): string {
  const images = plan.builds.flatMap(({ image }, index) =>
    index === 0
      ? [`  '- name: ${image}'`, "  '  newName: $(IMAGE_NAME)'", `  '  newTag: "$(IMAGE_TAG)"'`]
      : [
          `  '- name: ${image}'`,
          `  '  newName: $(REGISTRY)/${image.split('/').at(-1)}'`,
          `  '  newTag: "$(IMAGE_TAG)"'`,
        ],
  );
  const folder = 'k8s/.deploy/$(ENVIRONMENT)';
  const rolled = plan.workloads.map(({ kind, name }) => `${kind.toLowerCase()}/${name}`);
  const waits = rolled.map(
    (name) => `\t$(KUBECTL) -n $(NAMESPACE) rollout status ${name} --timeout=$(TIMEOUT) || { \\
	  $(KUBECTL) -n $(NAMESPACE) get pods; \\
	  $(KUBECTL) -n $(NAMESPACE) get events --sort-by=.lastTimestamp | tail -n 15; \\
	  $(KUBECTL) -n $(NAMESPACE) logs ${name} --all-containers --tail=20; exit 1; }`,
  );
  const undo = rolled.flatMap((name) => [
    `\t$(KUBECTL) -n $(NAMESPACE) rollout undo ${name}`,
    `\t$(KUBECTL) -n $(NAMESPACE) rollout status ${name} --timeout=$(TIMEOUT)`,
  ]);
  const jobs = `-l ${INSTANCE_LABEL}=${plan.name},${STAGE_LABEL},${STAGE_LABEL}!=seed`;
  return `${heading(plan, false)}${localTargets(plan)}
secrets:
	KUBECTL="$(KUBECTL)" sh k8s/secrets.sh $(ENVIRONMENT)

# The environment's objects with this image. A Job cannot change, so those of the release before (migrations, hooks) make
# room; new pods wait until the new ones are done, and the old pods serve until then.
deploy: secrets
	mkdir -p ${folder}
	printf '%s\\n' 'resources:' '- ../../overlays/$(ENVIRONMENT)' 'images:' \\
${images.map((line) => `	${line}`).join(' \\\n')} > ${folder}/kustomization.yaml
	$(KUBECTL) delete jobs --namespace $(NAMESPACE) ${jobs} --ignore-not-found --wait
	$(KUBECTL) apply -k ${folder}
${waits.join('\n')}

smoke_test:
	TARGET_URL=$(TARGET_URL) sh smoke/smoke.sh

rollback:
${undo.length > 0 ? undo.join('\n') : '\t@echo "nothing here is rolled"'}
`;
}

function withHelm(plan: FilePlan): string {
  const hosts = ENVIRONMENTS.map((environment) => `HOST_${environment} = ${plan.hosts[environment]}`).join('\n');
  return `${heading(plan, true)}${hosts}
HELM ?= helm
${localTargets(plan)}
deploy:
	$(HELM) upgrade ${plan.name} charts/${plan.name} --install --namespace $(NAMESPACE) --create-namespace \\
	  --set image.repository=$(IMAGE_NAME) --set-string image.tag=$(IMAGE_TAG) --set host=$(HOST_$(ENVIRONMENT)) \\
	  --wait --timeout $(patsubst %s,%,$(TIMEOUT))s

smoke_test:
	TARGET_URL=$(TARGET_URL) sh smoke/smoke.sh

rollback:
	$(HELM) rollback ${plan.name} --namespace $(NAMESPACE) --wait
`;
}
