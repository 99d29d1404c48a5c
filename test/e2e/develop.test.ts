import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually, type TestCluster, testCluster } from './harness.ts';

let cluster: TestCluster;
let port = 0;
const folders: string[] = [];
const running: ChildProcess[] = [];

before(() => {
  cluster = testCluster();
  const status = JSON.parse(cluster.wherry('cluster', 'status', '--name', cluster.name, '--json')) as { http: string };
  port = Number(new URL(status.http).port);
});
after(() => {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  cluster.delete();
});

interface Developing {
  readonly folder: string;
  output(): string;
  /** What it said from here on; waits for it to match. */
  says(pattern: RegExp): Promise<string>;
  write(path: string, text: string): void;
  end(): Promise<number | null>;
}

/** `wherry dev` on a folder with these files, once it watches. */
async function developing(name: string, files: Record<string, string>): Promise<Developing> {
  const folder = mkdtempSync(join(tmpdir(), 'wherry-dev-'));
  folders.push(folder);
  const write = (path: string, text: string): void => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  for (const [path, text] of Object.entries(files)) write(path, text);
  const args = ['dist/wherry.mjs', 'dev', folder, '--name', cluster.name, '--app', name];
  const child = spawn(process.execPath, args, {
    env: {
      ...process.env,
      WHERRY_HOME: cluster.home,
      WHERRY_IMAGES: process.env.WHERRY_IMAGES ?? '/var/lib/wherry/images',
      KUBECONFIG: join(cluster.home, 'user-kubeconfig'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let text = '';
  let told = 0;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const developed: Developing = {
    folder,
    output: () => text,
    async says(pattern) {
      const heard = (): RegExpExecArray | undefined => pattern.exec(text.slice(told)) ?? undefined;
      const found = await eventually(String(pattern), heard, 75_000).catch((error: unknown) => {
        throw new Error(`never said ${pattern}:\n${text}`, { cause: error });
      });
      told += found.index + found[0].length;
      return found[0];
    },
    write,
    async end() {
      child.kill('SIGINT');
      return await ended;
    },
  };
  await developed.says(/watching .*\n/);
  return developed;
}

function get(app: string, path = '/'): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    http
      .get({ host: '127.0.0.1', port, path, headers: { host: `${app}.localhost` }, agent: false }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      })
      .on('error', reject);
  });
}

const nodeServer = (text: string): string => `import http from 'node:http';
import { word } from './lib/word.js';
http.createServer((request, response) => {
  if (request.url === '/health') return response.end('fine');
  response.end('${text} ' + word);
}).listen(process.env.PORT || 8080, () => console.log('listening with ${text}'));
`;

const pythonServer = (text: string): string => `import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"${text}")

ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", "8000"))), Handler).serve_forever()
`;

describe('wherry dev', () => {
  test('serves what is saved in a Node.js app, says what failed, and begins anew with another image', async () => {
    const dev = await developing('pages', {
      'package.json': JSON.stringify({ name: 'pages', type: 'module', scripts: { start: 'node server.js' } }),
      'server.js': nodeServer('first'),
      'lib/word.js': "export const word = 'word';\n",
    });
    assert.equal((await get('pages')).text, 'first word');
    const pod = cluster.kubectl('get', 'pods', '-l', 'app.kubernetes.io/instance=pages', '-o', 'name');

    dev.write('server.js', nodeServer('second'));
    assert.match(await dev.says(/served .*\n/), /^served server\.js \d+\.\d\d s after the save/);
    assert.equal((await get('pages')).text, 'second word');
    await eventually('the log', () => /web \| listening with second/.test(dev.output()));
    assert.equal(cluster.kubectl('get', 'pods', '-l', 'app.kubernetes.io/instance=pages', '-o', 'name'), pod);

    // A fault is told with the app's own words, and the next save mends it.
    dev.write('lib/word.js', 'export const word = ;\n');
    await dev.says(/failed the app: it ended at once/);
    await eventually('the log', () => /web \| SyntaxError/.test(dev.output()));
    dev.write('lib/word.js', "export const word = 'mended';\n");
    await dev.says(/served lib\/word\.js/);
    assert.equal((await get('pages')).text, 'second mended');

    // What decides the image needs another one, which has everything that was saved before.
    dev.write('package.json', JSON.stringify({ name: 'pages', version: '2.0.0', type: 'module', main: 'server.js' }));
    await dev.says(/saved {2}package\.json needs another image/);
    await dev.says(/served package\.json/);
    assert.equal((await get('pages')).text, 'second mended');

    const second = cluster.tryWherry(['deploy', dev.folder, '--name', cluster.name, '--app', 'pages']);
    assert.equal(second.exitCode, 1, second.stdout + second.stderr);
    assert.match(second.stderr, /developing pages/);

    assert.equal(await dev.end(), 0, dev.output());
    assert.match(dev.output(), /carry it there as a release again: wherry up /);
    cluster.wherry('deploy', dev.folder, '--name', cluster.name, '--app', 'pages');
    const spec = cluster.kubectl('get', 'deployment', 'pages', '-o', 'jsonpath={.spec.template.spec}');
    assert.ok(!spec.includes('wherry-dev') && spec.includes('livenessProbe'), spec);
    assert.equal((await get('pages')).text, 'second mended');
  });

  test('serves what is saved in a Python app; a file that is taken away is gone there too', async () => {
    const dev = await developing('snake', {
      'requirements.txt': '',
      'app.py': pythonServer('first'),
      'data/note.txt': 'a note',
      'wherry.yaml': 'start: python app.py\nport: 8000\n',
    });
    assert.equal((await get('snake')).text, 'first');
    dev.write('app.py', pythonServer('second'));
    await dev.says(/served app\.py/);
    assert.equal((await get('snake')).text, 'second');

    rmSync(join(dev.folder, 'data/note.txt'));
    await dev.says(/served data\/note\.txt/);
    const files = cluster.wherry('exec', '--name', cluster.name, 'snake', '--', 'ls', '-R', '/app');
    assert.ok(files.includes('app.py') && !files.includes('note.txt'), files);
    assert.equal(await dev.end(), 0, dev.output());
  });
});
