import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { silentLog } from '../../base/index.ts';
import { buildImage } from './build.ts';
import { PullError } from './contract.ts';
import { pullImage } from './pull-door.ts';
import { pushImage } from './push.ts';
import { createRegistry } from './registry-server.ts';
import { RootView } from './root-view.ts';
import { type LocalImageStore, openImageStore } from './store.ts';

let home = '';
let address = '';
const requests: string[] = [];
/** Stands before the registry in a test that wants a fault; returns true when it has answered. */
let intercept: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;
const server = createServer();

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'registry-'));
  const registry = createRegistry({ directory: join(home, 'registry'), log: silentLog });
  server.on('request', (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (!intercept(request, response)) registry.handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = server.address();
  assert.ok(at && typeof at === 'object');
  address = `127.0.0.1:${at.port}`;
});

after(async () => {
  server.closeAllConnections();
  server.close();
  await rm(home, { recursive: true, force: true });
});

function store(name: string): LocalImageStore {
  return openImageStore({
    directory: join(home, name),
    log: silentLog,
    registries: {},
    standIns: false,
    environment: { PATH: process.env.PATH },
  });
}

async function pushed(name: string, text = 'hello\n'): Promise<{ digest: string; id: string }> {
  const context = await mkdtemp(join(home, 'context-'));
  await writeFile(join(context, 'a'), text);
  const own = store('pusher');
  const dockerfile = { text: 'FROM scratch\nCOPY a /dir/a\nCOPY a /b\nLABEL x=y\nCMD ["/b"]\n' };
  const image = await buildImage({ store: own, contextDirectory: context, dockerfile, tag: `${address}/${name}` });
  const { digest } = await pushImage({ store: own, reference: `${address}/${name}` });
  return { digest, id: image.id };
}

test('a pushed image comes back from the registry with the same files and id', async () => {
  const { digest, id } = await pushed('team/app:1');
  const image = await pullImage({ store: store('puller'), reference: `${address}/team/app:1` });
  assert.equal(image.id, id);
  assert.equal(image.digest, digest);
  assert.deepEqual(image.config.command, ['/b']);
  assert.deepEqual(image.names, [`${address}/team/app:1`]);
  assert.equal(image.layerDirectories.length, 2);
  const byDigest = await store('other').ensure(`${address}/team/app@${digest}`, { policy: 'IfNotPresent' });
  assert.equal(byDigest.id, id);
});

test('pushing again sends no layer, and a pulled image keeps its digest when pushed on', async () => {
  const { digest } = await pushed('team/twice:1');
  requests.length = 0;
  await pushed('team/twice:1');
  assert.deepEqual(
    requests.filter((line) => line.startsWith('POST')),
    [],
  );
  const own = store('forwarder');
  await pullImage({ store: own, reference: `${address}/team/twice:1` });
  await own.tag(`${address}/team/twice:1`, `${address}/elsewhere/copy:2`);
  requests.length = 0;
  const again = await pushImage({ store: own, reference: `${address}/elsewhere/copy:2` });
  assert.equal(again.digest, digest);
  // The layers are taken over inside the registry; only the configuration is sent.
  assert.equal(requests.filter((line) => line.startsWith('PUT') && line.includes('/blobs/')).length, 1);
});

test('an image that the registry does not know is an error in the registry’s words', async () => {
  await assert.rejects(store('lacking').ensure(`${address}/team/none:1`, { policy: 'IfNotPresent' }), (error) => {
    assert.ok(error instanceof PullError);
    assert.equal(error.reason, 'ErrImagePull');
    assert.match(error.message, /failed to pull and unpack image ".*\/team\/none:1": .*manifest unknown/);
    return true;
  });
});

test('a transfer that breaks off goes on where it stopped', async () => {
  const { randomBytes } = await import('node:crypto');
  const { id } = await pushed('team/broken:1', randomBytes(300_000).toString('base64'));
  let broken = 0;
  const ranges: string[] = [];
  intercept = (request, response) => {
    if (request.method !== 'GET' || !request.url?.includes('/blobs/')) return false;
    if (request.headers.range) ranges.push(request.headers.range);
    if (broken > 0 || request.headers.range) return false;
    const { write } = response;
    response.write = ((chunk: Buffer) => {
      if (chunk.length < 10_000) return write.call(response, chunk, 'utf8');
      broken += 1;
      write.call(response, chunk.subarray(0, 5_000), 'utf8', () => response.socket?.end());
      return false;
    }) as typeof response.write;
    return false;
  };
  try {
    const image = await pullImage({ store: store('patient'), reference: `${address}/team/broken:1` });
    assert.equal(image.id, id);
  } finally {
    intercept = () => false;
  }
  assert.ok(broken > 0);
  assert.ok(ranges.length > 0, 'the rest was asked for by range');
});

test('bytes that are not those of the digest are refused and nothing is kept', async () => {
  await pushed('team/forged:1', 'genuine');
  const answer = await fetch(`http://${address}/v2/team/forged/manifests/1`);
  const manifest: { config: { size: number } } = JSON.parse(await answer.text());
  intercept = (request, response) => {
    if (request.method !== 'GET' || !request.url?.includes('/blobs/')) return false;
    response.writeHead(200).end('x'.repeat(manifest.config.size));
    return true;
  };
  const own = store('wary');
  try {
    await assert.rejects(
      pullImage({ store: own, reference: `${address}/team/forged:1` }),
      /served other bytes than sha256:/,
    );
  } finally {
    intercept = () => false;
  }
  assert.deepEqual(await own.list(), []);
});

test('a registry that asks for a token gets the credentials once and the token after', async () => {
  const { id } = await pushed('private/app:1');
  const seen: string[] = [];
  intercept = (request, response) => {
    if (request.url?.startsWith('/token')) {
      seen.push(`${request.headers.authorization} ${request.url}`);
      response.end(JSON.stringify({ token: 'secret-token' }));
      return true;
    }
    if (request.headers.authorization === 'Bearer secret-token') return false;
    const challenge = `Bearer realm="http://${address}/token",service="registry",scope="repository:private/app:pull"`;
    response.writeHead(401, { 'www-authenticate': challenge }).end('{}');
    return true;
  };
  try {
    const image = await pullImage({
      store: store('member'),
      reference: `${address}/private/app:1`,
      credentials: () => ({ username: 'ann', password: 'pw' }),
    });
    assert.equal(image.id, id);
  } finally {
    intercept = () => false;
  }
  const basic = Buffer.from('ann:pw').toString('base64');
  assert.deepEqual(seen, [`Basic ${basic} /token?service=registry&scope=repository%3Aprivate%2Fapp%3Apull`]);
});

test('a registry that cannot be reached is told as such, and is asked only once', async () => {
  const own = store('lonely');
  const unreachable = () => own.ensure('127.0.0.1:1/team/app:1', { policy: 'IfNotPresent' });
  for (let time = 0; time < 2; time += 1) {
    await assert.rejects(
      unreachable(),
      (error) => error instanceof PullError && error.reason === 'RegistryUnavailable',
    );
  }
});

test('uploads in chunks must follow each other, and tags and blobs can be listed and deleted', async () => {
  const { digest } = await pushed('team/list:a');
  await pushed('team/list:b');
  const base = `http://${address}/v2/team/list`;
  const begun = await fetch(`${base}/blobs/uploads/`, { method: 'POST' });
  assert.equal(begun.status, 202);
  const upload = `http://${address}${begun.headers.get('location')}`;
  const first = await fetch(upload, { method: 'PATCH', headers: { 'content-range': '0-2' }, body: 'abc' });
  assert.equal(first.headers.get('range'), '0-2');
  const gap = await fetch(upload, { method: 'PATCH', headers: { 'content-range': '7-9' }, body: 'xyz' });
  assert.equal(gap.status, 416);
  const { sha256 } = await import('./blobs.ts');
  const done = await fetch(`${upload}?digest=${sha256('abcdef')}`, { method: 'PUT', body: 'def' });
  assert.equal(done.status, 201);
  assert.equal(await (await fetch(`${base}/blobs/${sha256('abcdef')}`)).text(), 'abcdef');
  assert.deepEqual(await (await fetch(`${base}/tags/list?n=1`)).json(), { name: 'team/list', tags: ['a'] });
  assert.equal((await fetch(`${base}/manifests/a`, { method: 'DELETE' })).status, 202);
  assert.deepEqual(await (await fetch(`${base}/tags/list`)).json(), { name: 'team/list', tags: ['b'] });
  assert.equal((await fetch(`${base}/manifests/${digest}`, { method: 'DELETE' })).status, 202);
  const gone = await fetch(`${base}/manifests/b`);
  assert.equal(gone.status, 404);
  assert.deepEqual(await gone.json(), { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] });
});

test('removed files and replaced directories stay so after a push and a pull', async () => {
  const own = openImageStore({ directory: join(home, 'busy'), log: silentLog, registries: {} });
  const text = `FROM busybox
RUN mkdir -p /d/sub /e && touch /d/old /d/sub/x /e/gone /e/kept
RUN rm -rf /d && mkdir /d && touch /d/new && rm /e/gone && chmod 4755 /e/kept
`;
  const tag = `${address}/team/whiteouts:1`;
  await buildImage({ store: own, contextDirectory: home, dockerfile: { text }, tag });
  await pushImage({ store: own, reference: tag });
  const other = store('whiteouts');
  await pullImage({ store: other, reference: tag });
  const image = await other.library.find(tag);
  assert.ok(image);
  const view = new RootView(image.layers);
  const names = (path: string) => view.names(view.resolve(path) ?? view.root());
  assert.deepEqual(names('/d'), ['new']);
  assert.deepEqual(names('/e'), ['kept']);
  assert.equal((view.resolve('/e/kept')?.stats.mode ?? 0) & 0o7777, 0o4755);
  assert.deepEqual(image.layers.at(-1)?.hidden, { whiteouts: ['e/gone'], opaque: ['d'] });
});

test('a layer compressed by Zstandard is unpacked, and one with other files than its image says is refused', async () => {
  const { id } = await pushed('team/zstd:1', 'squeezed');
  const own = store('pusher');
  const image = await own.library.find(id);
  const layer = image?.layers[0];
  assert.ok(layer);
  const other = store('zstd');
  const { spawn } = await import('node:child_process');
  const zstd = spawn('zstd', ['-q', '-c'], { stdio: ['pipe', 'pipe', 'ignore'] });
  (await own.library.layers.archive(layer)).pipe(zstd.stdin);
  const blob = await other.library.blobs.ingest(zstd.stdout);
  const stored = { digest: blob.digest, mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd' };
  await assert.rejects(
    other.library.layers.unpack(stored, `sha256:${'0'.repeat(64)}`),
    /its files have the digest sha256:/,
  );
  const unpacked = await other.library.layers.unpack(stored, layer.diffId);
  assert.equal(await readFile(join(unpacked.directory, 'dir/a'), 'utf8'), 'squeezed');
});
