import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type TestCluster, testCluster } from './harness.ts';

const root = process.cwd();
/** What the apps' images are built on. A machine that has none of them yet may take minutes to fetch or assemble them. */
const BASES = [
  'busybox:1.36',
  'golang:1.22-bookworm',
  'nginx:1.27',
  'php:8.4-apache-bookworm',
  'ruby:3.3-slim-bookworm',
  'rust:1-slim-trixie',
];

let cluster: TestCluster;
let folder: string;
const images: string[] = [];

before(() => {
  cluster = testCluster();
  folder = mkdtempSync(join(tmpdir(), 'wherry-languages-'));
  for (const image of BASES) {
    const pulled = cluster.tryWherry(['image', 'pull', image], { timeoutMs: 600_000 });
    assert.equal(pulled.exitCode, 0, pulled.stderr);
  }
});

after(() => {
  try {
    for (const image of images) cluster.tryWherry(['image', 'remove', image]);
  } finally {
    cluster.delete();
    rmSync(folder, { recursive: true, force: true });
  }
});

describe('a Go service of the standard library', () => {
  test('crosses without a Dockerfile and answers', async () => {
    const url = up(copied('hello-go'));
    assert.deepEqual(JSON.parse((await get(url, '/health')).text), { status: 'ok' });
    assert.deepEqual(JSON.parse((await get(url, '/hello/Ada')).text), { message: 'Hello, Ada!' });
    const pod = JSON.parse(cluster.kubectl('get', 'deployment', 'hello-go', '-o', 'json')) as Deployment;
    assert.equal(pod.spec.template.spec.containers[0]?.livenessProbe?.httpGet?.path, '/health');
  });

  test('its image holds the program alone, run by a user that is not root', () => {
    const said = cluster.wherry(
      'exec',
      '--name',
      cluster.name,
      'hello-go',
      '--',
      'sh',
      '-c',
      'id -u; ls /app /app/bin',
    );
    assert.deepEqual(said.trim().split('\n'), ['10001', '/app:', 'bin', '', '/app/bin:', 'hello-go']);
  });
});

describe('a static site', () => {
  test('is served with its types, and what is not there is 404', async () => {
    const url = up(copied('site'));
    assert.match((await get(url, '/')).text, /<h1>A wherry<\/h1>/);
    assert.match((await get(url, '/about')).text, /<h1>About<\/h1>/);
    assert.equal((await get(url, '/assets/style.css')).type, 'text/css');
    const missing = await get(url, '/nowhere');
    assert.deepEqual([missing.status, /This page is not here/.test(missing.text)], [404, true]);
    assert.equal((await get(url, '/README.md')).status, 404, 'what is for the author is not served');
  });
});

describe('plain PHP', () => {
  test('is served by Apache as a user that is not root, and what stands beside the pages is not', async () => {
    const url = up(
      written('php-greeter', {
        'index.php': `<?php
require __DIR__ . '/src/greeting.php';
header('Content-Type: application/json');
echo json_encode(['message' => greeting($_GET['name'] ?? 'world'), 'user' => posix_getuid()]);
`,
        'src/greeting.php': `<?php
function greeting(string $name): string
{
    return ($_ENV['GREETING'] ?? 'Hello') . ", $name!";
}
`,
        'health.php': `<?php
echo 'ok';
`,
        'composer.json': '{"require": {"php": "^8.2", "ext-bcmath": "*"}}',
        'wherry.yaml': 'environment:\n  GREETING: Ahoy\n',
      }),
    );
    assert.deepEqual(JSON.parse((await get(url, '/?name=Ada')).text), { message: 'Ahoy, Ada!', user: 10_001 });
    assert.equal((await get(url, '/health.php')).text, 'ok');
    for (const path of ['/composer.json', '/wherry.yaml']) assert.equal((await get(url, path)).status, 404, path);
  });
});

describe('Ruby with Rack', () => {
  test('is served by Puma, its gems from an index or, without one in reach, from Debian', async () => {
    const url = up(
      written('ruby-greeter', {
        Gemfile: "source 'https://gems.example'\ngem 'puma'\ngem 'rack'\ngroup :test do\n  gem 'rspec'\nend\n",
        'config.ru': `require 'json'
run(lambda do |env|
  case env['PATH_INFO']
  when '/health' then [200, { 'content-type' => 'text/plain' }, ['ok']]
  else [200, { 'content-type' => 'application/json' }, [JSON.generate(message: ENV.fetch('GREETING', 'Hello'), user: Process.uid)]]
  end
end)
`,
      }),
    );
    assert.equal((await get(url, '/health')).text, 'ok');
    assert.deepEqual(JSON.parse((await get(url, '/')).text), { message: 'Hello', user: 10_001 });
  });
});

interface Deployment {
  readonly spec: {
    readonly template: {
      readonly spec: { readonly containers: readonly { livenessProbe?: { httpGet?: { path: string } } }[] };
    };
  };
}

describe('Rust', () => {
  test('is compiled and runs on the same release of Debian', async () => {
    const url = up(
      written('rust-greeter', {
        'Cargo.toml': '[package]\nname = "rust-greeter"\nversion = "0.1.0"\nedition = "2021"\n',
        'Cargo.lock': 'version = 3\n\n[[package]]\nname = "rust-greeter"\nversion = "0.1.0"\n',
        'src/main.rs': `use std::io::{BufRead, BufReader, Write};

fn main() {
    let port: u16 = std::env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(8000);
    let greeting = std::env::var("GREETING").unwrap_or_else(|_| "Hello".to_string());
    let listener = std::net::TcpListener::bind(("0.0.0.0", port)).expect("a free port");
    for stream in listener.incoming() {
        let mut stream = stream.expect("a connection");
        let _ = BufReader::new(&stream).read_line(&mut String::new());
        let head = format!("HTTP/1.1 200 OK\\r\\nContent-Length: {}\\r\\nConnection: close\\r\\n\\r\\n", greeting.len());
        let _ = write!(stream, "{head}{greeting}");
    }
}
`,
      }),
    );
    assert.equal((await get(url, '/')).text, 'Hello');
  });
});

/** A folder of its own, so that nothing a build leaves behind stands in the examples. */
function copied(example: string): string {
  const target = join(folder, example);
  cpSync(join(root, 'examples', example), target, { recursive: true });
  return target;
}

function written(name: string, files: Readonly<Record<string, string>>): string {
  const target = join(folder, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    writeFileSync(join(target, path), text);
  }
  return target;
}

function up(directory: string): string {
  const said = cluster.tryWherry(['up', directory, '--name', cluster.name, '--replicas', '1', '--json'], {
    timeoutMs: 300_000,
  });
  assert.equal(said.exitCode, 0, said.stdout + said.stderr);
  const { url, image } = JSON.parse(said.stdout) as { url: string; image: string };
  images.push(image);
  return url;
}

/** NAME.localhost leads to loopback everywhere, which the system's resolver need not know. */
function get(base: string, path: string): Promise<{ status: number; type: string; text: string }> {
  const url = new URL(path, base);
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port: url.port || 80,
        path: url.pathname + url.search,
        headers: { host: url.host },
        timeout: 10_000,
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.once('end', () => {
          const type = (response.headers['content-type'] ?? '').split(';')[0] ?? '';
          resolve({ status: response.statusCode ?? 0, type, text });
        });
      },
    );
    asked.once('timeout', () => asked.destroy(new Error(`no answer from ${url.href}`)));
    asked.once('error', reject).end();
  });
}
