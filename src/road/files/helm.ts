import { COMPONENT_LABEL, type Manifest } from '../manifests/index.ts';
import type { FilePlan, OutputFile } from './contract.ts';
import { secretTemplate } from './helm-secrets.ts';
import { isMap, mapStrings, podSpecOf } from './objects.ts';
import { BASE_TAG } from './plan-files.ts';
import { yamlText } from './yaml-text.ts';

/** Stand for expressions until the YAML is written: words that no YAML writer quotes. */
const RESOURCES = 'wherryResourcesHere';
const REPLICAS = 'wherryReplicasHere';
const SETTINGS_CHECKSUM = 'wherryChecksumHere';
const NAMESPACE = 'wherryNamespaceHere';

/** `charts/NAME`: the same objects, with image, replicas, host, resources, environment and secrets as values. */
export function chartFiles(plan: FilePlan): OutputFile[] {
  const folder = `charts/${plan.name}`;
  const groups = new Map<string, Manifest[]>();
  for (const object of plan.objects) {
    const group = object.metadata.labels?.[COMPONENT_LABEL] ?? 'others';
    groups.set(group, [...(groups.get(group) ?? []), object]);
  }
  return [
    { path: `${folder}/Chart.yaml`, text: chartText(plan) },
    { path: `${folder}/values.yaml`, text: valuesText(plan) },
    ...[...groups].map(([group, objects]) => ({
      path: `${folder}/templates/${group}.yaml`,
      text: objects.map((object) => templateOf(object, plan)).join('---\n'),
    })),
    ...(plan.settings.length > 0 ? [{ path: `${folder}/templates/settings.yaml`, text: settingsText(plan) }] : []),
    ...(plan.secrets.length > 0
      ? [{ path: `${folder}/templates/secrets.yaml`, text: plan.secrets.map(secretTemplate).join('---\n') }]
      : []),
  ];
}

function chartText({ name, objects }: FilePlan): string {
  const version = objects.flatMap(({ metadata }) => metadata.labels?.['app.kubernetes.io/version'] ?? [])[0];
  return yamlText({
    apiVersion: 'v2',
    name,
    description: `${name} on Kubernetes`,
    type: 'application',
    version: '0.1.0',
    ...(version === undefined ? {} : { appVersion: version }),
  });
}

function valuesText(plan: FilePlan): string {
  const [first, ...others] = plan.builds;
  const front = plan.objects.find(
    ({ kind, metadata }) => kind === plan.front?.kind && metadata.name === plan.front.name,
  );
  const resources =
    front && podSpecOf(front)?.spec.containers.find(({ name }) => name === plan.front?.container)?.resources;
  const values: [comment: string, value: object][] = [
    ...(first ? [['What runs.', { image: { repository: first.image, tag: BASE_TAG } }] as [string, object]] : []),
    ...(others.length > 0
      ? [
          [
            'The images beside it.',
            {
              images: Object.fromEntries(others.map(({ name, image }) => [name, { repository: image, tag: BASE_TAG }])),
            },
          ] as [string, object],
        ]
      : []),
    ['How many pods serve.', { replicas: plan.front?.replicas ?? 1 }],
    ['Host name of the Ingress.', { host: plan.host }],
    ['Of each pod that serves.', { resources: resources ?? {} }],
    ['Plain settings of the app, as environment variables.', { environment: environmentOf(plan) }],
    [
      'Values of Secrets, by Secret and key. What is not given is kept from the release before, or made at random.',
      { secrets: Object.fromEntries(plan.secrets.map(({ name }) => [name, {}])) },
    ],
  ];
  return values.map(([comment, value]) => `# ${comment}\n${yamlText(value)}`).join('');
}

function environmentOf(plan: FilePlan): Record<string, string> {
  const set = plan.settings.find(({ name }) => name === plan.front?.name);
  return Object.fromEntries(set?.lines ?? []);
}

/** ConfigMaps; that of the front part is what `environment` says. */
function settingsText(plan: FilePlan): string {
  return plan.settings
    .map(({ name, labels, lines, files }) => {
      const head = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels } };
      if (name !== plan.front?.name)
        return escaped(yamlText({ ...head, data: Object.fromEntries([...lines, ...files]) }));
      const range =
        '  {{- range $name, $value := .Values.environment }}\n  {{ $name }}: {{ $value | quote }}\n  {{- end }}\n';
      const own = files.length > 0 ? indented(escaped(yamlText(Object.fromEntries(files)))) : '';
      return `${escaped(yamlText(head))}data:\n${range}${own}`;
    })
    .join('---\n');
}

function templateOf(object: Manifest, plan: FilePlan): string {
  const isFront = object.kind === plan.front?.kind && object.metadata.name === plan.front.name;
  const copy = structuredClone(object) as Manifest & { spec?: Record<string, unknown>; subjects?: object[] };
  if (isFront && copy.spec && !plan.front?.single) copy.spec.replicas = REPLICAS;
  const pod = podSpecOf(copy);
  if (pod) {
    const front = isFront ? pod.spec.containers.find(({ name }) => name === plan.front?.container) : undefined;
    if (front) Object.assign(front, { resources: RESOURCES });
    if (
      copy.kind !== 'Job' &&
      plan.settings.some(({ name }) => JSON.stringify(pod.spec).includes(`{"name":"${name}"}`))
    )
      annotate(pod.template);
  }
  if (copy.subjects) for (const subject of copy.subjects) Object.assign(subject, { namespace: NAMESPACE });
  const images = new Map(plan.builds.map(({ image }, index) => [`${image}:${BASE_TAG}`, `wherryImage${index}Here`]));
  const isHost = (text: string): boolean => text === plan.host || text.endsWith(`.${plan.host}`);
  const marked = mapStrings(copy, (text) => {
    const image = images.get(text);
    if (image) return image;
    return object.kind === 'Ingress' && isHost(text) ? `${text.slice(0, -plan.host.length)}wherryHostHere` : text;
  });
  return expressed(escaped(yamlText(marked)), plan);
}

/** A changed setting rolls the pods that read it. */
function annotate(template: object): void {
  if (!isMap(template)) return;
  const metadata = isMap(template.metadata) ? template.metadata : {};
  const annotations = isMap(metadata.annotations) ? metadata.annotations : {};
  template.metadata = { ...metadata, annotations: { ...annotations, 'checksum/settings': SETTINGS_CHECKSUM } };
}

/** What the objects say in braces is no template. */
function escaped(text: string): string {
  return text.replaceAll('{{', '{{ "{{" }}');
}

function expressed(text: string, plan: FilePlan): string {
  let result = text
    .replace(new RegExp(`^( *)resources: ${RESOURCES}$`, 'gm'), (_, space: string) => {
      return `${space}resources:\n${space}  {{- toYaml .Values.resources | nindent ${space.length + 2} }}`;
    })
    .replaceAll(REPLICAS, '{{ .Values.replicas }}')
    .replaceAll(NAMESPACE, '{{ .Release.Namespace }}')
    .replaceAll('wherryHostHere', '{{ .Values.host }}')
    .replaceAll(SETTINGS_CHECKSUM, '{{ include (print $.Template.BasePath "/settings.yaml") . | sha256sum }}');
  for (const [index, { name }] of plan.builds.entries()) {
    const values = index === 0 ? '.Values.image' : `(index .Values.images ${JSON.stringify(name)})`;
    result = result.replaceAll(
      `wherryImage${index}Here`,
      `{{ printf "%s:%s" ${values}.repository (${values}.tag | toString) | quote }}`,
    );
  }
  // A Job cannot change, so each revision has its own; those that wait for it name the same.
  for (const job of ownJobs(plan)) {
    result = result.replaceAll(job, `${job.replace(/-[0-9a-f]{8}$/, '')}-{{ .Release.Revision }}`);
  }
  return result;
}

/** Jobs of the release: they run the app's own image, so each new image is a new Job. */
function ownJobs(plan: FilePlan): string[] {
  const images = new Set(plan.builds.map(({ image }) => `${image}:${BASE_TAG}`));
  return plan.objects
    .filter((object) => object.kind === 'Job')
    .filter((object) => podSpecOf(object)?.spec.containers.some(({ image }) => images.has(image ?? '')))
    .map(({ metadata }) => metadata.name);
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
