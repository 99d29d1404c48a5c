// Installs what is missing: npm packages, and the system packages that the engine and its tests run.
// One plain line for each thing; nothing where everything is there. Stops with the exact command where it may not install.
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Programs by the Debian package that carries them. */
const ENGINE = {
  crun: 'crun',
  conmon: 'conmon',
  nft: 'nftables',
  ip: 'iproute2',
  conntrack: 'conntrack',
  mmdebstrap: 'mmdebstrap',
  nsenter: 'util-linux',
};
const TESTS = { curl: 'curl', tar: 'tar' };

export function setUpPackages() {
  const lock = join(root, 'package-lock.json');
  const installed = join(root, 'node_modules/.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.log('installing npm packages');
  // Not npm ci: a lock file made where a registry lacks other platforms' optional packages would be refused.
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root });
  // npm keeps the lock file's own date when nothing changed; the next look must see that this is done.
  const now = new Date();
  spawnSync('touch', ['-d', now.toISOString(), installed]);
}

export function setUpSystem(programs) {
  if (process.platform !== 'linux') {
    stop(`this machine runs ${process.platform}, containers need Linux`, 'Use WSL 2, Lima or a dev container.');
  }
  const missing = [
    ...new Set(
      Object.entries(programs)
        .filter(([program]) => !find(program))
        .map(([, name]) => name),
    ),
  ];
  if (missing.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  if (process.getuid?.() !== 0) stop(`these system packages are missing: ${missing.join(' ')}`, `Run: sudo ${command}`);
  if (!find('apt-get'))
    stop(`these programs are missing: ${missing.join(' ')}`, "Install them with this system's package manager.");
  for (const name of missing) console.log(`installing the system package ${name}`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['-qq', '-o', 'Dpkg::Use-Pty=0', 'install', '-y', '--no-install-recommends', ...missing];
  if (spawnSync('apt-get', install, { env: environment, stdio: 'pipe' }).status === 0) return;
  // The package lists may be old or absent on a fresh machine.
  run('apt-get', ['-qq', 'update'], { env: environment });
  run('apt-get', install, { env: environment }, `Run: ${command}`);
}

/**
 * A kubectl of 1.30 or newer: the one on PATH, else the one of a newer Debian suite, unpacked below build/ without being
 * installed. The mirror and its key are this machine's own.
 */
export function setUpKubectl() {
  const folder = join(root, 'build/kubectl');
  const own = join(folder, 'usr/bin/kubectl');
  if (existsSync(own)) return own;
  const found = find('kubectl');
  if (found && minorVersion(found) >= 30) return found;
  console.log('fetching kubectl from a newer Debian suite');
  mkdirSync(folder, { recursive: true });
  const sources = join(folder, 'sources.list');
  const options = [
    '-o',
    `Dir::Etc::sourcelist=${sources}`,
    '-o',
    'Dir::Etc::sourceparts=/dev/null',
    '-o',
    `Dir::State::lists=${join(folder, 'lists')}`,
    '-o',
    `Dir::Cache=${join(folder, 'cache')}`,
    // What this machine has installed from elsewhere must not be the version that is looked for.
    '-o',
    'Dir::State::status=/dev/null',
    '-o',
    'APT::Sandbox::User=root',
  ];
  const clean = () => {
    const archives = readdirSync(folder).filter((name) => name.endsWith('.deb'));
    for (const name of ['lists', 'cache', ...archives]) rmSync(join(folder, name), { recursive: true, force: true });
  };
  for (const suite of ['trixie', 'forky', 'sid']) {
    clean();
    for (const name of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(
      sources,
      `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${debianMirror()} ${suite} main\n`,
    );
    run('apt-get', ['-qq', ...options, 'update'], { cwd: folder });
    run('apt-get', ['-qq', ...options, 'download', 'kubectl'], { cwd: folder });
    const archive = readdirSync(folder).find((name) => name.endsWith('.deb'));
    run('dpkg-deb', ['-x', join(folder, archive ?? ''), folder]);
    clean();
    if (minorVersion(own) >= 30) return own;
  }
  return stop('kubectl of Debian is older than 1.30', 'Put a newer kubectl on PATH.');
}

function minorVersion(kubectl) {
  const said = spawnSync(kubectl, ['version', '--client', '-o', 'json'], { encoding: 'utf8' }).stdout;
  return Number(/"minor":\s*"(\d+)/.exec(said)?.[1] ?? 0);
}

function debianMirror() {
  const files = [
    '/etc/apt/sources.list',
    ...list('/etc/apt/sources.list.d').map((name) => join('/etc/apt/sources.list.d', name)),
  ];
  for (const file of files) {
    if (!existsSync(file)) continue;
    const match = /^(?:deb\s+(?:\[[^\]]*\]\s+)?|URIs:\s*)(https?:\/\/\S+\/debian)\/?(?:\s|$)/m.exec(
      readFileSync(file, 'utf8'),
    );
    if (match) return match[1];
  }
  return stop('no Debian mirror in the configuration of apt', 'Put kubectl 1.30 or newer on PATH.');
}

function list(folder) {
  return existsSync(folder) ? readdirSync(folder) : [];
}

export function find(program) {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']) {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return join(folder, program);
    } catch {}
  }
  return undefined;
}

function run(command, args, options = {}, wayOut) {
  const result = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
  if (result.status === 0) return;
  stop(
    `${command} ${args[0]} failed (${result.error?.message ?? `exit status ${result.status}`})`,
    wayOut ?? 'Its own words are above.',
  );
}

function stop(fault, wayOut) {
  console.error(`set-up: ${fault}\n${wayOut}`);
  process.exit(1);
}

export async function setUp({ forTests }) {
  if (process.platform === 'linux' && process.getuid?.() !== 0) {
    stop('containers need root here, and nothing was installed', `Run: sudo npm ${forTests ? 'test' : 'run demo'}`);
  }
  // The system first: without root it stops here, and nothing is half-installed.
  setUpSystem(forTests ? { ...ENGINE, ...TESTS } : ENGINE);
  setUpPackages();
  if (forTests) process.env.WHERRY_TEST_KUBECTL = setUpKubectl();
}
