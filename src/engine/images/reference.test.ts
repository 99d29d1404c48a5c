import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PullError } from './contract.ts';
import { normalName, parseReference, registryPlace } from './reference.ts';

const HEX = 'a'.repeat(64);

test('names of every form are taken apart as the distribution grammar says', () => {
  const cases: [string, string | undefined, string, string | undefined, string | undefined][] = [
    ['node', undefined, 'node', undefined, undefined],
    ['node:22-slim', undefined, 'node', '22-slim', undefined],
    ['team/app:v1', undefined, 'team/app', 'v1', undefined],
    ['localhost/app', 'localhost', 'app', undefined, undefined],
    ['localhost:5000/a/b__c/d-e.f:1', 'localhost:5000', 'a/b__c/d-e.f', '1', undefined],
    ['registry.example:443/app', 'registry.example:443', 'app', undefined, undefined],
    ['[::1]:5000/app:x', '[::1]:5000', 'app', 'x', undefined],
    [`app:1@sha256:${HEX}`, undefined, 'app', '1', `sha256:${HEX}`],
  ];
  for (const [text, registry, path, tag, digest] of cases) {
    assert.deepEqual(parseReference(text), { registry, path, tag, digest }, text);
  }
});

test('what is no name is refused in the words of the kubelet', () => {
  const faults: [string, string][] = [
    ['', 'invalid reference format'],
    ['Node', 'invalid reference format: repository name (Node) must be lowercase'],
    ['a//b', 'invalid reference format'],
    ['app:', 'invalid reference format'],
    ['app:-x', 'invalid reference format'],
    ['app@sha256:abc', 'invalid reference format'],
    ['a b', 'invalid reference format'],
    [HEX, 'invalid repository name, cannot specify 64-byte hexadecimal strings'],
    ['a'.repeat(256), 'repository name must not be more than 255 characters'],
  ];
  for (const [text, fault] of faults) {
    assert.throws(
      () => parseReference(text),
      (error) =>
        error instanceof PullError &&
        error.reason === 'InvalidImageName' &&
        error.message ===
          `Failed to apply default image tag ${JSON.stringify(text)}: couldn't parse image name ${JSON.stringify(text)}: ${fault}`,
      text,
    );
  }
});

test('an image of the default registry has one short name, others keep their registry', () => {
  const name = (text: string) => normalName(parseReference(text), 'hub.example');
  assert.equal(name('node'), 'node:latest');
  assert.equal(name('library/node:22'), 'node:22');
  assert.equal(name('hub.example/library/node:22'), 'node:22');
  assert.equal(name('hub.example/team/app:1'), 'team/app:1');
  assert.equal(name('other.example/library/node:22'), 'other.example/library/node:22');
  assert.equal(name(`node:22@sha256:${HEX}`), `node@sha256:${HEX}`);
  assert.deepEqual(registryPlace(parseReference('node'), 'hub.example'), {
    registry: 'hub.example',
    path: 'library/node',
  });
  assert.equal(registryPlace(parseReference('node'), undefined), undefined);
});
