import type { FilePlan, OutputFile, Pipeline } from './contract.ts';

const WRITERS: Readonly<Record<Pipeline, (plan: FilePlan, make: string) => OutputFile>> = { github, gitlab, travis };

/** One file a system; each calls the Makefile and nothing else, so that a person can do by hand what it does. */
export function pipelineFiles(plan: FilePlan): OutputFile[] {
  const make = plan.makefile === 'Makefile' ? 'make' : `make -f ${plan.makefile}`;
  return plan.pipelines.map((pipeline) => WRITERS[pipeline](plan, make));
}

function github({ name }: FilePlan, make: string): OutputFile {
  return {
    path: '.github/workflows/deploy.yml',
    text: `# main goes to staging, a tag v1.2.3 to production. Needed in the repository's settings: the variable REGISTRY
# (HOST/TEAM), and the secrets REGISTRY_USER, REGISTRY_PASSWORD and KUBECONFIG_DATA (a kubeconfig, base64) of each environment.
name: deploy
on:
  push:
    branches: [main]
    tags: ['v*']
concurrency: deploy-\${{ github.ref }}
permissions:
  contents: read
jobs:
  deploy:
    runs-on: ubuntu-latest
    timeout-minutes: 30
    environment: \${{ startsWith(github.ref, 'refs/tags/') && 'production' || 'staging' }}
    env:
      REGISTRY: \${{ vars.REGISTRY }}
      TAG: \${{ github.sha }}
      ENVIRONMENT: \${{ startsWith(github.ref, 'refs/tags/') && 'production' || 'staging' }}
      KUBECONFIG: /tmp/kubeconfig-${name}
    steps:
      - uses: actions/checkout@v4
      - name: Log in to the registry
        run: printf '%s' "$REGISTRY_PASSWORD" | docker login "\${REGISTRY%%/*}" --username "$REGISTRY_USER" --password-stdin
        env:
          REGISTRY_USER: \${{ secrets.REGISTRY_USER }}
          REGISTRY_PASSWORD: \${{ secrets.REGISTRY_PASSWORD }}
      - name: Credentials of the cluster
        run: (umask 077 && printf '%s' "$KUBECONFIG_DATA" | base64 -d > "$KUBECONFIG")
        env:
          KUBECONFIG_DATA: \${{ secrets.KUBECONFIG_DATA }}
      - run: ${make} image push
      - run: ${make} deploy
      - run: ${make} smoke_test || { ${make} rollback; exit 1; }
`,
  };
}

function gitlab(_: FilePlan, make: string): OutputFile {
  return {
    path: '.gitlab-ci.yml',
    text: `# main goes to staging, a tag v1.2.3 to production. Needed in the project's variables: REGISTRY (HOST/TEAM), REGISTRY_USER,
# REGISTRY_PASSWORD, and KUBECONFIG of type file for each environment. The runner needs make, curl, docker and kubectl.
stages: [image, deploy]

variables:
  TAG: $CI_COMMIT_SHA

.release:
  rules:
    - if: $CI_COMMIT_TAG =~ /^v/
      variables:
        ENVIRONMENT: production
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
      variables:
        ENVIRONMENT: staging

image:
  extends: .release
  stage: image
  timeout: 30 minutes
  before_script:
    - printf '%s' "$REGISTRY_PASSWORD" | docker login "\${REGISTRY%%/*}" --username "$REGISTRY_USER" --password-stdin
  script:
    - ${make} image push

deploy:
  extends: .release
  stage: deploy
  timeout: 30 minutes
  resource_group: $ENVIRONMENT
  environment:
    name: $ENVIRONMENT
  script:
    - ${make} deploy
    - ${make} smoke_test || { ${make} rollback; exit 1; }
`,
  };
}

function travis({ name }: FilePlan, make: string): OutputFile {
  return {
    path: '.travis.yml',
    text: `# main goes to staging, a tag v1.2.3 to production. Needed in the repository's settings: REGISTRY (HOST/TEAM), REGISTRY_USER,
# REGISTRY_PASSWORD and KUBECONFIG_DATA (a kubeconfig, base64).
language: minimal
services:
  - docker
if: branch = main OR tag =~ ^v
env:
  global:
    - KUBECONFIG=/tmp/kubeconfig-${name}
before_script:
  - export TAG="$TRAVIS_COMMIT" ENVIRONMENT="$([ -n "$TRAVIS_TAG" ] && echo production || echo staging)"
  - printf '%s' "$REGISTRY_PASSWORD" | docker login "\${REGISTRY%%/*}" --username "$REGISTRY_USER" --password-stdin
  - (umask 077 && printf '%s' "$KUBECONFIG_DATA" | base64 -d > "$KUBECONFIG")
script:
  - ${make} image push
  - ${make} deploy
  - ${make} smoke_test || { ${make} rollback; exit 1; }
`,
  };
}
