import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { run, silentLog } from '../../base/index.ts';
import { buildImage } from './build.ts';
import type { Image } from './contract.ts';
import { type LocalImageStore, openImageStore } from './store.ts';

let home = '';
let store: LocalImageStore;

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'images-'));
  store = openImageStore({ directory: join(home, 'images'), log: silentLog, registries: {} });
});

after(async () => {
  await rm(home, { recursive: true, force: true });
});

async function context(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = await mkdtemp(join(home, 'context-'));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  return directory;
}

/** Runs a command in an image the way a container engine would: its layers under one overlay, its own mounts. */
async function inside(image: Image, script: string): Promise<string> {
  const scratch = await mkdtemp(join(home, 'run-'));
  const steps = `set -e; cd "$1"; mkdir u w m; mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/u,workdir=$1/w" m
    exec chroot m /bin/sh -c "$3"`;
  const lower = [...image.layerDirectories].reverse().join(':');
  const result = await run('unshare', ['--mount', 'sh', '-c', steps, 'sh', scratch, lower, script], {
    env: { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin' },
  });
  return result.stdout.trim();
}

test('a Dockerfile with copies, steps and settings becomes an image that runs', async () => {
  const lines: string[] = [];
  const image = await buildImage({
    store,
    contextDirectory: await context({
      Dockerfile: `FROM busybox:1.36
ARG GREETING=hello
ENV NAME=world PATH=$PATH:/app/bin
WORKDIR /app
COPY src/ ./
COPY run.sh bin/
RUN chmod +x bin/run.sh && echo "$GREETING $NAME" > greeting && rm -rf /var/www && mkdir /var/www && echo app:x:1234:1234::/:/bin/sh >> /etc/passwd
USER app
EXPOSE 8080
CMD ["run.sh"]
`,
      'src/a.txt': 'a\n',
      'src/deep/b.txt': 'b\n',
      'run.sh': '#!/bin/sh\ncat /app/greeting\n',
      '.dockerignore': '**/*.log\n',
      'src/x.log': 'x',
    }),
    tag: 'hello',
    onProgress: (line) => lines.push(line),
  });
  assert.deepEqual(image.names, ['hello:latest']);
  assert.deepEqual(image.config.command, ['run.sh']);
  assert.equal(image.config.user, 'app');
  assert.deepEqual(image.config.exposedPorts, ['8080/tcp']);
  assert.equal(image.config.workingDirectory, '/app');
  assert.ok(image.config.env.includes('PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/app/bin'));
  const seen = await inside(
    image,
    'cd /app; ls -R .; bin/run.sh; ls -A /var/www /etc/resolv.conf /run 2>&1; id app | cut -d" " -f1',
  );
  assert.equal(
    seen,
    '.:\na.txt\nbin\ndeep\ngreeting\n\n./bin:\nrun.sh\n\n./deep:\nb.txt\nhello world\nls: /etc/resolv.conf: No such file or directory\nls: /run: No such file or directory\n/var/www:\nuid=1234(app)',
  );
  assert.ok(
    lines.some((line) => line.startsWith("registry out of reach: busybox:1.36 assembled from Debian's package")),
    lines.join('\n'),
  );
  assert.ok((await readFile(join(image.layerDirectories[0] ?? '', 'etc/passwd'), 'utf8')).startsWith('root:'));
});
