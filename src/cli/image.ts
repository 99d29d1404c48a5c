import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import type { Command } from 'commander';
import { codeOf, silentLog, UserError } from '../base/index.ts';
import { portOf } from './port.ts';
import { printTable } from './table.ts';

async function openStore() {
  const [{ openImageStore }, { imageStoreDirectory }] = await Promise.all([
    import('../engine/images/index.ts'),
    import('../engine/cluster/index.ts'),
  ]);
  return openImageStore({ directory: imageStoreDirectory(), log: silentLog });
}

const tell = (line: string) => console.error(line);

interface BuildFlags {
  tag?: string;
  file?: string;
  buildArg: string[];
  target?: string;
  network?: string;
  cache: boolean;
}

export function registerImage(program: Command): void {
  const image = program
    .command('image')
    .description('images of this machine: build, pull, push, list, remove')
    .addHelpText('after', '\nExample:\n  wherry image list');
  const collect = (value: string, all: string[]) => [...all, value];

  image
    .command('build')
    .description('build an image from a Dockerfile; pods see it at once')
    .argument('[context]', 'folder that COPY takes from', '.')
    .option('-t, --tag <name>', 'name of the image')
    .option('-f, --file <path>', 'the Dockerfile (CONTEXT/Dockerfile)')
    .option('--build-arg <name=value>', 'value of an ARG', collect, [])
    .option('--target <stage>', 'stage to stop at')
    .option('--network <network>', 'network of RUN steps: host or none', 'host')
    .option('--no-cache', 'build every step anew')
    .addHelpText('after', '\nExample:\n  wherry image build -t web:1 .')
    .action(async (context: string, flags: BuildFlags) => {
      const { buildImage } = await import('../engine/images/index.ts');
      const { resolve } = await import('node:path');
      if (flags.network !== 'host' && flags.network !== 'none')
        throw new UserError('--network', `"${flags.network}" is no network of a build`, 'Give host or none.', {
          exitStatus: 2,
        });
      const buildArgs = Object.fromEntries(
        flags.buildArg.map((text): [string, string] => {
          const at = text.indexOf('=');
          return at < 0 ? [text, process.env[text] ?? ''] : [text.slice(0, at), text.slice(at + 1)];
        }),
      );
      const built = await buildImage({
        store: await openStore(),
        contextDirectory: resolve(context),
        buildArgs,
        network: flags.network,
        noCache: !flags.cache,
        onProgress: tell,
        ...(flags.file === undefined ? {} : { dockerfile: { path: resolve(flags.file) } }),
        ...(flags.tag === undefined ? {} : { tag: flags.tag }),
        ...(flags.target === undefined ? {} : { target: flags.target }),
      });
      console.log(built.names[0] ?? built.id);
    });

  image
    .command('pull')
    .description(
      'fetch an image from its registry; a well-known one is assembled from Debian packages when that is out of reach',
    )
    .argument('<name>')
    .addHelpText('after', '\nExample:\n  wherry image pull mariadb:11')
    .action(async (name: string) => {
      const { pullImage } = await import('../engine/images/index.ts');
      const pulled = await pullImage({ store: await openStore(), reference: name, onProgress: tell });
      if (pulled.standIn) console.error(pulled.standIn);
      console.log(`${pulled.names[0] ?? name} ${pulled.digest}`);
    });

  image
    .command('push')
    .description('send an image to the registry its name begins with')
    .argument('<name>')
    .addHelpText('after', '\nExample:\n  wherry image push registry.example.com/team/web:1')
    .action(async (name: string) => {
      const { pushImage } = await import('../engine/images/index.ts');
      await pushImage({ store: await openStore(), reference: name, onProgress: tell });
      console.log(`${name} is pushed`);
    });

  image
    .command('list')
    .description('images of this machine')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  wherry image list --json')
    .action(async ({ json }: { json?: boolean }) => {
      const images = await (await openStore()).list();
      const rows = images.flatMap(({ names, id, sizeBytes, createdAt, standIn }) =>
        (names.length > 0 ? names : ['<none>']).map((name) => ({ name, id, sizeBytes, createdAt, standIn })),
      );
      if (json) console.log(JSON.stringify(rows, null, 2));
      else
        printTable(
          ['NAME', 'ID', 'SIZE', 'CREATED'],
          rows.map(({ name, id, sizeBytes, createdAt }) => [
            name,
            id.replace('sha256:', '').slice(0, 12),
            `${(sizeBytes / 1e6).toFixed(0)} MB`,
            createdAt,
          ]),
        );
    });

  image
    .command('remove')
    .description('remove an image; its layers go with the last image that uses them')
    .argument('<name>')
    .addHelpText('after', '\nExample:\n  wherry image remove web:1')
    .action(async (name: string) => {
      const store = await openStore();
      if (!(await store.get(name))) {
        throw new UserError(`image ${name}`, 'is not on this machine', 'See what there is: wherry image list');
      }
      await store.remove(name);
      console.log(`${name} is removed`);
    });

  image
    .command('serve')
    .description('a registry on this machine, for pushing images that another cluster here pulls; ends with Ctrl-C')
    .option('--port <port>', 'port on 127.0.0.1', '5001')
    .option('--directory <directory>', 'where it keeps what is pushed (registry below the home of wherry)')
    .addHelpText(
      'after',
      '\nExample:\n  wherry image serve --port 5001 &\n  wherry image push localhost:5001/team/web:1',
    )
    .action(async (flags: { port: string; directory?: string }) => {
      const port = portOf('--port', flags.port);
      const [{ createRegistry }, { homeDirectory }] = await Promise.all([
        import('../engine/images/index.ts'),
        import('../engine/cluster/index.ts'),
      ]);
      const directory = flags.directory ?? join(homeDirectory(), 'registry');
      await mkdir(directory, { recursive: true });
      const server = createServer(createRegistry({ directory, log: silentLog }).handler);
      await new Promise<void>((resolve, reject) => {
        server.once('error', (error) =>
          reject(
            codeOf(error) === 'EADDRINUSE'
              ? new UserError('--port', `port ${port} is in use`, 'Choose another: --port PORT')
              : error,
          ),
        );
        server.listen(port, '127.0.0.1', resolve);
      });
      console.log(`registry on http://localhost:${port}, kept in ${directory}`);
      const end = () => {
        server.close();
        server.closeAllConnections();
      };
      process.once('SIGINT', end).once('SIGTERM', end);
    });
}
