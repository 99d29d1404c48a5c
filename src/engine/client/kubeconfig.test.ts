import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UserError } from '../../base/index.ts';
import { kubeconfigPaths, readKubeconfig } from './kubeconfig.ts';

const directory = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
after(() => rm(directory, { recursive: true, force: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

test('the current context gives server, credentials and namespace; data goes before files', async () => {
  await file('ca.pem', 'from file');
  const path = await file(
    'one',
    `apiVersion: v1
kind: Config
current-context: here
clusters:
- name: c
  cluster:
    server: https://127.0.0.1:6443
    certificate-authority: ca.pem
- name: d
  cluster: { server: "https://other", certificate-authority-data: ${Buffer.from('from data').toString('base64')}, insecure-skip-tls-verify: true }
users:
- name: u
  user: { client-certificate-data: ${Buffer.from('cert').toString('base64')}, client-key-data: ${Buffer.from('key').toString('base64')} }
- name: t
  user: { token: secret }
contexts:
- name: here
  context: { cluster: c, user: u, namespace: shop }
- name: there
  context: { cluster: d, user: t }
`,
  );
  const here = await readKubeconfig([path]);
  assert.deepEqual(here, {
    server: 'https://127.0.0.1:6443',
    context: 'here',
    namespace: 'shop',
    ca: 'from file',
    certificate: 'cert',
    key: 'key',
  });
  const there = await readKubeconfig([path], 'there');
  assert.equal(there.ca, 'from data');
  assert.equal(there.token, 'secret');
  assert.equal(there.insecure, true);
  assert.equal(there.namespace, 'default');
});

test('of several files the first to name a thing wins, and missing ones are passed over', async () => {
  const first = await file('first', 'current-context: a\ncontexts: [{name: a, context: {cluster: x, user: ""}}]');
  const second = await file(
    'second',
    'current-context: b\nclusters: [{name: x, cluster: {server: "https://x"}}]\ncontexts: [{name: a, context: {cluster: y}}]',
  );
  const read = await readKubeconfig([join(directory, 'absent'), first, second]);
  assert.equal(read.server, 'https://x');
});

test('an unknown context is a user error that names the known ones', async () => {
  const path = await file('known', 'contexts: [{name: a, context: {}}, {name: b, context: {}}]');
  await assert.rejects(readKubeconfig([path], 'nope'), (error: unknown) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, /no context "nope"/);
    assert.match(error.message, /a, b/);
    return true;
  });
});

test('a credential plug-in is run and its token used', async () => {
  const plugin = await file(
    'plugin.sh',
    '#!/bin/sh\necho "{\\"kind\\":\\"ExecCredential\\",\\"status\\":{\\"token\\":\\"$GREETING-$(echo "$KUBERNETES_EXEC_INFO" | grep -c ExecCredential)\\"}}"\n',
  );
  await chmod(plugin, 0o755);
  const path = await file(
    'exec',
    `current-context: a
clusters: [{name: c, cluster: {server: "https://c"}}]
users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin.sh, env: [{name: GREETING, value: hello}]}}}]
contexts: [{name: a, context: {cluster: c, user: u}}]
`,
  );
  const { token } = await readKubeconfig([path]);
  assert.ok(typeof token === 'function');
  assert.equal(await token(), 'hello-1');
});

test('KUBECONFIG lists files, else the one in the home directory is read', () => {
  assert.deepEqual(kubeconfigPaths({ KUBECONFIG: '/a:/b', HOME: '/root' }), ['/a', '/b']);
  assert.deepEqual(kubeconfigPaths({ HOME: '/home/me' }), ['/home/me/.kube/config']);
});
