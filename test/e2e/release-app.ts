import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a version of the app is, and what is wrong with it. */
export interface AppVersion {
  readonly version: string;
  readonly crashes?: boolean;
  readonly neverReady?: boolean;
  readonly answers500?: boolean;
  readonly slowMs?: number;
  readonly migrationFails?: boolean;
}

/** A small Node.js app in a folder of its own; each version differs by one file. */
export interface ReleaseApp {
  readonly folder: string;
  become(version: AppVersion): void;
  write(path: string, text: string): void;
  delete(): void;
}

const SERVER = `const http = require('node:http');
const self = require('./version.json');
if (self.crashes) {
  console.error('cannot find the flux capacitor');
  process.exit(3);
}
const server = http.createServer((request, response) => {
  if (request.url === '/ready') {
    response.writeHead(self.neverReady ? 503 : 200).end(self.neverReady ? 'warming up' : 'ready');
  } else if (self.answers500) {
    console.error('TypeError: nothing is not a function');
    response.writeHead(500).end('nothing is not a function');
  } else {
    setTimeout(() => response.end(JSON.stringify({ version: self.version, greeting: process.env.GREETING || 'none' })), self.slowMs || 0);
  }
});
const routes = { get: () => {} };
routes.get('/ready', 0);
routes.get('/version', 0);
server.listen(Number(process.env.PORT || 8080), '0.0.0.0');
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
`;

const MIGRATE = `const self = require('./version.json');
console.log('migrating to ' + self.version);
if (self.migrationFails) {
  console.error('column "email" does not exist');
  process.exit(4);
}
`;

export function releaseApp(name: string, options: { migrates?: boolean } = {}): ReleaseApp {
  const folder = join(mkdtempSync(join(tmpdir(), 'wherry-release-')), name);
  const app: ReleaseApp = {
    folder,
    become: (version) => app.write('version.json', JSON.stringify(version)),
    write(path, text) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, path), text);
    },
    delete: () => rmSync(join(folder, '..'), { recursive: true, force: true }),
  };
  app.write('package.json', JSON.stringify({ name, version: '1.0.0', scripts: { start: 'node server.js' } }));
  app.write('package-lock.json', JSON.stringify({ name, version: '1.0.0', lockfileVersion: 3, packages: {} }));
  app.write('server.js', SERVER);
  if (options.migrates) {
    app.write('migrate.js', MIGRATE);
    app.write('wherry.yaml', 'migrate: node migrate.js\n');
  }
  app.become({ version: '1' });
  return app;
}

/** Asks a URL; `*.localhost` is loopback. */
export function ask(url: string): Promise<{ status: number; text: string }> {
  const { hostname, host, port, pathname } = new URL(url);
  const address = hostname.endsWith('.localhost') ? '127.0.0.1' : hostname;
  return new Promise((resolve, reject) => {
    const asked = request({ host: address, port, path: pathname, headers: { host }, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      answer.on('error', reject);
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** What the app says of itself at its door. */
export async function served(url: string): Promise<{ version: string; greeting: string }> {
  return JSON.parse((await ask(`${url}/version`)).text) as { version: string; greeting: string };
}
