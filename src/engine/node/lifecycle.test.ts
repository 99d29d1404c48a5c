import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { kinds, type Pod } from '../kinds/index.ts';
import { insideBundle, isReady, shell, type TestBed, testBed } from './harness.test.ts';

const WAIT = 'trap "exit 0" TERM; while :; do sleep 0.05; done';
const phaseIs = (phase: string) => (pod: Pod) => pod.status?.phase === phase && pod;
const first = (pod: Pod) => pod.status?.containerStatuses?.[0];

insideBundle(process.argv[1] ?? '', () => {
  describe('a pod', () => {
    let bed: TestBed;
    before(async () => {
      bed = await testBed();
    });
    after(() => bed.close());

    test('that succeeds is Succeeded, and tells its termination message', async () => {
      await bed.run('done', {
        restartPolicy: 'Never',
        containers: [shell('main', 'echo -n fine > /dev/termination-log')],
      });
      const pod = await bed.until('done', 'Succeeded', phaseIs('Succeeded'));
      const { state } = first(pod) ?? {};
      assert.deepEqual(
        [state?.terminated?.exitCode, state?.terminated?.reason, state?.terminated?.message],
        [0, 'Completed', 'fine'],
      );
      assert.equal(pod.status?.conditions?.find(({ type }) => type === 'Ready')?.reason, 'PodCompleted');
    });

    test('that fails is Failed; FallbackToLogsOnError tells the end of its log', async () => {
      await bed.run('fails', {
        restartPolicy: 'Never',
        containers: [shell('main', 'echo it broke; exit 3', { terminationMessagePolicy: 'FallbackToLogsOnError' })],
      });
      const pod = await bed.until('fails', 'Failed', phaseIs('Failed'));
      const { state } = first(pod) ?? {};
      assert.deepEqual(
        [state?.terminated?.exitCode, state?.terminated?.reason, state?.terminated?.message],
        [3, 'Error', 'it broke\n'],
      );
    });

    test('is restarted once at once, then backs off, keeping what came before', async () => {
      await bed.run('crash', { containers: [shell('main', 'echo try; exit 1')] });
      const pod = await bed.until(
        'crash',
        'the back-off',
        (now) => first(now)?.state?.waiting?.reason === 'CrashLoopBackOff' && now,
      );
      assert.equal(first(pod)?.restartCount, 1);
      assert.equal(first(pod)?.lastState?.terminated?.exitCode, 1);
      assert.equal(
        first(pod)?.state?.waiting?.message,
        `back-off 10s restarting failed container=main pod=crash_default(${pod.metadata.uid})`,
      );
      assert.equal(pod.status?.phase, 'Running');
      assert.equal(await bed.logs('crash', { previous: true }), 'try\n');
      await bed.hasEvent(
        'crash',
        `BackOff: Back-off restarting failed container main in pod crash_default(${pod.metadata.uid})`,
      );
      await bed.client.delete(kinds.pods, 'default', 'crash');
      await bed.gone('crash');
    });

    test('runs init containers in order before its own', async () => {
      const volumeMounts = [{ name: 'shared', mountPath: '/shared' }];
      await bed.run('inits', {
        restartPolicy: 'Never',
        volumes: [{ name: 'shared', emptyDir: {} }],
        initContainers: [
          shell('one', 'echo 1 >> /shared/order', { volumeMounts }),
          shell('two', 'echo 2 >> /shared/order', { volumeMounts }),
        ],
        containers: [shell('main', 'echo 3 >> /shared/order; cat /shared/order', { volumeMounts })],
      });
      const pod = await bed.until('inits', 'Succeeded', phaseIs('Succeeded'));
      assert.equal(await bed.logs('inits'), '1\n2\n3\n');
      assert.deepEqual(
        pod.status?.initContainerStatuses?.map(({ ready, state }) => [ready, state?.terminated?.reason]),
        [
          [true, 'Completed'],
          [true, 'Completed'],
        ],
      );
    });

    test('whose init container fails for good is Failed, its own containers never started', async () => {
      await bed.run('badinit', {
        restartPolicy: 'Never',
        initContainers: [shell('one', 'exit 1')],
        containers: [shell('main', WAIT)],
      });
      const pod = await bed.until('badinit', 'Failed', phaseIs('Failed'));
      assert.equal(pod.status?.initContainerStatuses?.[0]?.state?.terminated?.exitCode, 1);
    });

    test('ends its sidecars after its own containers, and is Succeeded then', async () => {
      const volumeMounts = [{ name: 'shared', mountPath: '/shared' }];
      await bed.run('sidecars', {
        restartPolicy: 'Never',
        volumes: [{ name: 'shared', emptyDir: {} }],
        initContainers: [
          shell('outer', 'trap "cat /shared/ends; exit 0" TERM; while :; do sleep 0.05; done', {
            restartPolicy: 'Always',
            volumeMounts,
          }),
          shell('inner', 'trap "echo inner >> /shared/ends; exit 0" TERM; while :; do sleep 0.05; done', {
            restartPolicy: 'Always',
            volumeMounts,
          }),
        ],
        containers: [shell('main', 'sleep 0.3; echo main >> /shared/ends', { volumeMounts })],
      });
      await bed.until('sidecars', 'Succeeded', phaseIs('Succeeded'));
      assert.equal(await bed.logs('sidecars', { container: 'outer' }), 'main\ninner\n');
    });

    test('runs its hooks: postStart before it is ready, preStop before its signal', async () => {
      await bed.run('hooks', {
        containers: [
          shell(
            'main',
            'trap "echo term >> /dev/termination-log; cat /dev/termination-log; exit 0" TERM; while :; do sleep 0.05; done',
            {
              lifecycle: {
                postStart: { exec: { command: ['sh', '-c', 'echo started >> /dev/termination-log'] } },
                preStop: { exec: { command: ['sh', '-c', 'echo stopping >> /dev/termination-log'] } },
              },
            },
          ),
        ],
      });
      await bed.until('hooks', 'ready', isReady);
      const seen = new Promise<Pod>((resolve) => {
        bed.context.informers.of(kinds.pods).onChange((now) => {
          if (now?.metadata.name === 'hooks' && first(now)?.state?.terminated) resolve(now);
        });
      });
      await bed.client.delete(kinds.pods, 'default', 'hooks');
      assert.equal(first(await seen)?.state?.terminated?.message, 'started\nstopping\nterm\n');
      await bed.gone('hooks');
    });

    test('whose postStart hook fails is killed and restarted', async () => {
      await bed.run('badhook', {
        restartPolicy: 'Never',
        containers: [shell('main', WAIT, { lifecycle: { postStart: { exec: { command: ['false'] } } } })],
      });
      await bed.until('badhook', 'its end', (pod) => ['Failed', 'Succeeded'].includes(pod.status?.phase ?? ''));
      await bed.hasEvent('badhook', 'FailedPostStartHook: PostStartHook failed');
      await bed.hasEvent('badhook', 'Killing: FailedPostStartHook');
    });

    test('past its deadline is Failed with DeadlineExceeded', async () => {
      await bed.run('late', { activeDeadlineSeconds: 1, containers: [shell('main', WAIT)] });
      const pod = await bed.until('late', 'Failed', phaseIs('Failed'));
      assert.deepEqual(
        [pod.status?.reason, pod.status?.message],
        ['DeadlineExceeded', 'Pod was active on the node longer than the specified deadline'],
      );
    });

    test('whose image is not to be had says so and backs off', async () => {
      await bed.run('noimage', { containers: [{ name: 'main', image: 'nowhere:1' }] });
      const pod = await bed.until(
        'noimage',
        'the back-off',
        (now) => first(now)?.state?.waiting?.reason === 'ImagePullBackOff' && now,
      );
      assert.equal(
        first(pod)?.state?.waiting?.message,
        'Back-off pulling image "nowhere:1": ErrImagePull: pull nowhere:1: not found',
      );
      assert.equal(pod.status?.phase, 'Pending');
      await bed.hasEvent('noimage', 'Failed: Error: ImagePullBackOff');
      const events = await bed.events('noimage');
      assert.deepEqual(events.slice(0, 5), [
        'Pulling: Pulling image "nowhere:1"',
        'Failed: Failed to pull image "nowhere:1": pull nowhere:1: not found',
        'Failed: Error: ErrImagePull',
        'BackOff: Back-off pulling image "nowhere:1"',
        'Failed: Error: ImagePullBackOff',
      ]);
    });

    test('whose program does not exist fails to start', async () => {
      await bed.run('noprogram', {
        restartPolicy: 'Never',
        containers: [{ name: 'main', image: 'busybox:1.36', command: ['/none'] }],
      });
      const pod = await bed.until('noprogram', 'Failed', phaseIs('Failed'));
      assert.deepEqual(
        [first(pod)?.state?.terminated?.exitCode, first(pod)?.state?.terminated?.reason],
        [128, 'StartError'],
      );
    });

    test('that is killed for its memory says OOMKilled', async () => {
      await bed.run('oom', {
        restartPolicy: 'Never',
        containers: [shell('main', 'x=a; while :; do x=$x$x; done', { resources: { limits: { memory: '16Mi' } } })],
      });
      const pod = await bed.until('oom', 'Failed', phaseIs('Failed'));
      assert.equal(first(pod)?.state?.terminated?.reason, 'OOMKilled');
    });

    test('gets an ephemeral container while it runs', async () => {
      await bed.run('debugged', { containers: [shell('main', WAIT)] });
      const pod = await bed.until('debugged', 'ready', (now) => isReady(now) && now);
      const debugged = { ...pod, spec: { ...pod.spec, ephemeralContainers: [shell('debug', 'echo looking')] } };
      await bed.client.update(kinds.pods, debugged, { subresource: 'ephemeralcontainers' });
      await bed.until(
        'debugged',
        'its end',
        (now) => now.status?.ephemeralContainerStatuses?.[0]?.state?.terminated?.exitCode === 0,
      );
      assert.equal(await bed.logs('debugged', { container: 'debug' }), 'looking\n');
    });

    test('runs on through a restart of the engine, and is still watched', async () => {
      await bed.run('survivor', { containers: [shell('main', `echo one; ${WAIT}`)] });
      const before = first(await bed.until('survivor', 'ready', (now) => isReady(now) && now));
      await bed.restart();
      const after = await bed.pod('survivor');
      assert.equal(first(after)?.containerID, before?.containerID);
      assert.equal(isReady(after), true);
      await bed.client.delete(kinds.pods, 'default', 'survivor');
      await bed.gone('survivor');
    });

    test('that lost its sandbox begins anew, init containers first', async () => {
      await bed.run('reborn', {
        initContainers: [shell('init', 'true')],
        containers: [shell('main', WAIT)],
      });
      const pod = await bed.until('reborn', 'ready', (now) => isReady(now) && now);
      await bed.restart([pod.metadata.uid]);
      const after = await bed.until(
        'reborn',
        'its restart',
        (now) => first(now)?.restartCount === 1 && isReady(now) && now,
      );
      assert.equal(after.status?.initContainerStatuses?.[0]?.restartCount, 1);
      assert.equal(first(after)?.lastState?.terminated?.exitCode, 137);
      await bed.hasEvent('reborn', 'SandboxChanged: Pod sandbox changed, it will be killed and re-created.');
    });

    test('whose sysctl is not allowed is refused', async () => {
      await bed.run('unsafe', {
        securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] },
        containers: [shell('main', WAIT)],
      });
      const pod = await bed.until('unsafe', 'Failed', phaseIs('Failed'));
      assert.equal(pod.status?.reason, 'SysctlForbidden');
    });
  });
});
