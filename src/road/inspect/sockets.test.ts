import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { UserError } from '../../base/index.ts';
import { endOf, listenerOf, socketsOf } from './sockets.ts';

test('addresses of the kernel are read in the byte order of the machine', () => {
  assert.deepEqual(endOf('0100007F:1F90'), { address: '127.0.0.1', port: 8080 });
  assert.deepEqual(endOf('00000000000000000000000000000000:0050'), { address: '::', port: 80 });
  assert.deepEqual(endOf('00000000000000000000000001000000:0050'), { address: '::1', port: 80 });
  assert.deepEqual(endOf('0000000000000000FFFF00000100007F:0050'), { address: '127.0.0.1', port: 80 });
  assert.deepEqual(endOf('B80D0120000000000000000001000000:0050'), { address: '2001:db8::1', port: 80 });
});

test('a socket of this very process is found, and its owner', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const { listening } = socketsOf([process.pid]);
  assert.ok(listening.some((socket) => socket.port === port && socket.address === '127.0.0.1'));
  assert.match(listening[0]?.source ?? '', /^\/proc\/\d+\/net\/tcp6?:\d+$/);
  assert.equal(listenerOf(port), process.pid);
  await new Promise((resolve) => server.close(resolve));
  assert.throws(
    () => listenerOf(port),
    (error: unknown) =>
      error instanceof UserError && error.message.startsWith(`:${port}: nothing listens on this port\n`),
  );
});
