import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestInfo } from './request-info.ts';

const read = (method: string, url: string) => {
  const [path = '', query = ''] = url.split('?');
  const { verb, group, version, namespace, resource, subresource, name, rest, isResource } = requestInfo(
    method,
    path,
    new URLSearchParams(query),
  );
  return isResource ? [verb, group, version, namespace, resource, subresource, name, rest].join('|') : `other|${verb}`;
};

test('a path of an object, a collection, a subresource and a namespace itself are told apart', () => {
  assert.equal(read('GET', '/api/v1/namespaces/a/pods/p'), 'get||v1|a|pods||p|');
  assert.equal(read('GET', '/api/v1/namespaces/a/pods'), 'list||v1|a|pods|||');
  assert.equal(read('GET', '/api/v1/pods'), 'list||v1||pods|||');
  assert.equal(read('POST', '/apis/apps/v1/namespaces/a/deployments'), 'create|apps|v1|a|deployments|||');
  assert.equal(read('PATCH', '/apis/apps/v1/namespaces/a/deployments/d/scale'), 'patch|apps|v1|a|deployments|scale|d|');
  assert.equal(read('GET', '/api/v1/namespaces/a'), 'get||v1|a|namespaces||a|');
  assert.equal(read('GET', '/api/v1/namespaces'), 'list||v1||namespaces|||');
  assert.equal(read('PUT', '/api/v1/namespaces/a/finalize'), 'update||v1|a|namespaces|finalize|a|');
  assert.equal(read('DELETE', '/api/v1/namespaces/a/pods'), 'deletecollection||v1|a|pods|||');
});

test('a watch is one by query, by the old path, and by the name in a field selector', () => {
  assert.equal(read('GET', '/api/v1/pods?watch=true'), 'watch||v1||pods|||');
  assert.equal(read('GET', '/api/v1/pods?watch=0'), 'list||v1||pods|||');
  assert.equal(read('GET', '/api/v1/watch/namespaces/a/pods'), 'watch||v1|a|pods|||');
  assert.equal(read('GET', '/api/v1/watch/namespaces/a/pods/p'), 'watch||v1|a|pods||p|');
  assert.equal(
    read('GET', '/api/v1/namespaces/a/pods?watch=1&fieldSelector=metadata.name%3Dx'),
    'watch||v1|a|pods||x|',
  );
});

test('what is proxied keeps its path as it was', () => {
  assert.equal(
    read('GET', '/api/v1/namespaces/a/services/https:web:443/proxy/x%20y/z/'),
    'get||v1|a|services|proxy|https:web:443|/x%20y/z/',
  );
  assert.equal(read('GET', '/api/v1/namespaces/a/pods/p/proxy/'), 'get||v1|a|pods|proxy|p|/');
  assert.equal(read('GET', '/api/v1/namespaces/a/pods/p/proxy'), 'get||v1|a|pods|proxy|p|');
});

test('discovery and other paths are no resources', () => {
  for (const path of ['/', '/api', '/api/v1', '/apis', '/apis/apps', '/apis/apps/v1', '/healthz', '/openapi/v3/api/v1'])
    assert.equal(read('GET', path), 'other|get');
});
