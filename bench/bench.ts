import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HttpClient, httpClient, readKubeconfig } from '../src/engine/client/index.ts';
import { kinds, type Pod } from '../src/engine/kinds/index.ts';
import { benchRoad } from './road.ts';

// Each figure's name ends in its unit. Figures of one run belong together; machines are noisy, so quote medians.
const figures: Record<string, number> = {};
const record = (name: string, value: number) => {
  figures[name] = Math.round(value * 100) / 100;
  console.log(`${name.padEnd(36)} ${figures[name]}`);
};
const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const percentile = (values: number[], part: number) =>
  values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? Number.NaN;

const home = mkdtempSync(join(tmpdir(), 'wherry-bench-'));
const env = {
  ...process.env,
  WHERRY_HOME: home,
  WHERRY_IMAGES: process.env.WHERRY_IMAGES ?? '/var/lib/wherry/images',
  KUBECONFIG: join(home, 'kubeconfig'),
};
const wherry = (...args: string[]) =>
  execFileSync(process.execPath, ['dist/wherry.mjs', ...args], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
const NAME = 'bench';
const NAMESPACE = 'default';
const onlyAt = process.argv.indexOf('--only');
const onlyRoad = onlyAt > 0 && process.argv[onlyAt + 1] === 'road';

async function main(): Promise<void> {
  console.log(`kernel ${release()}, ${availableParallelism()} cores, Node ${process.version}\n`);
  wherry('image', 'pull', 'busybox:1.36');
  // The engine's figures stand alone; those of the road need only a cluster.
  if (onlyRoad) {
    wherry('cluster', 'start', '--name', NAME, '--no-merge');
    await road();
    return;
  }
  const starts: number[] = [];
  for (let round = 0; round < 5; round++) {
    const startedAt = performance.now();
    wherry('cluster', 'start', '--name', NAME, '--no-merge');
    starts.push(performance.now() - startedAt);
    if (round < 4) wherry('cluster', 'delete', '--name', NAME);
  }
  record('cluster_start_ms', median(starts));
  const { client, enginePid } = await connect();
  await idle(enginePid);
  await podReady(client);
  await replicas(client, 20);
  await replicas(client, 50);
  await writes(client);
  client.close();
  await road();
  wherry('cluster', 'stop', '--name', NAME);
  const again = performance.now();
  wherry('cluster', 'start', '--name', NAME, '--no-merge');
  record('cluster_restart_ms', performance.now() - again);
}

async function road(): Promise<void> {
  const kubeconfig = join(home, 'clusters', NAME, 'kubeconfig');
  await benchRoad({ record, wherry, env, cluster: NAME, kubeconfig });
}

async function connect(): Promise<{ client: HttpClient; enginePid: number }> {
  const status = JSON.parse(wherry('cluster', 'status', '--name', NAME, '--json')) as { engineProcess: number };
  const client = httpClient(await readKubeconfig([join(home, 'clusters', NAME, 'kubeconfig')]));
  await until(async () => (await client.list(kinds.serviceaccounts, { namespace: NAMESPACE })).items.length > 0);
  return { client, enginePid: status.engineProcess };
}

/** Memory and processor time of the engine with nothing to do. */
async function idle(pid: number): Promise<void> {
  const ticks = () => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  };
  await sleep(5_000);
  const before = ticks();
  const seconds = 20;
  await sleep(seconds * 1000);
  record('idle_cpu_percent', (ticks() - before) / seconds);
  record('rss_empty_mb', Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024);
}

const podSpec = {
  terminationGracePeriodSeconds: 0,
  containers: [{ name: 'main', image: 'busybox:1.36', command: ['sleep', '3600'] }],
};
const isReady = (pod: Pod) =>
  pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

async function podReady(client: HttpClient): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < 20; round++) {
    const name = `ready-${round}`;
    const { resourceVersion } = await client.list(kinds.pods, { namespace: NAMESPACE });
    const stopping = new AbortController();
    const startedAt = performance.now();
    const watching = client.watch(
      kinds.pods,
      { namespace: NAMESPACE, resourceVersion, signal: stopping.signal },
      (event) => {
        if (event.type === 'BOOKMARK' || event.object.metadata.name !== name || !isReady(event.object)) return;
        times.push(performance.now() - startedAt);
        stopping.abort();
      },
    );
    await client.create(kinds.pods, { metadata: { name, namespace: NAMESPACE }, spec: podSpec });
    await watching.catch((error) => {
      if (!stopping.signal.aborted) throw error;
    });
    await client.delete(kinds.pods, NAMESPACE, name, { gracePeriodSeconds: 0 });
  }
  record('pod_ready_p50_ms', percentile([...times], 0.5));
  record('pod_ready_p90_ms', percentile([...times], 0.9));
  await noPods(client);
}

async function replicas(client: HttpClient, count: number): Promise<void> {
  const name = `many-${count}`;
  const labels = { app: name };
  const available = async () => {
    const { spec, status, metadata } = await client.get(kinds.deployments, NAMESPACE, name);
    return (
      status.observedGeneration === metadata.generation &&
      status.updatedReplicas === count &&
      status.availableReplicas === count &&
      status.replicas === spec.replicas
    );
  };
  let startedAt = performance.now();
  await client.create(kinds.deployments, {
    metadata: { name, namespace: NAMESPACE },
    spec: {
      replicas: count,
      selector: { matchLabels: labels },
      template: { metadata: { labels } as never, spec: podSpec },
    },
  });
  await until(available);
  record(`replicas_${count}_available_ms`, performance.now() - startedAt);
  startedAt = performance.now();
  await client.patch(kinds.deployments, NAMESPACE, name, {
    type: 'merge',
    body: { spec: { template: { metadata: { annotations: { turn: '2' } } } } },
  });
  await until(available);
  record(`replicas_${count}_rolled_ms`, performance.now() - startedAt);
  startedAt = performance.now();
  await client.delete(kinds.deployments, NAMESPACE, name, { propagationPolicy: 'Background' });
  await noPods(client);
  record(`replicas_${count}_deleted_ms`, performance.now() - startedAt);
}

async function noPods(client: HttpClient): Promise<void> {
  await until(async () => (await client.list(kinds.pods, { namespace: NAMESPACE })).items.length === 0);
}

async function writes(client: HttpClient): Promise<void> {
  const create = (name: string) =>
    client.create(kinds.configmaps, { metadata: { name, namespace: NAMESPACE }, data: { key: 'value'.repeat(20) } });
  for (let warm = 0; warm < 50; warm++) await create(`warm-${warm}`);
  const single: number[] = [];
  for (let index = 0; index < 200; index++) {
    const startedAt = performance.now();
    await create(`single-${index}`);
    single.push(performance.now() - startedAt);
  }
  record('configmap_create_p50_ms', median(single));
  record('configmap_create_16_clients_per_s', await rate(2000, 16, (index) => create(`many-${index}`)));
  record(
    'configmap_get_16_clients_per_s',
    await rate(4000, 16, (index) => client.get(kinds.configmaps, NAMESPACE, `many-${index % 2000}`)),
  );
  const lists: number[] = [];
  for (let round = 0; round < 7; round++) {
    const startedAt = performance.now();
    await client.list(kinds.configmaps, { namespace: NAMESPACE });
    lists.push(performance.now() - startedAt);
  }
  record('list_2250_objects_ms', median(lists));
}

async function rate(count: number, clients: number, work: (index: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (next < count) await work(next++);
    }),
  );
  return (count * 1000) / (performance.now() - startedAt);
}

async function until(check: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 120_000;
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error('a figure did not come within 120 s');
    await sleep(10);
  }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

try {
  await main();
} finally {
  spawnSync(process.execPath, ['dist/wherry.mjs', 'cluster', 'delete', '--name', NAME], { env });
  rmSync(home, { recursive: true, force: true });
}
const at = process.argv.indexOf('--json');
const file = at > 0 ? process.argv[at + 1] : undefined;
if (file) writeFileSync(file, `${JSON.stringify(figures, null, 2)}\n`);
