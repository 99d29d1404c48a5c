import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { insideBundle, isReady, shell, type TestBed, testBed } from './harness.test.ts';

const WAIT = 'trap "exit 0" TERM; while :; do sleep 0.05; done';

insideBundle(process.argv[1] ?? '', () => {
  describe('the probes of a pod', () => {
    let bed: TestBed;
    before(async () => {
      bed = await testBed();
    });
    after(() => bed.close());
    const started = (name: string) =>
      bed.until(name, 'running', (pod) => pod.status?.containerStatuses?.[0]?.state?.running);

    test('make it ready as soon as it serves', async () => {
      await bed.run('serves', {
        containers: [
          shell('main', 'sleep 0.3; exec httpd -f -p 8080 -h /www', {
            ports: [{ name: 'web', containerPort: 8080 }],
            readinessProbe: { httpGet: { path: '/none', port: 'web' }, periodSeconds: 1 },
          }),
          shell('other', 'sleep 0.2; exec httpd -f -p 9090 -h /www', {
            readinessProbe: { tcpSocket: { port: 9090 }, periodSeconds: 60 },
          }),
        ],
      });
      const pod = await bed.until(
        'serves',
        'one ready, one not',
        (now) => now.status?.containerStatuses?.[1]?.ready && now,
      );
      assert.equal(pod.status?.containerStatuses?.[0]?.ready, false);
      assert.equal(
        pod.status?.conditions?.find(({ type }) => type === 'Ready')?.message,
        'containers with unready status: [main]',
      );
      for (
        let events: string[] = [];
        !events.includes('Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 404');
        events = await bed.events('serves')
      ) {
        await bed.context.clock.sleep(20);
      }
    });

    test('restart it when the liveness probe fails', async () => {
      await bed.run('dies', {
        containers: [
          shell('main', WAIT, {
            livenessProbe: {
              exec: { command: ['sh', '-c', 'echo sick; exit 1'] },
              periodSeconds: 1,
              failureThreshold: 1,
              terminationGracePeriodSeconds: 1,
            },
          }),
        ],
      });
      await bed.until('dies', 'a restart', (pod) => pod.status?.containerStatuses?.[0]?.restartCount === 1);
      await bed.hasEvent('dies', 'Unhealthy: Liveness probe failed: sick\n');
      await bed.hasEvent('dies', 'Killing: Container main failed liveness probe, will be restarted');
    });

    test('hold the others back until the startup probe has succeeded', async () => {
      await bed.run('slow', {
        containers: [
          shell('main', `sleep 0.5; touch /tmp/up; ${WAIT}`, {
            startupProbe: { exec: { command: ['test', '-f', '/tmp/up'] }, periodSeconds: 1, failureThreshold: 30 },
            readinessProbe: { exec: { command: ['true'] } },
          }),
        ],
      });
      await started('slow');
      const early = await bed.pod('slow');
      assert.deepEqual(
        [early.status?.containerStatuses?.[0]?.started, early.status?.containerStatuses?.[0]?.ready],
        [false, false],
      );
      const pod = await bed.until('slow', 'ready', (now) => isReady(now) && now);
      assert.equal(pod.status?.containerStatuses?.[0]?.started, true);
    });

    test('keep a pod with a readiness gate back until its condition holds', async () => {
      const pod = await bed.run('gated', {
        readinessGates: [{ conditionType: 'example.com/go' }],
        containers: [shell('main', WAIT)],
      });
      const waiting = await bed.until(
        'gated',
        'containers ready',
        (now) =>
          now.status?.conditions?.some(({ type, status }) => type === 'ContainersReady' && status === 'True') && now,
      );
      assert.equal(
        waiting.status?.conditions?.find(({ type }) => type === 'Ready')?.message,
        'corresponding condition of pod readiness gate "example.com/go" does not exist.',
      );
      const { kinds } = await import('../kinds/index.ts');
      const now = await bed.client.get(kinds.pods, 'default', pod.metadata.name);
      await bed.client.updateStatus(kinds.pods, {
        ...now,
        status: {
          ...now.status,
          conditions: [...(now.status?.conditions ?? []), { type: 'example.com/go', status: 'True' }],
        },
      });
      await bed.until('gated', 'ready', isReady);
    });
  });
});
