import { type ResourceInfo, type SubresourceInfo, typeNameOf } from '../../kinds/index.ts';
import { type Dialect, type Json, REFERENCE } from './schemas.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.';
export const STATUS = `${META}Status`;
const DELETE_OPTIONS = `${META}DeleteOptions`;
const PATCH = `${META}Patch`;
/** Types that every document needs for its operations. */
export const COMMON_TYPES = [STATUS, DELETE_OPTIONS, PATCH, `${META}WatchEvent`, `${META}APIResourceList`];
/** Connections take any method and answer text. */
const CONNECTS = new Set(['exec', 'attach', 'portforward', 'proxy']);

const ENCODINGS = ['application/json', 'application/vnd.kubernetes.protobuf', 'application/yaml'];
const PATCH_TYPES = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

/** The reversed group of a custom type: `stable.example.com/v1 CronTab` is `com.example.stable.v1.CronTab`. */
export function customTypeName({ group, version, kind }: Pick<ResourceInfo, 'group' | 'version' | 'kind'>): string {
  return `${group.split('.').reverse().join('.')}.${version}.${kind}`;
}

/** The name of a resource's type, or of its list. */
export function typeOf(info: ResourceInfo, list = false): string {
  const kind = list ? `${info.kind}List` : info.kind;
  if (info.custom) return customTypeName({ ...info, kind });
  return typeNameOf(info.group, info.version, kind) ?? STATUS;
}

function subresourceType(info: ResourceInfo, sub: SubresourceInfo): string {
  if (info.custom && sub.kind === info.kind) return typeOf(info);
  return typeNameOf(sub.version ? sub.group : info.group, sub.version || info.version, sub.kind) ?? STATUS;
}

type Kind = { group: string; version: string; kind: string };

/** Makes operations of one dialect. */
class Operations {
  readonly #dialect: Dialect;
  readonly #tag: string;

  constructor(dialect: Dialect, tag: string) {
    this.#dialect = dialect;
    this.#tag = tag;
  }

  parameter(name: string, place: 'query' | 'path', type: string, description: string): Json {
    const about: Json = { name, in: place, description };
    if (place === 'path') about.required = true;
    if (this.#dialect === 2) return { ...about, type, uniqueItems: true };
    return { ...about, schema: { type, uniqueItems: true } };
  }

  operation(options: {
    id: string;
    action: string;
    description: string;
    kind: Kind;
    parameters: Json[];
    body?: { type: string; media: readonly string[]; optional?: boolean };
    answers: Readonly<Record<number, string | undefined>>;
  }): Json {
    const { id, action, description, kind, body, answers } = options;
    const parameters = [...options.parameters];
    const about: Json = { description, operationId: id, tags: [this.#tag] };
    const reference = (type: string) => ({ $ref: `${REFERENCE[this.#dialect]}${type}` });
    const responses: Json = {};
    for (const [code, type] of Object.entries(answers)) {
      const text = ({ 200: 'OK', 201: 'Created', 202: 'Accepted' } as Record<string, string>)[code] ?? '';
      if (this.#dialect === 2)
        responses[code] = { description: text, schema: type ? reference(type) : { type: 'string' } };
      else {
        const media = type ? ENCODINGS : ['*/*'];
        const schema = type ? reference(type) : { type: 'string' };
        responses[code] = { description: text, content: Object.fromEntries(media.map((one) => [one, { schema }])) };
      }
    }
    responses['401'] = { description: 'Unauthorized' };
    if (this.#dialect === 2) {
      about.consumes = body ? body.media : ['*/*'];
      about.produces = ENCODINGS;
      about.schemes = ['https'];
      if (body) {
        const schema = reference(body.type);
        parameters.unshift({ name: 'body', in: 'body', ...(!body.optional && { required: true }), schema });
      }
    } else if (body) {
      const content = Object.fromEntries(body.media.map((one) => [one, { schema: reference(body.type) }]));
      about.requestBody = { content, ...(!body.optional && { required: true }) };
    }
    if (parameters.length > 0) about.parameters = parameters;
    about.responses = responses;
    about['x-kubernetes-action'] = action;
    about['x-kubernetes-group-version-kind'] = kind;
    return about;
  }
}

const capital = (word: string) => (word[0] ?? '').toUpperCase() + word.slice(1);

/** The paths of one resource and its subresources. */
export function resourcePaths(info: ResourceInfo, dialect: Dialect): Json {
  const base = info.group ? `/apis/${info.group}/${info.version}` : `/api/${info.version}`;
  const groupWord = info.group ? capital((info.group.split('.')[0] ?? '').replace(/[^A-Za-z0-9]/g, '')) : 'Core';
  const scope = info.namespaced ? 'Namespaced' : '';
  const name = `${groupWord}${capital(info.version)}`;
  const tag = `${groupWord[0]?.toLowerCase()}${groupWord.slice(1)}_${info.version}`;
  const make = new Operations(dialect, tag);
  const kind: Kind = { group: info.group, version: info.version, kind: info.kind };
  const type = typeOf(info);
  const { kind: word } = info;
  const has = (verb: string) => info.verbs.includes(verb);
  const query = (one: string, of: string, description: string) => make.parameter(one, 'query', of, description);
  const namespace = make.parameter(
    'namespace',
    'path',
    'string',
    'object name and auth scope, such as for teams and projects',
  );
  const named = make.parameter('name', 'path', 'string', `name of the ${word}`);
  const pretty = query('pretty', 'string', "If 'true', then the output is pretty printed.");
  const dryRun = query('dryRun', 'string', 'When present, indicates that modifications should not be persisted.');
  const manager = query(
    'fieldManager',
    'string',
    'The name associated with the actor or entity that is making these changes.',
  );
  const validation = query(
    'fieldValidation',
    'string',
    'Instructs the server on how to handle objects with unknown or duplicate fields: Ignore, Warn or Strict.',
  );
  const force = query(
    'force',
    'boolean',
    'Force is going to "force" Apply requests: fields owned by other people are taken.',
  );
  const write = [dryRun, manager, validation];
  const selection = [
    query('allowWatchBookmarks', 'boolean', 'Requests watch events with type "BOOKMARK".'),
    query('continue', 'string', 'Retrieves more results from the server, with the token of the last answer.'),
    query('fieldSelector', 'string', 'Restricts the list of returned objects by their fields.'),
    query('labelSelector', 'string', 'Restricts the list of returned objects by their labels.'),
    query('limit', 'integer', 'The maximum number of responses to return for a list call.'),
    query('resourceVersion', 'string', 'Sets a constraint on what resource versions a request may be served from.'),
    query('resourceVersionMatch', 'string', 'Determines how resourceVersion is applied to list calls.'),
    query('sendInitialEvents', 'boolean', 'Begins the watch stream with synthetic events of the current state.'),
    query('timeoutSeconds', 'integer', 'Timeout for the list/watch call.'),
    query('watch', 'boolean', 'Watch for changes to the described resources and return them as a stream.'),
  ];
  const deletion = [
    dryRun,
    query('gracePeriodSeconds', 'integer', 'The duration in seconds before the object should be deleted.'),
    query('orphanDependents', 'boolean', 'Deprecated: please use the PropagationPolicy.'),
    query(
      'propagationPolicy',
      'string',
      "Whether and how garbage collection will be performed: 'Orphan', 'Background' or 'Foreground'.",
    ),
  ];
  const deleteBody = { type: DELETE_OPTIONS, media: ENCODINGS, optional: true };
  const paths: Json = {};

  const collection: Json = {};
  if (has('list')) {
    collection.get = make.operation({
      id: `list${name}${scope}${word}`,
      action: 'list',
      description: `list or watch objects of kind ${word}`,
      kind,
      parameters: selection,
      answers: { 200: typeOf(info, true) },
    });
  }
  if (has('create')) {
    collection.post = make.operation({
      id: `create${name}${scope}${word}`,
      action: 'post',
      description: `create a ${word}`,
      kind,
      parameters: write,
      body: { type, media: ENCODINGS },
      answers: { 200: type, 201: type, 202: type },
    });
  }
  if (has('deletecollection')) {
    collection.delete = make.operation({
      id: `delete${name}Collection${scope}${word}`,
      action: 'deletecollection',
      description: `delete collection of ${word}`,
      kind,
      parameters: [...deletion, ...selection.slice(1, 7)],
      body: deleteBody,
      answers: { 200: STATUS },
    });
  }
  collection.parameters = info.namespaced ? [namespace, pretty] : [pretty];
  const root = info.namespaced ? `${base}/namespaces/{namespace}/${info.resource}` : `${base}/${info.resource}`;
  if (Object.keys(collection).length > 1) paths[root] = collection;
  if (info.namespaced && has('list')) {
    paths[`${base}/${info.resource}`] = {
      get: make.operation({
        id: `list${name}${word}ForAllNamespaces`,
        action: 'list',
        description: `list or watch objects of kind ${word}`,
        kind,
        parameters: [],
        answers: { 200: typeOf(info, true) },
      }),
      parameters: [...selection, pretty],
    };
  }

  const itemOperations = (verbs: readonly string[], id: string, ofType: string, ofKind: Kind, about: string): Json => {
    const item: Json = {};
    const patchTypes = info.custom ? PATCH_TYPES.slice(0, 3) : PATCH_TYPES;
    if (verbs.includes('get')) {
      item.get = make.operation({
        id: `read${name}${scope}${id}`,
        action: 'get',
        description: `read ${about}`,
        kind: ofKind,
        parameters: [],
        answers: { 200: ofType },
      });
    }
    if (verbs.includes('update')) {
      item.put = make.operation({
        id: `replace${name}${scope}${id}`,
        action: 'put',
        description: `replace ${about}`,
        kind: ofKind,
        parameters: write,
        body: { type: ofType, media: ENCODINGS },
        answers: { 200: ofType, 201: ofType },
      });
    }
    if (verbs.includes('patch')) {
      item.patch = make.operation({
        id: `patch${name}${scope}${id}`,
        action: 'patch',
        description: `partially update ${about}`,
        kind: ofKind,
        parameters: [...write, force],
        body: { type: PATCH, media: patchTypes },
        answers: { 200: ofType, 201: ofType },
      });
    }
    if (verbs.includes('create')) {
      item.post = make.operation({
        id: `create${name}${scope}${id}`,
        action: 'post',
        description: `create ${about}`,
        kind: ofKind,
        parameters: write,
        body: { type: ofType, media: ENCODINGS },
        answers: { 200: ofType, 201: ofType, 202: ofType },
      });
    }
    if (verbs.includes('delete')) {
      item.delete = make.operation({
        id: `delete${name}${scope}${id}`,
        action: 'delete',
        description: `delete ${about}`,
        kind: ofKind,
        parameters: deletion,
        body: deleteBody,
        answers: { 200: STATUS, 202: STATUS },
      });
    }
    return item;
  };

  const own = itemOperations(
    info.verbs.filter((verb) => verb !== 'create'),
    word,
    type,
    kind,
    `the specified ${word}`,
  );
  const placed = info.namespaced ? [named, namespace, pretty] : [named, pretty];
  if (Object.keys(own).length > 0) paths[`${root}/{name}`] = { ...own, parameters: placed };

  for (const sub of info.subresources.values()) {
    const subKind = {
      group: sub.version ? sub.group : info.group,
      version: sub.version || info.version,
      kind: sub.kind,
    };
    const path = `${root}/{name}/${sub.name}`;
    const id = `${word}${capital(sub.name)}`;
    if (CONNECTS.has(sub.name) || sub.name === 'log') {
      const item: Json = {};
      for (const [method, verb] of [
        ['get', 'get'],
        ['post', 'create'],
        ['put', 'update'],
        ['patch', 'patch'],
        ['delete', 'delete'],
      ] as const) {
        if (!sub.verbs.includes(verb)) continue;
        item[method] = make.operation({
          id: `${sub.name === 'log' ? 'read' : `connect${capital(method)}`}${name}${scope}${id}`,
          action: sub.name === 'log' ? 'get' : 'connect',
          description: `${sub.name === 'log' ? 'read' : `connect ${method.toUpperCase()} requests to`} ${sub.name} of ${word}`,
          kind: subKind,
          parameters: [],
          answers: { 200: undefined },
        });
      }
      paths[path] = { ...item, parameters: placed };
      continue;
    }
    const about = `${sub.name} of the specified ${word}`;
    paths[path] = {
      ...itemOperations(sub.verbs, id, subresourceType(info, sub), subKind, about),
      parameters: placed,
    };
  }
  return paths;
}

/** The types that the operations of a resource name. */
export function typesOfResource(info: ResourceInfo): string[] {
  const types = [typeOf(info), typeOf(info, true)];
  for (const sub of info.subresources.values()) types.push(subresourceType(info, sub));
  return types;
}
