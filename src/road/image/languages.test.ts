import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { readProject } from '../project/index.ts';
import { dockerfileFor } from './dockerfile-for.ts';

async function dockerfileOf(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'app-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), text);
    }
    const generated = dockerfileFor(await readProject(directory));
    assert.ok(generated);
    return generated.text;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const MAIN =
  'package main\n\nimport "net/http"\n\nfunc main() { http.ListenAndServe(":8080", http.FileServer(http.Dir("static"))) }\n';

test('Go: modules before sources, none fetched where they are vendored or there are none', async () => {
  const module = 'module example.com/a\n\ngo 1.22\n\nrequire github.com/gorilla/mux v1.8.1\n';
  const fetched = await dockerfileOf({ 'go.mod': module, 'go.sum': '', 'main.go': MAIN });
  assert.ok(fetched.indexOf('go mod download') < fetched.indexOf('COPY . .'));
  assert.match(fetched, /could not be fetched from \$\(go env GOPROXY\)/);
  const vendored = await dockerfileOf({ 'go.mod': module, 'main.go': MAIN, 'vendor/modules.txt': '# x\n' });
  assert.doesNotMatch(vendored, /go mod download/);
  assert.doesNotMatch(await dockerfileOf({ 'go.mod': 'module a\n\ngo 1.22\n', 'main.go': MAIN }), /go mod download/);
});

test('Go: what the program reads while it runs comes along, with where that was seen; C is linked in whole', async () => {
  const text = await dockerfileOf({ 'go.mod': 'module a\n\ngo 1.22\n', 'main.go': MAIN, 'static/a.css': '' });
  assert.match(text, /# read while it runs: main\.go:5\nCOPY --from=build \/src\/static \.\/static/);
  assert.match(text, /ENV CGO_ENABLED=0/);
  const native = await dockerfileOf({
    'go.mod': 'module a\n\ngo 1.22\n\nrequire github.com/mattn/go-sqlite3 v1.14.22\n',
    'main.go': MAIN,
  });
  assert.match(native, /CGO_ENABLED=1/);
  assert.match(native, /-extldflags "-static"/);
});

test('Java: a command of the author finds the jar where the build leaves it', async () => {
  const pom = '<project><artifactId>a</artifactId></project>';
  const main = 'package a;\npublic class Main { public static void main(String[] args) {} }';
  const own = await dockerfileOf({ 'pom.xml': pom, 'src/main/java/a/Main.java': main });
  assert.match(own, /CMD \["java","-cp","app\.jar:lib\/\*","a\.Main"\]/);
  const named = await dockerfileOf({
    'pom.xml': pom,
    'src/main/java/a/Main.java': main,
    Procfile: 'web: java -jar target/a-1.0.jar\n',
  });
  assert.match(named, /COPY --from=build \/src\/target\/ \.\/target\//);
});

test('Rust: both stages stand on the same release of Debian', async () => {
  const files = { 'Cargo.toml': '[package]\nname = "a"\nversion = "1.0.0"\n', 'src/main.rs': 'fn main() {}\n' };
  const suites = (text: string): string[] =>
    [...text.matchAll(/^FROM \S+?:\S*?(bookworm|trixie)/gm)].map(([, suite]) => suite ?? '');
  assert.deepEqual(suites(await dockerfileOf(files)), ['trixie', 'trixie']);
  assert.deepEqual(suites(await dockerfileOf({ ...files, 'rust-toolchain': '1.75.0\n' })), ['bookworm', 'bookworm']);
});

test('PHP: extensions with the libraries that they are compiled with, and the port that needs no root', async () => {
  const text = await dockerfileOf({
    'index.php': '<?php new PDO("pgsql:host=db");',
    'composer.json': '{"require": {"ext-redis": "*", "ext-mbstring": "*"}}',
  });
  assert.match(text, /install -y --no-install-recommends libpq-dev/);
  assert.match(text, /^RUN docker-php-ext-install pdo_pgsql opcache$/m);
  assert.match(text, /pecl install redis/);
  assert.match(text, /Listen 8080/);
  assert.doesNotMatch(text, /mbstring/);
  assert.match(
    await dockerfileOf({ 'index.php': '', Procfile: 'web: vendor/bin/heroku-php-apache2\n' }),
    /CMD \["apache2-foreground"\]/,
  );
});

test('.NET: project files stand where they were when packages are restored', async () => {
  const text = await dockerfileOf({
    'src/Api/Api.csproj': '<Project Sdk="Microsoft.NET.Sdk.Web"></Project>',
    'src/Core/Core.csproj': '<Project Sdk="Microsoft.NET.Sdk"></Project>',
  });
  assert.match(
    text,
    /COPY src\/Api\/Api\.csproj \.\/src\/Api\/\nCOPY src\/Core\/Core\.csproj \.\/src\/Core\/\nRUN .* dotnet restore src\/Api\/Api\.csproj/,
  );
  assert.match(text, /CMD \["dotnet","Api\.dll"\]/);
});

test('a static site keeps only files with a hash in their names for long, and hides what begins with a dot', async () => {
  const text = await dockerfileOf({ 'index.html': '' });
  const pattern = /location ~ "([^"]+)"/.exec(text)?.[1];
  assert.ok(pattern);
  const hashed = (path: string): boolean => new RegExp(pattern).test(path);
  assert.ok(hashed('/assets/index-BkT3x9aQ.js'));
  assert.ok(hashed('/main.5f3a9c21.css'));
  assert.ok(!hashed('/bootstrap-datepicker.css'));
  assert.ok(!hashed('/style.css'));
  assert.match(text, /location ~ \/\\\.\(\?!well-known\/\) \{ return 404; \}/);
});
