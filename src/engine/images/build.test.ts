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

/** Builds from a text on busybox. */
async function built(
  text: string,
  files: Readonly<Record<string, string>> = {},
  more: Partial<Parameters<typeof buildImage>[0]> = {},
) {
  return buildImage({ store, contextDirectory: await context(files), dockerfile: { text }, ...more });
}

async function fails(text: string, files: Readonly<Record<string, string>>, wanted: RegExp): Promise<void> {
  await assert.rejects(built(text, files), (error) => {
    assert.ok(error instanceof Error);
    assert.match(error.message, wanted);
    return true;
  });
}

test('COPY merges directories, follows links inside the image and honours owner and permissions', async () => {
  const image = await built(
    `FROM busybox
RUN mkdir -p /real/sub && ln -s /real /link && echo old > /real/sub/kept && chmod 750 /real/sub && chown 5:6 /real/sub
COPY tree /link/
COPY --chown=7:8 --chmod=640 tree/sub/new /owned/deep/
COPY tree/*.txt tree/sub/n?w ./all/
COPY tree/a.txt renamed
`,
    { 'tree/sub/new': 'new', 'tree/a.txt': 'a', 'tree/b.txt': 'b' },
  );
  const seen = await inside(
    image,
    'cat /real/sub/kept; stat -c "%n %a %u:%g" /real/sub /real/sub/new /owned/deep /owned/deep/new /link; ls /all; cat /renamed',
  );
  assert.equal(
    seen,
    'old\n/real/sub 750 5:6\n/real/sub/new 644 0:0\n/owned/deep 755 7:8\n/owned/deep/new 640 7:8\n/link 777 0:0\na.txt\nb.txt\nnew\na',
  );
});

test('stages the target does not need are not built, and COPY --from takes what a later layer left', async () => {
  const image = await built(
    `FROM busybox AS unused
RUN false
FROM busybox AS made
RUN mkdir /out && echo 1 > /out/gone && echo 2 > /out/stays
RUN rm /out/gone && rm -rf /var && mkdir -p /var/only
FROM scratch
COPY --from=made /out /out
COPY --from=1 /var /var
COPY --from=busybox /bin/busybox /bin/sh
`,
  );
  assert.equal(await inside(image, 'echo /out/* /var/*'), '/out/stays /var/only');
});

test('the same steps come from the cache and give the same image; a changed file does not', async () => {
  const text = 'FROM busybox\nCOPY a /a\nRUN cat /a > /b && date > /c\nENV X=1\n';
  const lines: string[] = [];
  const onProgress = (line: string) => lines.push(line);
  const first = await built(text, { a: '1' });
  const second = await built(text, { a: '1' }, { onProgress });
  assert.equal(second.id, first.id);
  assert.equal(lines.filter((line) => line.endsWith('(from the cache)')).length, 2);
  const third = await built(text, { a: '2' });
  assert.notEqual(third.id, first.id);
  assert.equal(await inside(third, 'cat /b'), '2');
});

test('a RUN sees arguments, heredocs, caches, secrets and files of the context, and none of the mounts stay', async () => {
  const image = await built(
    `FROM busybox
ARG WHO=nobody
ARG AT
RUN --mount=type=cache,target=/cache/deep echo "$WHO $AT" >> /cache/deep/x && cp /cache/deep/x /x
RUN --mount=type=secret,id=key --mount=type=bind,source=f,target=/mnt/f --mount=type=tmpfs,target=/scratch cat /run/secrets/key /mnt/f > /y; touch /scratch/z
RUN <<EOF
echo one > /z
echo "two $WHO" >> /z
EOF
COPY <<EOF /w
hello $WHO
EOF
SHELL ["/bin/sh", "-ec"]
RUN false || true; echo "$0" > /dev/null
`,
    { f: 'file' },
    { buildArgs: { WHO: 'me', AT: 'here' }, secrets: { key: { text: 'secret ' } } },
  );
  const seen = await inside(
    image,
    'cat /x /y /z /w; ls -A / | grep -c -E "^(cache|run|mnt|scratch)$"; ls -A /etc | grep -c hosts; ls -A /dev /proc /sys',
  );
  assert.equal(seen, 'me here\nsecret fileone\ntwo me\nhello me\n0\n0\n/dev:\n\n/proc:\n\n/sys:');
});

test('ONBUILD steps of a base run in the image built on it', async () => {
  await built('FROM busybox\nONBUILD COPY f /f\nONBUILD RUN echo ran > /ran\n', {}, { tag: 'trigger' });
  const image = await built('FROM trigger\n', { f: 'x' });
  assert.equal(await inside(image, 'cat /f /ran'), 'xran');
});

test('ADD unpacks an archive and leaves other files as they are', async () => {
  const directory = await context({ 'in/a': 'a', plain: 'p' });
  await run('tar', ['-C', join(directory, 'in'), '-czf', join(directory, 'x.tar.gz'), 'a']);
  const image = await buildImage({
    store,
    contextDirectory: directory,
    dockerfile: { text: 'FROM busybox\nADD x.tar.gz plain /d/\n' },
  });
  assert.equal(await inside(image, 'cd /d; echo *'), 'a plain');
});

test('a context leaves out what .dockerignore says, but for its exceptions', async () => {
  const files = {
    '.dockerignore': 'logs\n!logs/keep\n**/*.tmp\n',
    'logs/a': '1',
    'logs/keep': '2',
    'x/y.tmp': '3',
    'x/z': '4',
  };
  const image = await built('FROM busybox\nCOPY . /c\n', files);
  assert.equal(await inside(image, 'cd /c; find . -type f | sort'), './.dockerignore\n./logs/keep\n./x/z');
});

test('faults of a build name the line and what to do', async () => {
  await fails(
    'FROM busybox\nRUN echo said; exit 3\n',
    {},
    /^Dockerfile:2: RUN echo said; exit 3 exited with 3\nIts last lines:\n {2}said$/,
  );
  await fails('FROM busybox\nCOPY none /x\n', {}, /^Dockerfile:2: COPY: no such file in the build context: none\n/);
  await fails(
    'FROM busybox\nCOPY ../up /x\n',
    {},
    /^Dockerfile:2: COPY: no such file in the build context: \.\.\/up\nOnly files below/,
  );
  await fails(
    'FROM busybox\nCOPY a b /x\n',
    { a: '', b: '' },
    /^Dockerfile:2: COPY of several files: the destination \/x must be a directory\n/,
  );
  await fails(
    'FROM busybox AS a\nCOPY --from=later /x /x\nFROM busybox AS later\nFROM a\n',
    {},
    /^Dockerfile:2: there is no earlier stage later\n/,
  );
  await fails('FROM no-such-image:1\n', {}, /^Dockerfile:1: the image no-such-image:1 cannot be had: /);
  await fails(
    'FROM busybox\nUSER nobody2\nRUN id\n',
    {},
    /^Dockerfile:3: RUN as USER nobody2: no user nobody2 in the image's \/etc\/passwd\n/,
  );
  await fails('FROM busybox\nCOPY --chown=ghost a /a\n', { a: '' }, /^Dockerfile:2: COPY: no user ghost in the image/);
  await fails(
    'FROM --platform=plan9/sparc busybox\n',
    {},
    /^Dockerfile:1: FROM --platform=plan9\/sparc: this machine builds for linux\//,
  );
});

test('an aborted build ends its RUN and leaves no temporary files', async () => {
  const control = new AbortController();
  const building = built(
    'FROM busybox\nRUN echo started; sleep 600\n',
    {},
    {
      signal: control.signal,
      onProgress: (line) => {
        if (line.includes('started') && !line.includes('RUN')) control.abort(new Error('enough'));
      },
    },
  );
  await assert.rejects(building, /enough/);
  const { readdir } = await import('node:fs/promises');
  assert.deepEqual(await readdir(join(home, 'images/tmp')), []);
});

test('removing images frees their layers once no name and no build step needs them', async () => {
  const image = await built('FROM busybox\nCOPY big /big\n', { big: 'x'.repeat(1000) }, { tag: 'doomed' });
  const { rm: remove } = await import('node:fs/promises');
  await store.tag('doomed', 'doomed:also');
  await store.remove('doomed');
  assert.ok(await store.get('doomed:also'));
  await remove(join(home, 'images/cache'), { recursive: true });
  await store.remove('doomed:also');
  assert.equal(await store.get('doomed:also'), undefined);
  await assert.rejects(readFile(join(image.layerDirectories.at(-1) ?? '', 'big')), /ENOENT/);
  assert.ok(await store.get('busybox'));
});
