import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { probeGrpc } from './grpc.ts';
import { httpTarget, probeHttp } from './http.ts';
import { probeTcp } from './tcp.ts';

describe('a single probe', () => {
  const server = createServer((request, response) => {
    const answers: Record<string, [number, Record<string, string>]> = {
      '/ok': [200, {}],
      '/bad': [500, {}],
      '/near': [302, { location: '/ok' }],
      '/far': [302, { location: 'http://elsewhere.example/' }],
      '/loop': [302, { location: '/loop' }],
    };
    const [status, headers] = answers[request.url ?? ''] ?? [404, {}];
    response
      .writeHead(status, headers)
      .end(`agent ${request.headers['user-agent']} ${request.headers['x-mine'] ?? ''}`);
  });
  let port = 0;
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  after(() => server.close());
  const http = (path: string) =>
    probeHttp(
      httpTarget({ path, port, httpHeaders: [{ name: 'X-Mine', value: 'v' }] }, '127.0.0.1', port, 'kube-probe/1.36'),
      1000,
    );

  test('by HTTP takes 200 to 399 and sends its headers', async () => {
    assert.deepEqual(await http('/ok'), { result: 'success', output: 'agent kube-probe/1.36 v' });
    assert.deepEqual(await http('/bad'), { result: 'failure', output: 'HTTP probe failed with statuscode: 500' });
  });

  test('by HTTP follows redirects within the host only', async () => {
    assert.equal((await http('/near')).result, 'success');
    assert.equal((await http('/far')).result, 'warning');
    assert.match((await http('/loop')).output, /stopped after 10 redirects/);
  });

  test('of a closed port says so in Go words', async () => {
    const target = httpTarget({ path: '/', port: 1 }, '127.0.0.1', 1, '');
    assert.equal(
      (await probeHttp(target, 1000)).output,
      'Get "http://127.0.0.1:1/": dial tcp 127.0.0.1:1: connect: connection refused',
    );
    assert.equal((await probeTcp('127.0.0.1', 1, 1000)).output, 'dial tcp 127.0.0.1:1: connect: connection refused');
    assert.equal((await probeTcp('127.0.0.1', port, 1000)).result, 'success');
  });

  test('by gRPC asks the health service', async () => {
    const asked: string[] = [];
    let state = 1;
    const grpc = createHttp2Server();
    grpc.on('stream', (stream, headers) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        asked.push(`${headers[':path']} ${Buffer.concat(chunks).subarray(7).toString()}`);
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.from([0, 0, 0, 0, 2, 0x08, state]));
      });
    });
    await new Promise<void>((resolve) => grpc.listen(0, '127.0.0.1', resolve));
    const grpcPort = (grpc.address() as AddressInfo).port;
    assert.equal((await probeGrpc('127.0.0.1', grpcPort, 'my.Service', 1000, 'kube-probe/1.36')).result, 'success');
    state = 2;
    assert.deepEqual(await probeGrpc('127.0.0.1', grpcPort, '', 1000, 'x'), {
      result: 'failure',
      output: 'service unhealthy (responded with "NOT_SERVING")',
    });
    assert.deepEqual(asked, ['/grpc.health.v1.Health/Check my.Service', '/grpc.health.v1.Health/Check ']);
    grpc.close();
  });
});
