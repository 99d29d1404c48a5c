import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '../../base/index.ts';
import { credentialsIn, dockerCredentials } from './docker-config.ts';
import { parseRegistriesConf, settingsOf } from './settings.ts';

const auth = Buffer.from('ann:p:w').toString('base64');

test('what docker login wrote is found by host, by address and by the index of a registry', async () => {
  const none = async () => undefined;
  const expected = { username: 'ann', password: 'p:w' };
  assert.deepEqual(await credentialsIn({ auths: { 'r.example:5000': { auth } } }, 'r.example:5000', none), expected);
  assert.deepEqual(
    await credentialsIn({ auths: { 'https://index.r.example/v1/': { auth } } }, 'r.example', none),
    expected,
  );
  assert.deepEqual(await credentialsIn({ auths: { a: { identitytoken: 't' } } }, 'a', none), { identityToken: 't' });
  assert.equal(await credentialsIn({ auths: { other: { auth } } }, 'r.example', none), undefined);
});

test('a helper program is asked, the registry’s own before the common one', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'docker-config-'));
  try {
    const helper = join(directory, 'docker-credential-test');
    await writeFile(helper, '#!/bin/sh\nread server\necho "{\\"Username\\":\\"$1 $server\\",\\"Secret\\":\\"s\\"}"\n');
    await chmod(helper, 0o755);
    await writeFile(
      join(directory, 'config.json'),
      JSON.stringify({ credHelpers: { 'r.example': 'test' }, credsStore: 'absent' }),
    );
    const environment = { DOCKER_CONFIG: directory, PATH: `${directory}:${process.env.PATH}` };
    const settings = settingsOf({ directory, log: silentLog, environment });
    assert.deepEqual(await dockerCredentials(settings, 'r.example'), { username: 'get r.example', password: 's' });
    assert.equal(await dockerCredentials(settings, 'unknown.example'), undefined);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test('the machine’s registries are read from containers-registries.conf', () => {
  const text = `unqualified-search-registries = ["hub.example", "other.example"]
[[registry]]
prefix = "hub.example"
location = "hub.example"
[[registry.mirror]]
location = "mirror.example:5000"
insecure = true
`;
  assert.deepEqual(parseRegistriesConf(text), {
    defaultRegistry: 'hub.example',
    mirrors: { 'hub.example': ['mirror.example:5000'] },
    plainHttp: ['mirror.example:5000'],
  });
});
