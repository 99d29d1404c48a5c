import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually, type TestCluster, testCluster } from './harness.ts';

const PORT = 21_000 + (process.pid % 10_000);
const IMAGE = `localhost:${PORT}/team/page:1`;

describe('a registry on this machine', () => {
  let cluster: TestCluster;
  let registry: ReturnType<typeof spawn>;

  before(async () => {
    cluster = testCluster();
    registry = spawn(
      process.execPath,
      ['dist/wherry.mjs', 'image', 'serve', '--port', String(PORT), '--directory', join(cluster.home, 'registry')],
      { stdio: 'ignore' },
    );
    await eventually('the registry', async () => (await fetch(`http://127.0.0.1:${PORT}/v2/`)).ok);
    const context = join(cluster.home, 'context');
    mkdirSync(context);
    writeFileSync(
      join(context, 'Dockerfile'),
      'FROM busybox:1.36\nCOPY page.txt /page.txt\nUSER 1000\nCMD ["cat", "/page.txt"]\n',
    );
    writeFileSync(join(context, 'page.txt'), 'pulled from next door\n');
    cluster.wherry('image', 'build', '-t', IMAGE, context);
    cluster.wherry('image', 'push', IMAGE);
    cluster.wherry('image', 'remove', IMAGE);
  });
  after(() => {
    registry.kill('SIGTERM');
    cluster.tryWherry(['image', 'remove', IMAGE]);
    cluster.delete();
  });

  test('a pod runs an image that was pushed to it and is nowhere else', async () => {
    cluster.kubectl('run', 'page', `--image=${IMAGE}`, '--restart=Never');
    cluster.kubectl('wait', 'pod/page', '--for=jsonpath={.status.phase}=Succeeded', '--timeout=60s');
    assert.equal(cluster.kubectl('logs', 'page'), 'pulled from next door\n');
    assert.match(
      cluster.kubectl('get', 'events', '--field-selector', 'involvedObject.name=page'),
      /Successfully pulled image/,
    );
  });

  test('an app is carried by a context: its image goes through the registry', async () => {
    const app = join(cluster.home, 'hello');
    mkdirSync(app);
    cpSync(join(process.cwd(), 'test/e2e/harness.ts'), join(app, 'unused.txt'));
    writeFileSync(
      join(app, 'Dockerfile'),
      'FROM busybox:1.36\nUSER 1000\nEXPOSE 8080\nCMD ["sh", "-c", "mkdir -p /tmp/w && echo hello > /tmp/w/index.html && exec httpd -f -p 8080 -h /tmp/w"]\n',
    );
    const said = cluster.tryWherry(
      ['up', app, '--context', `wherry-${cluster.name}`, '--registry', `localhost:${PORT}/apps`, '--yes'],
      { timeoutMs: 120_000 },
    );
    assert.equal(said.exitCode, 0, said.stdout + said.stderr);
    assert.match(
      cluster.kubectl('get', 'deployment', 'hello', '-o', 'jsonpath={.spec.template.spec.containers[0].image}'),
      new RegExp(`^localhost:${PORT}/apps/hello:`),
    );
    await eventually(
      'the pods',
      () => cluster.kubectl('get', 'deployment', 'hello', '-o', 'jsonpath={.status.readyReplicas}') === '2',
    );
  });
});
