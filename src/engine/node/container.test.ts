import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { kinds, type Pod } from '../kinds/index.ts';
import { insideBundle, isReady, shell, type TestBed, testBed } from './harness.test.ts';

const ended = (pod: Pod) => ['Succeeded', 'Failed'].includes(pod.status?.phase ?? '') && pod;
const base64 = (text: string) => Buffer.from(text).toString('base64');
const WAIT = 'trap "exit 0" TERM; while :; do sleep 0.05; done';

insideBundle(process.argv[1] ?? '', () => {
  describe('a container', () => {
    let bed: TestBed;
    const outputOf = async (name: string, spec: Parameters<TestBed['run']>[1]) => {
      await bed.run(name, { restartPolicy: 'Never', ...spec });
      const pod = await bed.until(name, 'its end', ended);
      const text = await bed.logs(name);
      assert.equal(pod.status?.phase, 'Succeeded', text + JSON.stringify(pod.status));
      return text;
    };
    before(async () => {
      bed = await testBed();
      await bed.client.create(kinds.configmaps, {
        metadata: { name: 'settings', namespace: 'default' },
        data: { COLOUR: 'green', SIZE: 'big' },
      } as never);
      await bed.client.create(kinds.secrets, {
        metadata: { name: 'hidden', namespace: 'default' },
        data: { password: base64('s3cret') },
      } as never);
      await bed.client.create(kinds.services, {
        metadata: { name: 'redis-main', namespace: 'default' },
        spec: { clusterIP: '10.96.0.11', ports: [{ name: 'tcp', port: 6379, protocol: 'TCP' }] },
      } as never);
    });
    after(() => bed.close());

    test('gets its variables from everywhere', async () => {
      const text = await outputOf('variables', {
        containers: [
          shell(
            'main',
            'env | sort | grep -E "^(COLOUR|P_|PASS|NAME|WHOLE|LIMIT|CPU|IP|FROM|REDIS_MAIN_SERVICE|REDIS_MAIN_PORT=|MISSING|ESCAPED)"; echo $0',
            {
              command: ['sh', '-c'],
              args: [
                'env | sort | grep -E "^(COLOUR|P_|PASS|NAME|WHOLE|LIMIT|CPU|FROM|REDIS_MAIN_SERVICE|REDIS_MAIN_PORT=|MISSING|ESCAPED)"; echo $0',
                '$(NAME)!',
              ],
              envFrom: [
                { configMapRef: { name: 'settings' }, prefix: 'P_' },
                { secretRef: { name: 'none', optional: true } },
              ],
              env: [
                { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
                { name: 'COLOUR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'COLOUR' } } },
                { name: 'PASS', valueFrom: { secretKeyRef: { name: 'hidden', key: 'password' } } },
                { name: 'WHOLE', value: '$(NAME)-$(PASS)-$(UNKNOWN)' },
                { name: 'ESCAPED', value: '$$(NAME)' },
                { name: 'LIMIT', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
                { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
                { name: 'MISSING', valueFrom: { secretKeyRef: { name: 'hidden', key: 'none', optional: true } } },
              ],
              resources: { limits: { memory: '64Mi' } },
            },
          ),
        ],
      });
      assert.equal(
        text,
        [
          'COLOUR=green',
          'CPU=2',
          'ESCAPED=$(NAME)',
          'FROM_IMAGE=yes',
          'LIMIT=64',
          'NAME=variables',
          'PASS=s3cret',
          'P_COLOUR=green',
          'P_SIZE=big',
          'REDIS_MAIN_PORT=tcp://10.96.0.11:6379',
          'REDIS_MAIN_SERVICE_HOST=10.96.0.11',
          'REDIS_MAIN_SERVICE_PORT=6379',
          'REDIS_MAIN_SERVICE_PORT_TCP=6379',
          'WHOLE=variables-s3cret-$(UNKNOWN)',
          'variables!',
          '',
        ].join('\n'),
      );
    });

    test('whose ConfigMap is missing waits with CreateContainerConfigError and starts when it comes', async () => {
      await bed.run('config', {
        containers: [
          shell('main', WAIT, { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'late', key: 'a' } } }] }),
        ],
      });
      await bed.until('config', 'waiting', (pod) => {
        const waiting = pod.status?.containerStatuses?.[0]?.state?.waiting;
        return waiting?.reason === 'CreateContainerConfigError' && waiting.message === 'configmap "late" not found';
      });
      await bed.hasEvent('config', 'Failed: Error: configmap "late" not found');
      await bed.client.create(kinds.configmaps, {
        metadata: { name: 'late', namespace: 'default' },
        data: { a: 'x' },
      } as never);
      await bed.until('config', 'ready', isReady);
    });

    test('sees the names, hosts and resolver of its pod', async () => {
      const text = await outputOf('names', {
        hostname: 'box',
        subdomain: 'sub',
        hostAliases: [{ ip: '10.9.9.9', hostnames: ['far', 'away'] }],
        dnsConfig: { searches: ['more.example'], options: [{ name: 'ndots', value: '2' }] },
        containers: [
          shell(
            'main',
            'hostname; grep box /etc/hosts | cut -f2-; grep far /etc/hosts; grep -v "^search" /etc/resolv.conf; grep -o "^search default.svc.cluster.local svc.cluster.local cluster.local" /etc/resolv.conf; grep -o more.example /etc/resolv.conf',
          ),
        ],
      });
      assert.equal(
        text,
        'box\nbox.sub.default.svc.cluster.local\tbox\n10.9.9.9\tfar\taway\nnameserver 10.96.0.10\noptions ndots:2\nsearch default.svc.cluster.local svc.cluster.local cluster.local\nmore.example\n',
      );
    });

    test("runs as the image's user, looked up in the image", async () => {
      const text = await outputOf('imageuser', {
        containers: [{ ...shell('main', 'id; echo $HOME'), image: 'busybox:web' }],
      });
      assert.equal(text, 'uid=1001(web) gid=1002(www) groups=1002(www),1003(extra)\n/www\n');
    });

    test('that must not run as root does not', async () => {
      await bed.run('nonroot', { securityContext: { runAsNonRoot: true }, containers: [shell('main', WAIT)] });
      const pod = await bed.until(
        'nonroot',
        'waiting',
        (now) => now.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError' && now,
      );
      assert.equal(
        pod.status?.containerStatuses?.[0]?.state?.waiting?.message,
        `container has runAsNonRoot and image will run as root (pod: "nonroot_default(${pod.metadata.uid})", container: main)`,
      );
    });

    test('has the rights its security context leaves it', async () => {
      const text = await outputOf('rights', {
        securityContext: { supplementalGroups: [77], sysctls: [{ name: 'kernel.shm_rmid_forced', value: '1' }] },
        containers: [
          shell(
            'main',
            'id -G; grep -E "NoNewPrivs|CapEff" /proc/self/status | tr -d "\\t"; touch /no 2>/dev/null || echo read-only; cat /proc/sys/kernel/shm_rmid_forced',
            {
              securityContext: {
                runAsUser: 2000,
                runAsGroup: 3000,
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
            },
          ),
        ],
      });
      assert.match(text, /^3000 77\nCapEff:0000000000000000\nNoNewPrivs:1\nread-only\n1\n$/);
    });

    test('shares the process namespace of its pod where asked', async () => {
      await bed.run('shared', {
        shareProcessNamespace: true,
        containers: [shell('one', `exec sleep 4321`), shell('two', WAIT)],
      });
      const pod = await bed.until('shared', 'ready', (now) => isReady(now) && now);
      const { PassThrough } = await import('node:stream');
      const stdout = new PassThrough();
      const { exitCode } = await bed.node.exec(
        pod,
        { container: 'two', command: ['sh', '-c', "ps | grep '[s]leep 4321'"], tty: false },
        {
          stdin: undefined,
          stdout,
          stderr: undefined,
          onResize() {},
          signal: new AbortController().signal,
        },
      );
      assert.equal(exitCode, 0);
    });

    test('is started anew when its image changes', async () => {
      await bed.run('image', { containers: [shell('main', WAIT)] });
      const pod = await bed.until('image', 'ready', (now) => isReady(now) && now);
      const [container] = pod.spec.containers;
      assert.ok(container);
      await bed.client.update(kinds.pods, {
        ...pod,
        spec: { ...pod.spec, containers: [{ ...container, image: 'busybox:pull' }] },
      });
      await bed.until(
        'image',
        'its restart',
        (now) => now.status?.containerStatuses?.[0]?.restartCount === 1 && isReady(now),
      );
      await bed.hasEvent('image', 'Killing: Container main definition changed, will be restarted');
      await bed.hasEvent(
        'image',
        /^Pulled: Successfully pulled image "busybox:pull" in \S+ \(\S+ including waiting\)\. Image size: 2000000 bytes\.$/,
      );
    });
  });
});
