import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog, systemClock } from '../../base/index.ts';
import { createInformers, createRecorder } from '../client/index.ts';
import { kinds } from '../kinds/index.ts';
import { hollowRuntime } from '../runtime/index.ts';
import { isReady, testClient, testImages } from './harness.test.ts';
import { startNode } from './node.ts';

test('hollow nodes run pods without touching the disk, and end them', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'wherry-hollow-'));
  const client = await testClient();
  const informers = createInformers(client, systemClock, silentLog);
  const context = {
    client,
    informers,
    clock: systemClock,
    log: silentLog,
    recorder: (component: string) => createRecorder(client, component, systemClock, silentLog),
  };
  const nodes = await Promise.all(
    ['h0', 'h1', 'h2'].map((name) =>
      startNode(context, {
        name,
        directory,
        runtime: hollowRuntime({ clock: systemClock }),
        images: testImages,
        network: undefined,
        addresses: { internalIp: '10.1.0.1', hostname: name },
        capacity: { cpu: 8, memoryBytes: 2 ** 34, pods: 110, ephemeralStorageBytes: 2 ** 34 },
        kubernetesVersion: 'v1.36.2',
        clusterDns: '',
        clusterDomain: 'cluster.local',
        serviceEnvironment: true,
        apiAddress: '',
      }),
    ),
  );
  const pods = informers.of(kinds.pods);
  const spec = (index: number) => ({
    nodeName: `h${index % 3}`,
    volumes: [{ name: 'v', configMap: { name: 'none' } }],
    containers: [{ name: 'a', image: 'x', readinessProbe: { exec: { command: ['true'] } } }],
  });
  const count = 60;
  const allReady = new Promise<void>((resolve) => {
    const ready = new Set<string>();
    pods.onChange((now) => {
      if (now && isReady(now)) ready.add(now.metadata.name);
      if (ready.size === count) resolve();
    });
  });
  for (let index = 0; index < count; index++)
    await client.create(kinds.pods, { metadata: { name: `p${index}`, namespace: 'default' }, spec: spec(index) });
  await allReady;
  assert.equal(new Set(pods.list().map(({ status }) => status?.podIP)).size, 20, 'an address is given once a node');
  const allGone = new Promise<void>((resolve) => {
    pods.onChange(() => {
      if (pods.list().length === 0) resolve();
    });
  });
  for (let index = 0; index < count; index++) await client.delete(kinds.pods, 'default', `p${index}`);
  await allGone;
  assert.deepEqual(readdirSync(directory), []);
  await Promise.all(nodes.map((node) => node.stop()));
  informers.stop();
  rmSync(directory, { recursive: true, force: true });
});
