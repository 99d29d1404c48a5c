import { formatAge } from './age.ts';
import type { CustomColumn, KubeObject, ResourceInfo, TableColumn } from './contract.ts';
import text from './generated/columns.data';
import { jsonPath } from './json-path.ts';

type Cell = string | number | boolean | null;

/** metav1.Table. */
export interface Table {
  readonly kind: 'Table';
  readonly apiVersion: 'meta.k8s.io/v1';
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly columnDefinitions: readonly TableColumn[];
  readonly rows: readonly TableRow[];
}

export interface TableRow {
  readonly cells: readonly Cell[];
  readonly object?: unknown;
}

export interface TableOptions {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** As the query parameter of that name; `Metadata` when not given. */
  readonly includeObject?: 'None' | 'Metadata' | 'Object';
  /** The table's own: resourceVersion, continue, remainingItemCount. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** The Table of some objects of one resource, as `kubectl get` asks for it. All columns come; kubectl hides the wide ones. */
export function tableFor(info: ResourceInfo, objects: readonly KubeObject[], options: TableOptions): Table {
  const rows = objects.map((object) => rowFor(info, object, options));
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: options.metadata ?? {},
    columnDefinitions: columnsOf(info),
    rows,
  };
}

/** One row, for watches: later rows go without column definitions. */
export function rowFor(info: ResourceInfo, object: KubeObject, options: TableOptions): TableRow {
  const cells = cellsOf(info, object, options.now);
  switch (options.includeObject ?? 'Metadata') {
    case 'None':
      return { cells };
    case 'Object':
      return { cells, object };
    default:
      return {
        cells,
        object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata },
      };
  }
}

/** The keys of the facts' columns by GROUP/RESOURCE. */
const KEYS: Readonly<Record<string, string>> = {
  '/componentstatuses': 'componentStatus',
  '/configmaps': 'configMap',
  '/endpoints': 'endpoint',
  '/events': 'event',
  '/namespaces': 'namespace',
  '/nodes': 'node',
  '/persistentvolumeclaims': 'persistentVolumeClaim',
  '/persistentvolumes': 'persistentVolume',
  '/pods': 'pod',
  '/podtemplates': 'podTemplate',
  '/replicationcontrollers': 'replicationController',
  '/resourcequotas': 'resourceQuota',
  '/secrets': 'secret',
  '/serviceaccounts': 'serviceAccount',
  '/services': 'service',
  'admissionregistration.k8s.io/mutatingwebhookconfigurations': 'mutatingWebhook',
  'admissionregistration.k8s.io/validatingwebhookconfigurations': 'validatingWebhook',
  'apps/daemonsets': 'daemonSet',
  'apps/deployments': 'deployment',
  'apps/replicasets': 'replicaSet',
  'apps/statefulsets': 'statefulSet',
  'autoscaling/horizontalpodautoscalers': 'horizontalPodAutoscaler',
  'batch/cronjobs': 'cronJob',
  'batch/jobs': 'job',
  'certificates.k8s.io/certificatesigningrequests': 'certificateSigningRequest',
  'coordination.k8s.io/leases': 'lease',
  'discovery.k8s.io/endpointslices': 'endpointSlice',
  'events.k8s.io/events': 'event',
  'flowcontrol.apiserver.k8s.io/flowschemas': 'flowSchema',
  'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations': 'priorityLevel',
  'networking.k8s.io/ingressclasses': 'ingressClass',
  'networking.k8s.io/ingresses': 'ingress',
  'networking.k8s.io/ipaddresses': 'ipAddress',
  'networking.k8s.io/servicecidrs': 'serviceCIDR',
  'node.k8s.io/runtimeclasses': 'runtimeClass',
  'policy/poddisruptionbudgets': 'podDisruptionBudget',
  'rbac.authorization.k8s.io/clusterrolebindings': 'clusterRoleBindings',
  'rbac.authorization.k8s.io/rolebindings': 'roleBindings',
  'resource.k8s.io/deviceclasses': 'deviceClass',
  'resource.k8s.io/resourceclaims': 'resourceClaim',
  'resource.k8s.io/resourceclaimtemplates': 'resourceClaimTemplate',
  'resource.k8s.io/resourceslices': 'nodeResourceSlice',
  'scheduling.k8s.io/priorityclasses': 'priorityClass',
  'scheduling.k8s.io/workloads': 'workload',
  'storage.k8s.io/csinodes': 'csiNode',
  'storage.k8s.io/csistoragecapacities': 'csiStorageCapacity',
  'storage.k8s.io/storageclasses': 'storageClass',
  'storage.k8s.io/volumeattachments': 'volumeAttachment',
  'storage.k8s.io/volumeattributesclasses': 'volumeAttributesClass',
};

const NAME: TableColumn = {
  name: 'Name',
  type: 'string',
  format: 'name',
  priority: 0,
  description:
    'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically.',
};
const CREATED: TableColumn = {
  name: 'Created At',
  type: 'date',
  format: '',
  priority: 0,
  description: 'The time the server recorded for the creation of the object.',
};
const AGE: TableColumn = { ...CREATED, name: 'Age' };

let facts: Record<string, Omit<TableColumn, 'description'>[]> | undefined;
const made = new WeakMap<ResourceInfo, readonly TableColumn[]>();

/** The columns of a resource; those of custom resources come from their definition. */
export function columnsOf(info: ResourceInfo): readonly TableColumn[] {
  const known = made.get(info);
  if (known) return known;
  const columns = info.custom ? customColumns(info) : builtinColumns(info);
  made.set(info, columns);
  return columns;
}

function builtinColumns(info: ResourceInfo): readonly TableColumn[] {
  if (!info.behaviour.cells) return [NAME, CREATED];
  if (info.behaviour.columns) return info.behaviour.columns;
  facts ??= JSON.parse(text) as Record<string, Omit<TableColumn, 'description'>[]>;
  const columns = facts[KEYS[`${info.group}/${info.resource}`] ?? ''];
  return columns?.map((column) => ({ ...column, description: '' })) ?? [NAME, AGE];
}

function customColumns(info: ResourceInfo): readonly TableColumn[] {
  const own = info.printerColumns ?? [];
  if (own.length === 0) return [NAME, AGE];
  return [
    NAME,
    ...own.map((column) => ({
      name: column.name,
      type: column.type,
      format: column.format ?? '',
      priority: column.priority ?? 0,
      description: column.description ?? `Custom resource definition column (in JSONPath format): ${column.jsonPath}`,
    })),
  ];
}

function cellsOf(info: ResourceInfo, object: KubeObject, now: number): readonly Cell[] {
  if (info.custom) return customCells(info.printerColumns ?? [], object, now);
  if (info.behaviour.cells) return info.behaviour.cells(object, now);
  return [object.metadata.name, object.metadata.creationTimestamp];
}

const DEFAULT_COLUMNS: readonly CustomColumn[] = [
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
];

function customCells(columns: readonly CustomColumn[], object: KubeObject, now: number): readonly Cell[] {
  const used = columns.length > 0 ? columns : DEFAULT_COLUMNS;
  return [object.metadata.name, ...used.map((column) => customCell(column, jsonPath(column.jsonPath, object), now))];
}

/** A column that does not have a value of its type is empty, as upstream's cellForJSONValue has it. */
function customCell(column: CustomColumn, values: readonly unknown[], now: number): Cell {
  const [value] = values;
  if (value === undefined || value === null) return null;
  switch (column.type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date': {
      const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
      return Number.isNaN(time) ? '<invalid>' : formatAge(now - time);
    }
    default:
      return values.map((one) => (typeof one === 'object' ? JSON.stringify(one) : String(one))).join(' ');
  }
}
