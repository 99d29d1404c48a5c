import assert from 'node:assert/strict';
import { test } from 'node:test';
import { negotiate, parseAccept } from './negotiation.ts';

test('the first clause that can be answered wins, by quality', () => {
  assert.deepEqual(negotiate('application/vnd.kubernetes.protobuf,application/json', true), { encoding: 'protobuf' });
  assert.deepEqual(negotiate('application/vnd.kubernetes.protobuf,application/json', false), { encoding: 'json' });
  assert.deepEqual(negotiate('application/json;q=0.5,application/yaml', true), { encoding: 'yaml' });
  assert.equal(negotiate('text/html', true), undefined);
  assert.deepEqual(negotiate('text/html, */*;q=0.1', true), { encoding: 'json' });
});

test('tables and metadata are asked for with parameters, and unknown ones are passed over', () => {
  const kubectl =
    'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';
  assert.deepEqual(negotiate(kubectl, true), { encoding: 'json', as: { kind: 'Table', version: 'v1' } });
  const garbageCollector =
    'application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
  assert.deepEqual(negotiate(garbageCollector, false)?.as?.kind, 'PartialObjectMetadataList');
  assert.deepEqual(negotiate('application/json;as=Foo;v=v1;g=meta.k8s.io,application/yaml', true), {
    encoding: 'yaml',
  });
});

test('parameters and qualities are read', () => {
  assert.deepEqual(parseAccept('a/b; q=0.1;x=y, c/d'), [
    { type: 'c/d', parameters: {}, quality: 1 },
    { type: 'a/b', parameters: { x: 'y' }, quality: 0.1 },
  ]);
});
