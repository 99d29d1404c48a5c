import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { request } from 'node:https';
import { after, before, describe, test } from 'node:test';
import { type Kubectl, kubectlOf, startTestApi, type TestApi } from '../harness.test.ts';
import { localNode } from './local-node.test.ts';

describe('streams of pods', () => {
  let api: TestApi;
  let web: Server;
  let port: number;
  const node = localNode();
  const transports: Record<string, Kubectl> = {};

  before(async () => {
    web = createServer((asked, answer) => {
      let body = '';
      asked.on('data', (chunk) => {
        body += chunk;
      });
      asked.on('end', () => {
        if (asked.url === '/away') answer.writeHead(302, { location: '/there' });
        answer.end(`${asked.method} ${asked.url} ${body.length} ${asked.headers.authorization ?? 'no secret'}`);
      });
    });
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    const address = web.address();
    port = typeof address === 'object' && address ? address.port : 0;
    api = await startTestApi({ nodeLink: node });
    const info = api.catalogue.find('', 'v1', 'pods');
    assert.ok(info);
    const pod = {
      metadata: { name: 'p' },
      spec: { nodeName: 'n', containers: [{ name: 'c', image: 'x', ports: [{ containerPort: port }] }] },
    };
    const status = { phase: 'Running', podIP: '127.0.0.1', podIPs: [{ ip: '127.0.0.1' }] };
    const options = { user: { name: 'admin', groups: [] }, warnings: [] };
    await api.resources.create({ info, namespace: 'default' }, pod, options);
    const target = { info, namespace: 'default', name: 'p', subresource: 'status' };
    await api.resources.patch(target, { ...options, type: 'merge', patch: { status } });
    for (const [name, on] of [
      ['WebSocket', 'true'],
      ['SPDY', 'false'],
    ] as const) {
      transports[name] = kubectlOf(api, {
        KUBECTL_REMOTE_COMMAND_WEBSOCKETS: on,
        KUBECTL_PORT_FORWARD_WEBSOCKETS: on,
      });
    }
  });
  after(async () => {
    for (const kubectl of Object.values(transports)) kubectl.remove();
    await api.close();
    await new Promise((resolve) => web.close(resolve));
  });

  const over = (name: string): Kubectl => {
    const kubectl = transports[name];
    assert.ok(kubectl);
    return kubectl;
  };

  for (const name of ['WebSocket', 'SPDY']) {
    test(`exec over ${name} carries both outputs and the exit code`, async () => {
      const { code, out, stdout } = await over(name).run([
        'exec',
        'p',
        '--',
        'sh',
        '-c',
        'echo out; echo err >&2; exit 3',
      ]);
      assert.equal(code, 3);
      assert.equal(stdout.toString(), 'out\n');
      assert.match(out, /^err$/m);
      assert.match(out, /command terminated with exit code 3/);
    });

    test(`exec over ${name} carries megabytes in and out unchanged, and the end of input`, async () => {
      const bytes = randomBytes(5_000_000);
      const { code, stdout } = await over(name).run(['exec', '-i', 'p', '--', 'cat'], bytes);
      assert.equal(code, 0);
      assert.ok(stdout.equals(bytes));
    });

    test(`exec over ${name} tells why a program cannot be run`, async () => {
      const { code, out } = await over(name).run(['exec', 'p', '--', 'no-such-program']);
      assert.equal(code, 1);
      assert.match(out, /error executing command in container: spawn no-such-program ENOENT/);
    });

    test(`attach over ${name} joins the streams of the container`, async () => {
      const { stdout } = await over(name).run(['attach', '-i', 'p'], 'to and fro\n');
      assert.equal(stdout.toString(), 'to and fro\n');
    });

    test(`port-forward over ${name} carries several connections`, async () => {
      const child = over(name).start(['port-forward', 'pod/p', `:${port}`]);
      try {
        const local = await new Promise<string>((resolve, reject) => {
          child.stdout?.on('data', (chunk: Buffer) => {
            const found = /127\.0\.0\.1:(\d+) ->/.exec(chunk.toString());
            if (found?.[1]) resolve(found[1]);
          });
          child.on('close', () => reject(new Error('kubectl ended')));
        });
        const answers = await Promise.all(
          ['/a', '/b', '/c'].map(async (path) => {
            const answer = await fetch(`http://127.0.0.1:${local}${path}`, {
              method: 'POST',
              body: 'x'.repeat(200_000),
            });
            return answer.text();
          }),
        );
        assert.deepEqual(
          answers,
          ['/a', '/b', '/c'].map((path) => `POST ${path} 200000 no secret`),
        );
      } finally {
        child.kill();
      }
    });
  }

  test('logs come as plain text', async () => {
    const { out } = await over('WebSocket').run(['logs', 'p']);
    assert.equal(out, 'first line of p\nlast line\n');
    const wrong = await over('WebSocket').run(['get', '--raw', '/api/v1/namespaces/default/pods/p/log?container=zz']);
    assert.match(wrong.out, /container zz is not valid for pod p/);
    const faulty = await over('WebSocket').run(['get', '--raw', '/api/v1/namespaces/default/pods/p/log?tailLines=-1']);
    assert.match(faulty.out, /tailLines: Invalid value: -1: must be greater than or equal to 0/);
  });

  test('a pod and a node are reached through the proxy, without the credentials of the client', async () => {
    const kubectl = over('WebSocket');
    const base = '/api/v1/namespaces/default/pods/p/proxy';
    assert.equal((await kubectl.run(['get', '--raw', `${base}/x/y?z=1`])).out, 'GET /x/y?z=1 0 no secret');
    assert.equal(
      (await kubectl.run(['get', '--raw', `/api/v1/namespaces/default/pods/http:p:${port}/proxy/q`])).out,
      'GET /q 0 no secret',
    );
    const head = (path: string) =>
      new Promise<string | undefined>((resolve, reject) => {
        const headers = { authorization: 'Bearer admin-token' };
        request({ host: '127.0.0.1', port: api.port, path, ca: api.ca, headers, agent: false }, (answer) => {
          answer.resume();
          resolve(answer.headers.location);
        })
          .on('error', reject)
          .end();
      });
    assert.equal(await head(base), `${base}/`);
    assert.equal(await head(`${base}/away`), `${base}/there`);
  });

  test('a WebSocket begins with GET, but needs leave to create', async () => {
    const kubectl = over('WebSocket');
    await kubectl.run(['create', 'role', 'looker', '--verb=get', '--resource=pods,pods/exec']);
    await kubectl.run(['create', 'rolebinding', 'lookers', '--role=looker', '--user=luke']);
    const upgrade = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': Buffer.alloc(16).toString('base64'),
      'sec-websocket-protocol': 'v5.channel.k8s.io',
    };
    const path = '/api/v1/namespaces/default/pods/p/exec?command=true&stdout=1';
    const headers = { ...upgrade, authorization: 'Bearer admin-token', 'impersonate-user': 'luke' };
    const text = await new Promise<string>((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port: api.port, path, ca: api.ca, headers, agent: false });
      asked.on('response', (answer) => {
        answer.setEncoding('utf8');
        answer.on('data', resolve);
      });
      asked.on('upgrade', () => reject(new Error('was let in')));
      asked.on('error', reject);
      asked.end();
    });
    assert.match(text, /User \\"luke\\" cannot create resource \\"pods\/exec\\"/);
  });

  test('a plain request to exec is told to upgrade', async () => {
    const { out } = await over('WebSocket').run([
      'get',
      '--raw',
      '/api/v1/namespaces/default/pods/p/exec?command=ls&stdout=1',
    ]);
    assert.match(out, /Upgrade request required/);
  });
});
