import assert from 'node:assert/strict';
import { createServer, get, type IncomingMessage, type RequestListener, request, type Server } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { get as getTls } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { silentLog, systemClock } from '../../base/index.ts';
import type { IngressRule } from './contract.ts';
import { IngressServer } from './ingress-server.ts';

const portOf = (server: { address(): AddressInfo | string | null }): number => (server.address() as AddressInfo).port;

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer) text += chunk;
  return text;
}

describe('the ingress server', () => {
  const ingress = new IngressServer(systemClock, silentLog);
  const servers: { close(): unknown }[] = [];
  const entrance = createTcpServer({ allowHalfOpen: true }, (socket) => ingress.accept(socket, false));
  const tlsEntrance = createTcpServer((socket) => ingress.accept(socket, true));

  before(async () => {
    await new Promise<void>((resolve) => entrance.listen(0, '127.0.0.1', resolve));
    await new Promise<void>((resolve) => tlsEntrance.listen(0, '127.0.0.1', resolve));
  });
  after(() => {
    ingress.stop();
    for (const server of [entrance, tlsEntrance, ...servers]) server.close();
  });

  async function backend(listener: RequestListener): Promise<Server> {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  }
  /** A port where nobody listens. */
  async function closedPort(): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const port = portOf(server);
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
  function lead(...ports: number[]): void {
    const backends = ports.map((port) => ({ address: '127.0.0.1', port }));
    const rule: IngressRule = { host: 'app.test', path: '/', pathType: 'Prefix', backends, owner: 'default/app' };
    ingress.setState({ rules: [rule], certificates: new Map() });
  }
  function ask(
    method = 'GET',
    body?: string,
    path = '/x?y=1',
    headers = {},
  ): Promise<[number, string, IncomingMessage]> {
    return new Promise((resolve, reject) => {
      const options = { port: portOf(entrance), host: '127.0.0.1', method, path, agent: false as const };
      const asking = request({ ...options, headers: { host: 'app.test:8080', ...headers } }, (answer) => {
        textOf(answer).then((text) => resolve([answer.statusCode ?? 0, text, answer]), reject);
      });
      asking.on('error', reject);
      asking.end(body);
    });
  }

  test('a request arrives whole, with where it came from, and the answer goes back whole', async () => {
    const server = await backend(async (incoming, answer) => {
      const body = await textOf(incoming);
      answer.writeHead(201, 'Made', { 'x-answer': ['one', 'two'] });
      answer.end(JSON.stringify({ method: incoming.method, url: incoming.url, headers: incoming.headers, body }));
    });
    lead(portOf(server));
    const [status, text, answer] = await ask('POST', 'hello', '/x?y=1', { 'x-forwarded-for': '192.0.2.1' });
    const seen = JSON.parse(text);
    assert.deepEqual([status, answer.statusMessage, answer.headers['x-answer']], [201, 'Made', 'one, two']);
    assert.deepEqual(
      [seen.method, seen.url, seen.body, seen.headers.host],
      ['POST', '/x?y=1', 'hello', 'app.test:8080'],
    );
    assert.equal(seen.headers['x-forwarded-for'], '192.0.2.1, 127.0.0.1');
    assert.equal(seen.headers['x-forwarded-proto'], 'http');
    assert.equal(seen.headers['x-forwarded-port'], '8080');
  });

  test('a host without a rule is told so, and a rule without endpoints names its ingress', async () => {
    lead();
    assert.deepEqual((await ask()).slice(0, 2), [503, 'No endpoints are ready for ingress default/app.\n']);
    assert.equal((await ask('GET', undefined, '/', { host: 'other.test' }))[0], 404);
  });

  test('backends take turns', async () => {
    const [one, two] = [
      await backend((_, answer) => answer.end('one')),
      await backend((_, answer) => answer.end('two')),
    ];
    lead(portOf(one), portOf(two));
    const texts = [];
    for (let count = 0; count < 4; count++) texts.push((await ask())[1]);
    assert.deepEqual(texts.sort(), ['one', 'one', 'two', 'two']);
  });

  test('a backend that refuses connections costs no request, also one that may not be repeated', async () => {
    const server = await backend(async (incoming, answer) => answer.end(await textOf(incoming)));
    lead(await closedPort(), portOf(server), await closedPort());
    for (let count = 0; count < 6; count++) {
      assert.deepEqual((await ask('POST', `body ${count}`)).slice(0, 2), [200, `body ${count}`]);
      assert.equal((await ask())[0], 200);
    }
    lead(await closedPort());
    assert.equal((await ask('POST', 'x'))[0], 503);
  });

  test('a kept connection that the backend has dropped costs no request', async () => {
    let served = 0;
    const server = await backend((incoming, answer) => {
      served++;
      // Every second request of a connection meets a pod that has just gone.
      if (served % 2 === 0 && served < 20) incoming.socket.destroy();
      else answer.end('ok');
    });
    lead(portOf(server));
    for (let count = 0; count < 10; count++) assert.deepEqual((await ask()).slice(0, 2), [200, 'ok']);
  });

  test('a backend that ends the connection on a request that may not be repeated is answered with 502', async () => {
    let served = 0;
    const server = await backend((incoming) => {
      served++;
      incoming.socket.destroy();
    });
    lead(portOf(server));
    assert.equal((await ask('POST', 'x'))[0], 502);
    assert.equal(served, 1);
  });

  test('an answer is passed on piece by piece', async () => {
    let finish = (): void => {};
    const server = await backend((_, answer) => {
      answer.write('first');
      finish = () => answer.end(' second');
    });
    lead(portOf(server));
    const text = await new Promise<string>((resolve, reject) => {
      get({ port: portOf(entrance), host: '127.0.0.1', headers: { host: 'app.test' } }, (answer) => {
        let received = '';
        answer.on('data', (chunk) => {
          received += chunk;
          if (received === 'first') finish();
        });
        answer.on('end', () => resolve(received));
      }).on('error', reject);
    });
    assert.equal(text, 'first second');
  });

  test('an upgraded connection carries bytes both ways', async () => {
    const server = await backend(() => {});
    server.on('upgrade', (incoming, socket, head) => {
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${incoming.headers.upgrade}\r\nConnection: Upgrade\r\n\r\n`,
      );
      socket.write(head);
      socket.pipe(socket);
    });
    lead(await closedPort(), portOf(server));
    const socket = connect(portOf(entrance), '127.0.0.1');
    socket.write('GET /ws HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly');
    let text = '';
    for await (const chunk of socket) {
      text += chunk;
      if (text.endsWith('early')) socket.write(' late');
      if (text.endsWith('early late')) break;
    }
    assert.match(text, /^HTTP\/1.1 101 [\s\S]*Upgrade: websocket[\s\S]*\r\n\r\nearly late$/);
  });

  test('over TLS both HTTP versions arrive, with a certificate made for whoever has none', async () => {
    const server = await backend(async (incoming, answer) => {
      const body = await textOf(incoming);
      answer.end(`${incoming.headers['x-forwarded-proto']} ${incoming.headers.host} ${body}`);
    });
    lead(portOf(server));
    const options = { port: portOf(tlsEntrance), host: '127.0.0.1', rejectUnauthorized: false, agent: false as const };
    const plain = await new Promise<string>((resolve, reject) => {
      getTls({ ...options, servername: '', headers: { host: 'app.test' } }, (answer) => {
        textOf(answer).then(resolve, reject);
      }).on('error', reject);
    });
    assert.equal(plain, 'https app.test ');
    const session = connectHttp2(`https://127.0.0.1:${portOf(tlsEntrance)}`, {
      rejectUnauthorized: false,
      servername: 'app.test',
    });
    const stream = session.request({ ':method': 'POST', ':path': '/', ':authority': 'app.test' });
    stream.end('body');
    let text = '';
    for await (const chunk of stream) text += chunk;
    assert.equal(text, 'https app.test body');
    session.close();
  });

  test('a host with a certificate of its own shows that one', async () => {
    await import('reflect-metadata');
    const x509 = await import('@peculiar/x509');
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: 'CN=own.test',
      signingAlgorithm: algorithm,
      keys,
    });
    const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
    ingress.setState({
      rules: [],
      certificates: new Map([['*.own.test', { certificate: certificate.toString('pem'), key }]]),
    });
    const subject = (servername: string) =>
      new Promise<unknown>((resolve, reject) => {
        const options = {
          port: portOf(tlsEntrance),
          host: '127.0.0.1',
          rejectUnauthorized: false,
          agent: false as const,
        };
        getTls({ ...options, servername }, (answer) => {
          const { socket } = answer;
          resolve(
            'getPeerCertificate' in socket
              ? (socket as import('node:tls').TLSSocket).getPeerCertificate().subject.CN
              : undefined,
          );
          answer.resume();
        }).on('error', reject);
      });
    assert.equal(await subject('a.own.test'), 'own.test');
    assert.equal(await subject('app.test'), 'wherry ingress default certificate');
  });
});
