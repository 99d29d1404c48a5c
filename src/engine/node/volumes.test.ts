import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { kinds, type Pod } from '../kinds/index.ts';
import { insideBundle, isReady, shell, type TestBed, testBed } from './harness.test.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const ended = (pod: Pod) => ['Succeeded', 'Failed'].includes(pod.status?.phase ?? '') && pod;
const WAIT = 'trap "exit 0" TERM; while :; do sleep 0.05; done';

insideBundle(process.argv[1] ?? '', () => {
  describe('the volumes of a pod', () => {
    let bed: TestBed;
    const outputOf = async (name: string, spec: Parameters<TestBed['run']>[1]) => {
      await bed.run(name, { restartPolicy: 'Never', ...spec });
      const pod = await bed.until(name, 'its end', ended);
      const text = await bed.logs(name);
      assert.equal(pod.status?.phase, 'Succeeded', text);
      return text;
    };
    before(async () => {
      bed = await testBed();
      await bed.client.create(kinds.configmaps, {
        metadata: { name: 'settings', namespace: 'default' },
        data: { colour: 'green', 'deep.key': 'value' },
      } as never);
      await bed.client.create(kinds.secrets, {
        metadata: { name: 'hidden', namespace: 'default' },
        data: { password: base64('s3cret') },
      } as never);
    });
    after(() => bed.close());

    test('show ConfigMaps, Secrets, the pod itself and a token, with modes and paths', async () => {
      const text = await outputOf('shows', {
        volumes: [
          {
            name: 'settings',
            configMap: { name: 'settings', items: [{ key: 'colour', path: 'a/b/colour', mode: 0o400 }] },
          },
          { name: 'hidden', secret: { secretName: 'hidden', defaultMode: 0o440 } },
          { name: 'self', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
          {
            name: 'all',
            projected: {
              sources: [
                { configMap: { name: 'settings', items: [{ key: 'deep.key', path: 'deep' }] } },
                { serviceAccountToken: { path: 'token' } },
                { downwardAPI: { items: [{ path: 'ns', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
              ],
            },
          },
        ],
        containers: [
          shell(
            'main',
            'cat /c/a/b/colour; echo; stat -Lc %a /c/a/b/colour; cat /s/password; echo; stat -Lc %a /s/password; cat /d/labels; echo; cat /p/deep; echo; cat /p/ns; echo; cut -c1-6 /p/token',
            {
              volumeMounts: [
                { name: 'settings', mountPath: '/c' },
                { name: 'hidden', mountPath: '/s' },
                { name: 'self', mountPath: '/d' },
                { name: 'all', mountPath: '/p' },
              ],
            },
          ),
        ],
      });
      assert.equal(text, 'green\n400\ns3cret\n440\napp="shows"\nvalue\ndefault\ntoken-\n');
    });

    test('change in the running container when their source does', async () => {
      await bed.client.create(kinds.configmaps, {
        metadata: { name: 'live', namespace: 'default' },
        data: { word: 'old' },
      } as never);
      await bed.run('live', {
        volumes: [{ name: 'v', configMap: { name: 'live' } }],
        containers: [
          shell('main', 'while [ "$(cat /v/word)" = old ]; do sleep 0.05; done; cat /v/word; ls /v', {
            volumeMounts: [{ name: 'v', mountPath: '/v' }],
          }),
        ],
        restartPolicy: 'Never',
      });
      await bed.until('live', 'ready', (pod) => pod.status?.containerStatuses?.[0]?.state?.running);
      const live = await bed.client.get(kinds.configmaps, 'default', 'live');
      await bed.client.update(kinds.configmaps, { ...live, data: { word: 'new', more: 'x' } });
      await bed.until('live', 'its end', ended);
      assert.equal(await bed.logs('live'), 'newmore\nword\n');
    });

    test('lose the files of an optional source that is removed', async () => {
      await bed.client.create(kinds.configmaps, {
        metadata: { name: 'going', namespace: 'default' },
        data: { word: 'here' },
      } as never);
      await bed.run('optional', {
        volumes: [{ name: 'v', configMap: { name: 'going', optional: true } }],
        containers: [
          shell('main', 'while [ -e /v/word ]; do sleep 0.05; done; echo gone', {
            volumeMounts: [{ name: 'v', mountPath: '/v' }],
          }),
        ],
        restartPolicy: 'Never',
      });
      await bed.until('optional', 'running', (pod) => pod.status?.containerStatuses?.[0]?.state?.running);
      await bed.client.delete(kinds.configmaps, 'default', 'going');
      await bed.until('optional', 'its end', ended);
      assert.equal(await bed.logs('optional'), 'gone\n');
    });

    test('show new labels of the pod, and keep the token they have', async () => {
      const sources = [
        { serviceAccountToken: { path: 'token' } },
        { downwardAPI: { items: [{ path: 'app', fieldRef: { fieldPath: "metadata.labels['app']" } }] } },
      ];
      await bed.run('labels', {
        restartPolicy: 'Never',
        volumes: [{ name: 'v', projected: { sources } }],
        containers: [
          shell(
            'main',
            'cat /v/token; while [ "$(cat /v/app)" = labels ]; do sleep 0.05; done; cat /v/app; cat /v/token',
            {
              volumeMounts: [{ name: 'v', mountPath: '/v' }],
            },
          ),
        ],
      });
      await bed.until('labels', 'running', (pod) => pod.status?.containerStatuses?.[0]?.state?.running);
      await bed.client.patch(kinds.pods, 'default', 'labels', {
        type: 'merge',
        body: { metadata: { labels: { app: 'new' } } },
      });
      await bed.until('labels', 'its end', ended);
      const [, before, after] = /^(token-\d+)new(token-\d+)$/.exec(await bed.logs('labels')) ?? [];
      assert.ok(before !== undefined && before === after);
    });

    test('that are missing hold the pod back, told by an event, until they appear', async () => {
      await bed.run('waits', {
        volumes: [{ name: 'v', configMap: { name: 'later' } }],
        containers: [shell('main', WAIT, { volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
      });
      await bed.until(
        'waits',
        'creating',
        (pod) => pod.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ContainerCreating',
      );
      for (
        let events: string[] = [];
        !events.some(
          (event) => event === 'FailedMount: MountVolume.SetUp failed for volume "v" : configmap "later" not found',
        );
      ) {
        await bed.context.clock.sleep(10);
        events = await bed.events('waits');
      }
      await bed.client.create(kinds.configmaps, {
        metadata: { name: 'later', namespace: 'default' },
        data: {},
      } as never);
      await bed.until('waits', 'ready', isReady);
    });

    test('of the kind emptyDir are shared, open to all, in memory where asked, and belong to fsGroup', async () => {
      const text = await outputOf('empty', {
        securityContext: { fsGroup: 123, runAsUser: 1001 },
        volumes: [
          { name: 'disk', emptyDir: {} },
          { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
        ],
        containers: [
          shell(
            'main',
            'stat -c "%a %g" /disk; mount | grep " /memory " | cut -d" " -f5; touch /disk/f && stat -c %g /disk/f; id',
            {
              volumeMounts: [
                { name: 'disk', mountPath: '/disk' },
                { name: 'memory', mountPath: '/memory' },
              ],
            },
          ),
        ],
      });
      assert.equal(text, '2777 123\ntmpfs\n123\nuid=1001(web) gid=1002(www) groups=123,1002(www),1003(extra)\n');
    });

    test('may be mounted in part, also by an expression, and read-only', async () => {
      const text = await outputOf('parts', {
        volumes: [
          { name: 'v', emptyDir: {} },
          { name: 'c', configMap: { name: 'settings' } },
        ],
        containers: [
          shell(
            'main',
            'echo x > /whole/$WHO/f && cat /part/f; cat /etc/colour; echo; touch /locked/no 2>/dev/null || echo refused',
            {
              env: [{ name: 'WHO', value: 'me' }],
              volumeMounts: [
                { name: 'v', mountPath: '/whole' },
                { name: 'v', mountPath: '/part', subPathExpr: '$(WHO)' },
                { name: 'c', mountPath: '/etc/colour', subPath: 'colour' },
                { name: 'v', mountPath: '/locked', readOnly: true },
              ],
            },
          ),
        ],
      });
      assert.match(text, /^x\ngreen\nrefused\n$/);
    });

    test('of the kind hostPath are checked by their type', async () => {
      await bed.run('host', {
        volumes: [{ name: 'v', hostPath: { path: '/etc/passwd', type: 'Directory' } }],
        containers: [shell('main', WAIT, { volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
      });
      const wanted =
        'FailedMount: MountVolume.SetUp failed for volume "v" : hostPath type check failed: /etc/passwd is not a directory';
      for (let events: string[] = []; !events.includes(wanted); events = await bed.events('host'))
        await bed.context.clock.sleep(10);
    });

    test('claimed from a PersistentVolume keep what was written', async () => {
      const path = `${bed.directory}/pv`;
      await bed.client.create(kinds.persistentvolumes, {
        metadata: { name: 'pv' },
        spec: {
          capacity: { storage: '1Gi' },
          accessModes: ['ReadWriteOnce'],
          hostPath: { path, type: 'DirectoryOrCreate' },
        },
      });
      const claim = await bed.client.create(kinds.persistentvolumeclaims, {
        metadata: { name: 'claim', namespace: 'default' },
        spec: { volumeName: 'pv', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      });
      await bed.client.updateStatus(kinds.persistentvolumeclaims, { ...claim, status: { phase: 'Bound' } });
      const spec = (script: string) => ({
        volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'claim' } }],
        containers: [shell('main', script, { volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
      });
      await outputOf('writes', spec('echo kept > /v/file'));
      assert.equal(await outputOf('reads', spec('cat /v/file')), 'kept\n');
    });

    test('of the kind image show its files, read-only', async () => {
      const text = await outputOf('image', {
        volumes: [{ name: 'v', image: { reference: 'busybox:1.36' } }],
        containers: [
          shell('main', 'head -1 /v/etc/passwd; touch /v/no 2>/dev/null || echo refused', {
            volumeMounts: [{ name: 'v', mountPath: '/v' }],
          }),
        ],
      });
      assert.match(text, /^root:.*\nrefused\n$/);
    });
  });
});
