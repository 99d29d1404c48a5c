import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { kinds, StatusError } from '../kinds/index.ts';
import type { ExecStreams } from './contract.ts';
import { insideBundle, isReady, shell, type TestBed, testBed } from './harness.test.ts';

const WAIT = 'trap "exit 0" TERM; while :; do sleep 0.05; done';
const LOG = { follow: false, previous: false, timestamps: false };

insideBundle(process.argv[1] ?? '', () => {
  describe('the streams of a pod', () => {
    let bed: TestBed;
    const streams = (more: Partial<ExecStreams> = {}): ExecStreams => ({
      stdin: undefined,
      stdout: undefined,
      stderr: undefined,
      onResize() {},
      signal: new AbortController().signal,
      ...more,
    });
    before(async () => {
      bed = await testBed();
      await bed.run('web', {
        containers: [
          shell(
            'main',
            `for i in 1 2 3 4 5; do echo line $i; done; echo oops >&2; echo hi > /www/index.html; httpd -p 127.0.0.1:8081 -h /www; ${WAIT}`,
          ),
        ],
      });
      await bed.until('web', 'ready', isReady);
      while ((await bed.logs('web')).split('\n').length < 7) await bed.context.clock.sleep(20);
    });
    after(() => bed.close());

    test('show the log: all, its end, with times, one stream, cut', async () => {
      const out = ['line 1', 'line 2', 'line 3', 'line 4', 'line 5', ''].join('\n');
      assert.equal(await bed.logs('web', { stream: 'Stdout' }), out);
      assert.equal(await bed.logs('web', { stream: 'Stdout', tailLines: 2 }), 'line 4\nline 5\n');
      assert.equal(await bed.logs('web', { tailLines: 0 }), '');
      assert.equal(await bed.logs('web', { stream: 'Stderr' }), 'oops\n');
      assert.equal(await bed.logs('web', { limitBytes: 8 }), 'line 1\nl');
      assert.match(
        await bed.logs('web', { tailLines: 1, stream: 'Stderr', timestamps: true }),
        /^\d{4}-\d\d-\d\dT[\d:.]+\S* oops\n$/,
      );
      assert.equal(await bed.logs('web', { sinceTime: '2100-01-01T00:00:00Z' }), '');
    });

    test('follow the log until the container ends', async () => {
      await bed.run('talks', {
        restartPolicy: 'Never',
        containers: [shell('main', 'for i in 1 2 3; do echo $i; sleep 0.1; done')],
      });
      await bed.until('talks', 'running', (pod) => pod.status?.containerStatuses?.[0]?.state?.running);
      const stream = await bed.node.logs(
        await bed.pod('talks'),
        { ...LOG, follow: true },
        new AbortController().signal,
      );
      assert.equal(await text(stream), '1\n2\n3\n');
    });

    test('stop following when the reader goes', async () => {
      const leaving = new AbortController();
      const stream = await bed.node.logs(await bed.pod('web'), { ...LOG, follow: true }, leaving.signal);
      const all = text(stream);
      leaving.abort();
      await all;
    });

    test('run a command in the container', async () => {
      const stdout = new PassThrough();
      const said = text(stdout);
      const { exitCode } = await bed.node.exec(
        await bed.pod('web'),
        { command: ['sh', '-c', 'cat; exit 3'], tty: false },
        streams({ stdin: Readable.from(['to you']), stdout }),
      );
      stdout.end();
      assert.deepEqual([exitCode, await said], [3, 'to you']);
    });

    test('lead to a port of its own loopback', async () => {
      const began = performance.now();
      const connection = await bed.node.portForward(await bed.pod('web'), 8081);
      connection.end('GET / HTTP/1.0\r\n\r\n');
      assert.match(await text(connection), /hi\n$/);
      assert.ok(performance.now() > began);
      await assert.rejects(
        async () => bed.node.portForward(await bed.pod('web'), 9),
        /failed to connect to localhost:9 inside namespace .*connection refused/,
      );
    });

    test('are refused for what does not run', async () => {
      const pod = await bed.client.create(kinds.pods, {
        metadata: { name: 'elsewhere', namespace: 'default' },
        spec: { nodeName: 'other', containers: [shell('main', '')] },
      });
      await assert.rejects(
        bed.node.exec(pod, { command: ['true'], tty: false }, streams()),
        (error) => error instanceof StatusError && error.code === 404,
      );
    });

    test('tell of the node at its endpoints', async () => {
      assert.equal((await bed.node.nodeEndpoint('/healthz')).body, 'ok');
      const pods = JSON.parse((await bed.node.nodeEndpoint('/pods')).body) as {
        items: { metadata: { name: string } }[];
      };
      assert.ok(pods.items.some(({ metadata }) => metadata.name === 'web'));
      const stats = JSON.parse((await bed.node.nodeEndpoint('stats/summary')).body) as {
        pods: { podRef: { name: string }; memory: { usageBytes: number } }[];
      };
      assert.ok((stats.pods.find(({ podRef }) => podRef.name === 'web')?.memory.usageBytes ?? 0) > 0);
      assert.equal((await bed.node.nodeEndpoint('/none')).status, 404);
    });
  });
});
