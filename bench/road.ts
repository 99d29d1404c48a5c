import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Manifest, objectsOf } from '../src/road/manifests/index.ts';
import { applicationOf } from '../src/road/model/index.ts';
import { readProject } from '../src/road/project/index.ts';

export interface RoadBench {
  record(name: string, value: number): void;
  /** Runs the command line to its end; throws when it fails. */
  wherry(...args: string[]): string;
  readonly env: NodeJS.ProcessEnv;
  readonly cluster: string;
  readonly kubeconfig: string;
}

const FILES = 10_000;
const SERVICES = 50;
const ROUNDS = 5;

/** What a user of the road waits for, each measured as the command line a person would call. */
export async function benchRoad(bench: RoadBench): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'wherry-bench-road-'));
  try {
    bench.record('plan_10000_files_ms', median(await planTimes(bench, join(folder, 'large'))));
    bench.record('convert_50_services_ms', median(await convertTimes(bench, join(folder, 'compose'))));
    bench.record('dev_save_to_served_ms', median(await developTimes(bench, join(folder, 'dev'))));
    bench.record('deploy_overhead_ratio', await deployRatio(bench, join(folder, 'app')));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function planTimes(bench: RoadBench, folder: string): Promise<number[]> {
  writeApp(folder, 'first');
  for (let index = 0; index < FILES; index++) {
    const below = join(folder, `src/part-${Math.floor(index / 100)}`);
    if (index % 100 === 0) mkdirSync(below, { recursive: true });
    writeFileSync(join(below, `file-${index}.js`), `export const value${index} = process.env.VALUE_${index % 20};\n`);
  }
  return timed(ROUNDS, () => bench.wherry('plan', folder, '--json'));
}

async function convertTimes(bench: RoadBench, folder: string): Promise<number[]> {
  mkdirSync(folder, { recursive: true });
  const services = Array.from(
    { length: SERVICES },
    (_, index) => `  part${index}:
    image: nginx:1.27
    environment: { NUMBER: "${index}", PEER: "http://part${(index + 1) % SERVICES}:80" }
    ports: ["${20_000 + index}:80"]
    volumes: ["data${index}:/data"]
    healthcheck: { test: ["CMD", "curl", "-f", "http://localhost/"], interval: 5s }
    depends_on: ${index === 0 ? '[]' : `[part${index - 1}]`}
`,
  );
  const volumes = Array.from({ length: SERVICES }, (_, index) => `  data${index}: {}\n`);
  const file = join(folder, 'compose.yaml');
  writeFileSync(file, `services:\n${services.join('')}volumes:\n${volumes.join('')}`);
  return timed(ROUNDS, () => bench.wherry('convert', file, '--json'));
}

/** From the write of a file to the first answer of the new version, asked every 5 ms from outside. */
async function developTimes(bench: RoadBench, folder: string): Promise<number[]> {
  writeApp(folder, 'version 0');
  const args = ['dist/wherry.mjs', 'dev', folder, '--name', bench.cluster, '--app', 'dev', '--no-logs'];
  const child = spawn(process.execPath, args, { env: bench.env, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  try {
    await until(() => said.includes('\nwatching '));
    const port = ingressPort(bench);
    const times: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const before = said.split('\nserved ').length;
      const startedAt = performance.now();
      writeApp(folder, `version ${round}`);
      await until(async () => (await answerOf(port, 'dev.localhost')) === `version ${round}`);
      times.push(performance.now() - startedAt);
      await until(() => said.split('\nserved ').length > before);
    }
    return times;
  } finally {
    child.kill('SIGINT');
    await new Promise((resolve) => child.once('exit', resolve));
  }
}

/**
 * A change of one setting, released by `wherry deploy` and, the same objects in another namespace, by `kubectl apply` and
 * `kubectl rollout status`; the image is there already.
 */
async function deployRatio(bench: RoadBench, folder: string): Promise<number> {
  writeApp(folder, 'release');
  const deploy = (round: number, ...more: string[]): void => {
    writeFileSync(join(folder, 'wherry.yaml'), `environment:\n  ROUND: "${round}"\n`);
    bench.wherry('deploy', folder, '--name', bench.cluster, '--app', 'ratio', '--yes', ...more);
  };
  deploy(0);
  const [release] = JSON.parse(bench.wherry('releases', 'ratio', '--name', bench.cluster, '--json')) as {
    image: string;
  }[];
  const image = release?.image ?? '';
  const kubectl = (args: string[], input = ''): void => {
    const result = spawnSync('kubectl', ['--kubeconfig', bench.kubeconfig, ...args], { input, encoding: 'utf8' });
    if (result.status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${result.stderr}`);
  };
  const apply = async (round: number): Promise<void> => {
    const objects = await objectsFor(folder, round, image);
    kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    kubectl(['-n', 'ratio', 'rollout', 'status', 'deployment/ratio', '--timeout=120s']);
  };
  await apply(0);
  const [byWherry, byKubectl]: [number[], number[]] = [[], []];
  for (let round = 1; round <= ROUNDS; round++) {
    let startedAt = performance.now();
    deploy(round, '--image', image);
    byWherry.push(performance.now() - startedAt);
    startedAt = performance.now();
    await apply(round);
    byKubectl.push(performance.now() - startedAt);
  }
  return median(byWherry) / median(byKubectl);
}

async function objectsFor(folder: string, round: number, image: string): Promise<Manifest[]> {
  writeFileSync(join(folder, 'wherry.yaml'), `environment:\n  ROUND: "${round}"\n`);
  const application = applicationOf(await readProject(folder), { name: 'ratio' });
  const { objects } = objectsOf(application, { namespace: 'ratio', ordering: 'objects', imageOf: () => image });
  return [...objects];
}

function writeApp(folder: string, answer: string): void {
  mkdirSync(folder, { recursive: true });
  const about = { name: 'app', type: 'module', scripts: { start: 'node server.js' } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(about));
  writeFileSync(
    join(folder, 'server.js'),
    `import http from 'node:http';
const round = process.env.ROUND;
const server = http.createServer((request, response) => {
  response.end(request.url === '/health' ? 'fine' : '${answer}');
});
server.listen(process.env.PORT || 8080);
process.on('SIGTERM', () => process.exit(0));
`,
  );
}

function ingressPort(bench: RoadBench): number {
  const status = JSON.parse(bench.wherry('cluster', 'status', '--name', bench.cluster, '--json')) as { http: string };
  return Number(new URL(status.http).port);
}

function answerOf(port: number, host: string): Promise<string> {
  return new Promise((resolve) => {
    const request = http.get({ host: '127.0.0.1', port, path: '/', headers: { host }, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve(text));
    });
    request.on('error', () => resolve(''));
  });
}

async function timed(rounds: number, work: () => unknown): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now();
    await work();
    times.push(performance.now() - startedAt);
  }
  return times;
}

async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 120_000;
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error('a figure of the road did not come within 120 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
