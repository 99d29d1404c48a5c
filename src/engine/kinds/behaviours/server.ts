import { ageSince, formatAge } from '../age.ts';
import type { Behaviour, FieldFault, KubeObject, TableColumn } from '../contract.ts';
import { at, invalidValue, notSupported, required } from '../faults.ts';
import type {
  APIService,
  CertificateSigningRequest,
  ComponentStatus,
  ControllerRevision,
  FlowSchema,
  IPAddress,
  Lease,
  PodTemplate,
  PriorityLevelConfiguration,
  ResourceResourceClaim,
  ResourceSlice,
  ServiceCIDR,
} from '../generated/types.ts';
import { formatLabels } from '../label-selector.ts';
import { pathSegmentName } from '../names.ts';
import { copy, immutable } from '../object-meta.ts';
import { isCidr } from './ingress.ts';
import { setTemplateDefaults } from './pod-defaults.ts';
import { counted, countedWithoutStatus, keepAllButStatus, keepStatus, loose, withStatus } from './strategy.ts';
import { containerCells } from './workload-cells.ts';

const column = (name: string, type = 'string', format = ''): TableColumn => ({
  name,
  type,
  format,
  priority: 0,
  description: '',
});
const named = (object: KubeObject, now: number) => [
  object.metadata.name,
  ageSince(object.metadata.creationTimestamp, now),
];

/** Kinds with nothing to tell but name and age. */
export const plain: Behaviour = { cells: named };
export const plainCounted: Behaviour = { ...countedWithoutStatus, cells: named };

const lease_ = (object: KubeObject) => object as unknown as Lease;
export const lease: Behaviour = {
  createOnUpdate: true,
  unconditionalUpdate: false,
  cells: (object, now) => [
    lease_(object).metadata.name,
    lease_(object).spec?.holderIdentity ?? '',
    ageSince(lease_(object).metadata.creationTimestamp, now),
  ],
  validate: (object) => validateLease(lease_(object)),
  validateUpdate: (object) => validateLease(lease_(object)),
};

function validateLease({ spec }: Lease): FieldFault[] {
  const faults: FieldFault[] = [];
  if (spec?.leaseDurationSeconds !== undefined && spec.leaseDurationSeconds <= 0) {
    faults.push(invalidValue('spec.leaseDurationSeconds', spec.leaseDurationSeconds, 'must be greater than 0'));
  }
  if (spec?.leaseTransitions !== undefined && spec.leaseTransitions < 0) {
    faults.push(invalidValue('spec.leaseTransitions', spec.leaseTransitions, 'must be greater than or equal to 0'));
  }
  return faults;
}

export const controllerRevision: Behaviour = {
  columns: [column('Name', 'string', 'name'), column('Controller'), column('Revision', 'integer'), column('Age')],
  cells(object, now) {
    const { metadata, revision } = object as unknown as ControllerRevision;
    const owner = metadata.ownerReferences?.find((one) => one.controller);
    const [group] = (owner?.apiVersion ?? '').includes('/') ? (owner?.apiVersion ?? '').split('/') : [''];
    const name = owner ? `${owner.kind.toLowerCase()}${group ? `.${group}` : ''}/${owner.name}` : '<none>';
    return [metadata.name, name, revision, ageSince(metadata.creationTimestamp, now)];
  },
  validate(object) {
    const { data, revision } = object as unknown as ControllerRevision;
    const faults: FieldFault[] = [];
    if (revision < 0) faults.push(invalidValue('revision', revision, 'must be greater than or equal to 0'));
    if (data === undefined) faults.push(required('data', 'data is mandatory'));
    return faults;
  },
  validateUpdate: (object, old) =>
    immutable((object as unknown as ControllerRevision).data, (old as unknown as ControllerRevision).data, 'data'),
};

export const podTemplate: Behaviour = {
  ...countedWithoutStatus,
  cells(object) {
    const { metadata, template } = object as unknown as PodTemplate;
    return [metadata.name, ...containerCells(template?.spec), formatLabels(template?.metadata?.labels)];
  },
  setDefaults(object) {
    setTemplateDefaults((object as unknown as PodTemplate).template);
  },
};

const csr = (object: KubeObject) => object as unknown as CertificateSigningRequest;
export const certificateSigningRequest: Behaviour = {
  validateName: pathSegmentName,
  selectableFields: { 'spec.signerName': (object) => csr(object).spec.signerName },
  cells(object, now) {
    const { metadata, spec, status } = csr(object);
    const states = [...(status?.conditions ?? [])];
    const holds = (type: string) => states.some((one) => one.type === type);
    let state = holds('Denied') ? 'Denied' : holds('Approved') ? 'Approved' : 'Pending';
    if (holds('Failed')) state += ',Failed';
    if (status?.certificate) state += ',Issued';
    return [
      metadata.name,
      ageSince(metadata.creationTimestamp, now),
      spec.signerName || '<none>',
      spec.username ?? '',
      spec.expirationSeconds === undefined ? '<none>' : formatAge(spec.expirationSeconds * 1000),
      state,
    ];
  },
  setDefaults(object) {
    const { spec } = csr(object);
    if ((spec.usages ?? []).length === 0) spec.usages = ['digital signature', 'key encipherment'];
  },
  prepareForCreate(object) {
    loose(object).status = {};
  },
  prepareForUpdate(object, old) {
    // What was asked for and by whom never changes.
    loose(object).spec = copy(loose(old).spec);
    keepStatus(loose(object), loose(old));
  },
  prepareForStatusUpdate(object, old) {
    const certificate = csr(object).status;
    keepAllButStatus(loose(object), loose(old));
    if (certificate) csr(object).status = certificate;
  },
  validate(object) {
    const { spec } = csr(object);
    const faults: FieldFault[] = [];
    if (!spec.request)
      faults.push(invalidValue('spec.request', spec.request ?? null, 'PEM block type must be CERTIFICATE REQUEST'));
    else if (!/-----BEGIN (NEW )?CERTIFICATE REQUEST-----/.test(Buffer.from(spec.request, 'base64').toString())) {
      faults.push(invalidValue('spec.request', spec.request, 'PEM block type must be CERTIFICATE REQUEST'));
    }
    if (!spec.signerName) faults.push(required('spec.signerName'));
    if (spec.expirationSeconds !== undefined && spec.expirationSeconds < 600) {
      faults.push(
        invalidValue(
          'spec.expirationSeconds',
          spec.expirationSeconds,
          'may not specify a duration less than 600 seconds (10 minutes)',
        ),
      );
    }
    return faults;
  },
};

const flow = (object: KubeObject) => object as unknown as FlowSchema;
export const flowSchema: Behaviour = {
  ...counted,
  validateName: pathSegmentName,
  cells(object, now) {
    const { metadata, spec, status } = flow(object);
    const dangling = status?.conditions?.find((one) => one.type === 'Dangling')?.status;
    return [
      metadata.name,
      spec.priorityLevelConfiguration?.name ?? '',
      spec.matchingPrecedence ?? 0,
      spec.distinguisherMethod?.type ?? '<none>',
      ageSince(metadata.creationTimestamp, now),
      dangling ?? '?',
    ];
  },
  setDefaults(object) {
    const { spec } = flow(object);
    if (!spec) return;
    spec.matchingPrecedence ||= 1000;
  },
  validate(object) {
    const { spec } = flow(object);
    const faults: FieldFault[] = [];
    if (!spec?.priorityLevelConfiguration?.name)
      faults.push(required('spec.priorityLevelConfiguration.name', 'must reference a priority level'));
    const precedence = spec?.matchingPrecedence ?? 0;
    if (precedence <= 0) faults.push(invalidValue('spec.matchingPrecedence', precedence, 'must be a positive value'));
    if (precedence > 10000)
      faults.push(invalidValue('spec.matchingPrecedence', precedence, 'must not be greater than 10000'));
    return faults;
  },
};

const level = (object: KubeObject) => object as unknown as PriorityLevelConfiguration;
export const priorityLevel: Behaviour = {
  ...counted,
  validateName: pathSegmentName,
  cells(object, now) {
    const { metadata, spec } = level(object);
    const queuing = spec?.limited?.limitResponse?.queuing;
    const text = (value: number | undefined) => (value === undefined ? '<none>' : String(value));
    return [
      metadata.name,
      spec?.type ?? '',
      text(spec?.limited?.nominalConcurrencyShares),
      text(queuing?.queues),
      text(queuing?.handSize),
      text(queuing?.queueLengthLimit),
      ageSince(metadata.creationTimestamp, now),
    ];
  },
  setDefaults(object) {
    const { spec } = level(object);
    if (spec?.exempt) {
      spec.exempt.nominalConcurrencyShares ??= 0;
      spec.exempt.lendablePercent ??= 0;
    }
    if (spec?.limited) {
      spec.limited.nominalConcurrencyShares ??= 30;
      spec.limited.lendablePercent ??= 0;
      const queuing = spec.limited.limitResponse?.queuing;
      if (queuing) {
        queuing.handSize ||= 8;
        queuing.queues ||= 64;
        queuing.queueLengthLimit ||= 50;
      }
    }
  },
  validate(object) {
    const { spec } = level(object);
    if (spec?.type !== 'Exempt' && spec?.type !== 'Limited')
      return [notSupported('spec.type', spec?.type, ['Exempt', 'Limited'])];
    return spec.type === 'Limited' && !spec.limited
      ? [required('spec.limited', 'must not be empty when type is Limited')]
      : [];
  },
};

export const ipAddress: Behaviour = {
  ...countedWithoutStatus,
  cells(object) {
    const { metadata, spec } = object as unknown as IPAddress;
    const parent = spec?.parentRef;
    const kind = parent?.group ? `${parent.resource}.${parent.group}` : (parent?.resource ?? '');
    return [
      metadata.name,
      parent ? `${kind}/${parent.namespace ? `${parent.namespace}/` : ''}${parent.name}` : '<none>',
    ];
  },
  validateUpdate: (object, old) =>
    immutable((object as unknown as IPAddress).spec, (old as unknown as IPAddress).spec, 'spec'),
};

export const serviceCidr: Behaviour = {
  ...withStatus,
  cells(object, now) {
    const { metadata, spec } = object as unknown as ServiceCIDR;
    return [metadata.name, (spec?.cidrs ?? []).join(','), ageSince(metadata.creationTimestamp, now)];
  },
  validate(object) {
    const cidrs = (object as unknown as ServiceCIDR).spec?.cidrs ?? [];
    if (cidrs.length === 0) return [required('spec.cidrs', 'at least one CIDR required')];
    return cidrs.flatMap((cidr, index) =>
      isCidr(cidr)
        ? []
        : [
            invalidValue(
              at('spec.cidrs', index),
              cidr,
              'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
            ),
          ],
    );
  },
  validateUpdate: (object, old) =>
    immutable(
      (object as unknown as ServiceCIDR).spec?.cidrs,
      (old as unknown as ServiceCIDR).spec?.cidrs,
      'spec.cidrs',
    ),
};

export const componentStatus: Behaviour = {
  cells(object) {
    const { metadata, conditions = [] } = object as unknown as ComponentStatus;
    const healthy = conditions.find((one) => one.type === 'Healthy');
    const state = healthy?.status === 'True' ? 'Healthy' : healthy?.status === 'False' ? 'Unhealthy' : 'Unknown';
    return [metadata.name, state, healthy?.message ?? '', healthy?.error ?? ''];
  },
};

const service = (object: KubeObject) => object as unknown as APIService;
export const apiService: Behaviour = {
  ...withStatus,
  columns: [column('Name', 'string', 'name'), column('Service'), column('Available'), column('Age')],
  cells(object, now) {
    const { metadata, spec, status } = service(object);
    const available = status?.conditions?.find((one) => one.type === 'Available');
    const state = available
      ? available.status === 'True'
        ? 'True'
        : `${available.status} (${available.reason ?? ''})`
      : 'Unknown';
    return [
      metadata.name,
      spec?.service ? `${spec.service.namespace}/${spec.service.name}` : 'Local',
      state,
      ageSince(metadata.creationTimestamp, now),
    ];
  },
  setDefaults(object) {
    const target = service(object).spec?.service;
    if (target) target.port ??= 443;
  },
  validate(object) {
    const { metadata, spec } = service(object);
    const wanted = `${spec?.version}.${spec?.group ?? ''}`;
    return metadata.name === wanted
      ? []
      : [invalidValue('metadata.name', metadata.name, '`spec.version+"."+spec.group`')];
  },
};

export const resourceSlice: Behaviour = {
  cells(object, now) {
    const { metadata, spec } = object as unknown as ResourceSlice;
    return [
      metadata.name,
      spec?.nodeName ?? '',
      spec?.driver ?? '',
      spec?.pool?.name ?? '',
      ageSince(metadata.creationTimestamp, now),
    ];
  },
  selectableFields: {
    'spec.nodeName': (object) => (object as unknown as ResourceSlice).spec?.nodeName ?? '',
    'spec.driver': (object) => (object as unknown as ResourceSlice).spec?.driver ?? '',
  },
};

export const resourceClaim: Behaviour = {
  ...withStatus,
  cells(object, now) {
    const { metadata, status } = object as unknown as ResourceResourceClaim;
    const states: string[] = [];
    if (metadata.deletionTimestamp) states.push('deleted');
    if (!status?.allocation) {
      if (!metadata.deletionTimestamp) states.push('pending');
    } else {
      states.push('allocated');
      if ((status.reservedFor ?? []).length > 0) states.push('reserved');
    }
    return [metadata.name, states.join(','), ageSince(metadata.creationTimestamp, now)];
  },
  validateUpdate: (object, old) =>
    immutable(
      (object as unknown as ResourceResourceClaim).spec,
      (old as unknown as ResourceResourceClaim).spec,
      'spec',
    ),
};
