import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { kinds } from '../kinds/index.ts';
import { insideBundle, isReady, shell, type TestBed, testBed } from './harness.test.ts';

const SERVE = 'echo hello > /www/index.html; exec httpd -f -p 8080 -h /www';

insideBundle(process.argv[1] ?? '', () => {
  describe('a node', () => {
    let bed: TestBed;
    before(async () => {
      bed = await testBed();
    });
    after(() => bed.close());

    test('registers itself, ready at once, with a lease', async () => {
      const node = await bed.client.get(kinds.nodes, undefined, 'node-a');
      assert.equal(node.status?.conditions?.find(({ type }) => type === 'Ready')?.reason, 'KubeletReady');
      assert.equal(node.metadata.labels?.['kubernetes.io/hostname'], 'node-a');
    });

    test('brings a pod up, ready, with an address, events and its log', async () => {
      await bed.run('web', { containers: [shell('web', `echo up; ${SERVE}`)] });
      const pod = await bed.until('web', 'ready', (now) => isReady(now) && now);
      assert.equal(pod.status?.phase, 'Running');
      assert.match(pod.status?.podIP ?? '', /^10\.244\./);
      assert.deepEqual(
        pod.status?.conditions?.map(({ type, status }) => `${type}=${status}`),
        [
          'PodReadyToStartContainers=True',
          'Initialized=True',
          'Ready=True',
          'ContainersReady=True',
          'PodScheduled=True',
        ],
      );
      assert.equal(await bed.logs('web'), 'up\n');
      await bed.hasEvent('web', 'Started: Container started');
      assert.deepEqual(await bed.events('web'), [
        'Pulled: Container image "busybox:1.36" already present on machine and can be accessed by the pod',
        'Created: Container created',
        'Started: Container started',
      ]);
    });

    test('ends a deleted pod gracefully and takes it out of the API', async () => {
      await bed.run('ends', {
        containers: [shell('main', 'trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.1; done')],
      });
      await bed.until('ends', 'ready', isReady);
      await bed.client.delete(kinds.pods, 'default', 'ends');
      await bed.gone('ends');
    });
  });
});
