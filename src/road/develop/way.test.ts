import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Language } from '../project/index.ts';
import type { DevelopmentWay } from './contract.ts';
import { copiedFolders } from './copied-folders.ts';
import { destinationOf, developmentWay } from './way.ts';

const facts = (language: Language | undefined, manifestFiles: string[] = []) => ({
  language: language && { value: language, source: 'test' },
  manifestFiles,
});

async function syncWay(language: Language, dockerfile: string, build?: string) {
  const way = await developmentWay(facts(language, ['package.json']), dockerfile, { build });
  assert.equal(way.is, 'sync', JSON.stringify(way));
  return way as DevelopmentWay & { is: 'sync' };
}

async function why(language: Language | undefined, dockerfile: string): Promise<string> {
  const way = await developmentWay(facts(language), dockerfile);
  assert.equal(way.is, 'rebuild', JSON.stringify(way));
  return way.is === 'rebuild' ? way.why : '';
}

const NODE = `FROM node:24 AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
FROM node:24
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY . .
RUN chown -R 1000 /app
USER 1000
CMD ["node", "server.js"]`;

test('a file goes where COPY put it; what RUN installed from needs another image', async () => {
  const way = await syncWay('node', NODE);
  assert.equal(way.root, '/app');
  assert.equal(way.restart, true);
  assert.equal(destinationOf(way, 'src/app.js'), '/app/src/app.js');
  assert.equal(destinationOf(way, 'server.js'), '/app/server.js');
  for (const path of ['package.json', 'package-lock.json', 'Dockerfile', 'wherry.yaml', '.dockerignore']) {
    assert.equal(destinationOf(way, path), undefined, path);
  }
  assert.equal(destinationOf(way, 'src/package.json'), '/app/src/package.json');
});

test('sources are followed from stage to stage, whole or a folder of them', async () => {
  const way = await syncWay(
    'php',
    `FROM composer:2 AS packages
WORKDIR /build
COPY composer.json composer.* ./
RUN composer install
COPY . .
RUN composer dump-autoload --no-dev
FROM php:8-apache
WORKDIR /srv
COPY --from=packages /build ./
COPY --from=packages /build/public /srv/html`,
  );
  assert.equal(way.restart, false);
  assert.equal(way.root, '/srv');
  assert.equal(destinationOf(way, 'src/index.php'), '/srv/src/index.php');
  assert.equal(destinationOf(way, 'public/index.php'), '/srv/html/index.php');
  assert.equal(destinationOf(way, 'composer.lock'), undefined);
});

test('single folders and files of the context have their own places', async () => {
  const way = await syncWay(
    'python',
    `FROM python:3.13
WORKDIR /opt/app
COPY requirements.txt /tmp/
RUN pip install -r /tmp/requirements.txt
COPY main.py ./
COPY ["my app/", "/opt/app/mine/"]`,
  );
  assert.equal(destinationOf(way, 'main.py'), '/opt/app/main.py');
  assert.equal(destinationOf(way, 'my app/views/a.py'), '/opt/app/mine/views/a.py');
  assert.equal(destinationOf(way, 'README.md'), undefined);
  assert.equal(destinationOf(way, 'requirements.txt'), undefined);
});

test('sources that a RUN makes something of are built anew, with the line', async () => {
  assert.match(
    await why('node', 'FROM node\nWORKDIR /app\nCOPY . .\nRUN npm ci && npm run build\nCMD node dist'),
    /^line 4 of its Dockerfile makes something of the sources: npm ci$/,
  );
  assert.match(
    await why('node', `FROM node AS build\nWORKDIR /a\nCOPY . .\nRUN tsc\nFROM nginx\nCOPY --from=build /a/dist /srv`),
    /^line 4 /,
  );
});

test('what cannot be put in place says why', async () => {
  assert.equal(await why('go', NODE), 'go is compiled');
  assert.equal(await why(undefined, NODE), 'its language is not known');
  assert.equal(await why('node', 'FROM node\nCMD x'), 'its Dockerfile copies no sources into the last stage');
  assert.match(
    await why('node', 'FROM registry.example.com/distroless/nodejs24\nWORKDIR /app\nCOPY . .'),
    /has no shell/,
  );
  assert.match(await why('python', 'FROM python\nCOPY a /srv/a\nCOPY b /opt/b'), /several folders/);
});

test('heredocs, a target and inherited stages do not confuse it', async () => {
  const dockerfile = `FROM debian AS base
WORKDIR /srv
COPY <<'EOF' /etc/site.conf
RUN this is text
COPY . .
EOF
COPY . .
FROM base AS development
ENV A=1
FROM base AS production
RUN make`;
  const development = await copiedFolders(dockerfile, 'development');
  assert.deepEqual(development.folders, [{ from: '', to: '/srv' }]);
  assert.equal(development.base, 'debian');
  assert.match((await copiedFolders(dockerfile)).why ?? '', /makes something of the sources: make/);
});
