import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  conform,
  createCatalogue,
  decodeProtobuf,
  encodeProtobuf,
  hasProtobuf,
  notFound,
  protobufWatchFrame,
  type Schema,
  schemaOf,
  typeFacts,
} from './index.ts';

/** The fields that have a protobuf number, by the facts. */
function protobufFields(schema: Schema): object {
  const fields = Object.entries(typeFacts()[schema.name ?? '']?.fields ?? {});
  return Object.fromEntries(fields.filter(([, fact]) => fact.proto !== undefined));
}

/** A value with every field set, types that hold themselves cut off. */
function sample(schema: Schema, name: string, inside: readonly string[] = []): unknown {
  switch (schema.type) {
    case 'object': {
      const self = schema.name ?? '';
      if (inside.filter((one) => one === self).length > 0 && self !== '') return undefined;
      const made: Record<string, unknown> = {};
      for (const [key, field] of Object.entries(schema.fields ?? {})) {
        // What stands inside another object has no type of its own in protobuf.
        if ((key === 'apiVersion' || key === 'kind') && !Object.hasOwn(protobufFields(schema), key)) continue;
        const value = sample(field.schema, key, [...inside, self]);
        if (value !== undefined) made[key] = value;
      }
      return made;
    }
    case 'list': {
      const item = schema.items ? sample(schema.items, name, inside) : undefined;
      return item === undefined ? undefined : [item, item];
    }
    case 'map': {
      const item = schema.items ? sample(schema.items, name, inside) : undefined;
      return item === undefined ? undefined : { a: item, 'b/c': item };
    }
    case 'string':
      return `${name}-é`;
    case 'integer':
      return schema.format === 'int64' ? 4_503_599_627_370_497 : name.length % 2 ? -7 : 2_147_483_647;
    case 'number':
      return 1.5;
    case 'boolean':
      return true;
    case 'bytes':
      return Buffer.from(name).toString('base64');
    case 'time':
      return '2024-05-06T07:08:09Z';
    case 'microTime':
      return '2024-05-06T07:08:09.123456Z';
    case 'quantity':
      return '1500m';
    case 'intOrString':
      return name.length % 2 ? 'http' : 8080;
    default:
      return schema.name?.endsWith('OrBool')
        ? true
        : schema.name?.endsWith('OrStringArray')
          ? ['a', 'b']
          : schema.name?.endsWith('OrArray')
            ? { type: 'string' }
            : { any: ['thing', 1] };
  }
}

const catalogue = createCatalogue({ runtimeConfig: { 'api/all': true } });

test('every kind and its list go to protobuf and come back as they were', () => {
  let kinds = 0;
  for (const info of catalogue.all()) {
    const apiVersion = info.group ? `${info.group}/${info.version}` : info.version;
    const object = { ...(sample(info.schema, info.kind) as object), apiVersion, kind: info.kind };
    assert.ok(hasProtobuf(apiVersion, info.kind), info.kind);
    assert.deepEqual(decodeProtobuf(encodeProtobuf(object)), object, `${apiVersion} ${info.kind}`);
    const { unknownFields, typeFaults } = conform(object, info.schema);
    assert.deepEqual([...unknownFields, ...typeFaults], [], info.kind);
    kinds++;
  }
  assert.equal(kinds, 95);
  for (const [name, fact] of Object.entries(typeFacts())) {
    const [group, version, kind] = fact.gvk?.[0] ?? [];
    if (!kind?.endsWith('List') || !version) continue;
    const apiVersion = group ? `${group}/${version}` : version;
    const schema = schemaOf(name);
    assert.ok(schema);
    const list = { ...(sample(schema, kind) as object), apiVersion, kind };
    assert.deepEqual(decodeProtobuf(encodeProtobuf(list)), list, name);
  }
});

test('objects of the machinery have protobuf too', () => {
  const status = notFound({ group: 'apps', resource: 'deployments' }, 'web').status;
  assert.deepEqual(decodeProtobuf(encodeProtobuf(status)), status);
  const options = {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    gracePeriodSeconds: 0,
    preconditions: { uid: 'x' },
    dryRun: ['All'],
  };
  assert.deepEqual(decodeProtobuf(encodeProtobuf(options)), options);
  const partial = { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata: { name: 'a' } };
  assert.deepEqual(decodeProtobuf(encodeProtobuf(partial)), partial);
  assert.ok(!hasProtobuf('example.com/v1', 'Widget'));
});

test('the bytes are those that Go writes', () => {
  const bytes = encodeProtobuf({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'a' },
    spec: {},
    status: {},
  } as never);
  assert.equal(
    bytes.toString('hex'),
    `6b387300${'0a0f'}${'0a027631'}${'1209'}${Buffer.from('Namespace').toString('hex')}${'1209'}${'0a030a0161'}${'1200'}${'1a00'}${'1a002200'}`,
  );
});

test('a watch frame is a length and a bare event', () => {
  const object = encodeProtobuf({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } } as never);
  const frame = protobufWatchFrame('ADDED', object);
  assert.equal(frame.readUInt32BE(0), frame.length - 4);
  assert.ok(frame.includes(object));
  assert.equal(frame.subarray(4, 11).toString('latin1'), '\n\x05ADDED');
});

test('bytes that lie about their length are refused', () => {
  const bytes = encodeProtobuf({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } } as never);
  assert.throws(() => decodeProtobuf(bytes.subarray(0, bytes.length - 5)), /proto: unexpected EOF/);
  assert.throws(() => decodeProtobuf(Buffer.from('{}')), /does not appear to be a protobuf message/);
});

test('embedded structs and zero values are read as JSON would have them', () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', creationTimestamp: '' },
    spec: {
      hostNetwork: false,
      volumes: [{ name: 'v', configMap: { name: 'c', defaultMode: 0 } }],
      containers: [
        { name: 'a', livenessProbe: { httpGet: { port: 'http', path: '' } }, resources: { limits: { cpu: '1' } } },
      ],
      terminationGracePeriodSeconds: 0,
    },
  };
  assert.deepEqual(decodeProtobuf(encodeProtobuf(pod)), {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: {
      volumes: [{ name: 'v', configMap: { name: 'c', defaultMode: 0 } }],
      containers: [{ name: 'a', livenessProbe: { httpGet: { port: 'http' } }, resources: { limits: { cpu: '1' } } }],
      terminationGracePeriodSeconds: 0,
    },
  });
});

test('the options of a delete come in the version of their group', () => {
  for (const apiVersion of ['v1', 'meta.k8s.io/v1', 'apps/v1', 'apiextensions.k8s.io/v1', 'example.com/v1']) {
    const options = { apiVersion, kind: 'DeleteOptions', gracePeriodSeconds: 0, propagationPolicy: 'Orphan' };
    assert.deepEqual(decodeProtobuf(encodeProtobuf(options)), options);
  }
});
