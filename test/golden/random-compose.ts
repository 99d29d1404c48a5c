/** A generator of numbers that gives the same row for the same seed (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (count: number): number => Math.floor(next() * count);
  return {
    below,
    chance: (probability) => next() < probability,
    one: (values) => {
      const value = values[below(values.length)];
      if (value === undefined) throw new Error('nothing to choose from');
      return value;
    },
    some: (values) => values.filter(() => next() < 0.5),
  };
}

export interface Random {
  below(count: number): number;
  chance(probability: number): boolean;
  one<T>(values: readonly T[]): T;
  some<T>(values: readonly T[]): T[];
}

export interface RandomCompose {
  readonly document: Record<string, unknown>;
  /** Texts that must be in no plain sight. */
  readonly passwords: readonly string[];
}

type Make = (world: World) => unknown;

interface World {
  readonly random: Random;
  readonly name: string;
  /** Services before this one. */
  readonly earlier: readonly string[];
  readonly passwords: string[];
}

const IMAGES = ['postgres:17', 'mysql:8', 'redis:7', 'nginx:1.27', 'rabbitmq:4', 'mongo:8', 'registry.example/team/app:2.1', 'busybox:1.37', 'unknown'];
const VOLUMES = ['data', 'shared', 'cache', 'outside', 'memory'];
const NETWORKS = ['front', 'back', 'default'];

function password({ random, passwords }: World): string {
  const text = `Pw${random.below(1e9)}x-${passwords.length}`;
  passwords.push(text);
  return text;
}

/** A map, or the same as a list of NAME=value. */
function pairs(random: Random, values: Record<string, string | number | boolean>): unknown {
  if (random.chance(0.5)) return values;
  return Object.entries(values).map(([name, value]) => `${name}=${value}`);
}

function textOrList(random: Random, values: string[]): unknown {
  return random.chance(0.4) ? values[0] : values;
}

const hook: Make = ({ random }) => ({
  command: random.chance(0.5) ? 'echo hello' : ['echo', 'hello'],
  ...(random.chance(0.5) ? { user: '1000' } : {}),
  ...(random.chance(0.5) ? { privileged: random.chance(0.5) } : {}),
  ...(random.chance(0.5) ? { working_dir: '/srv' } : {}),
  ...(random.chance(0.5) ? { environment: pairs(random, { A: '1' }) } : {}),
});

const grant =
  (names: readonly string[]): Make =>
  ({ random }) =>
    random.some(names).map((name) =>
      random.chance(0.5)
        ? name
        : { source: name, target: `/run/${name}.txt`, uid: '1000', gid: '1000', mode: random.one([0o440, '0400']) },
    );

/** How each key of a service may look. The names are those of the specification; the test holds the table against them. */
export const SERVICE_KEYS: Readonly<Record<string, Make>> = {
  annotations: ({ random }) => pairs(random, { 'example.com/owner': 'a team', plain: 'yes' }),
  attach: ({ random }) => random.chance(0.5),
  blkio_config: () => ({
    weight: 300,
    weight_device: [{ path: '/dev/sda', weight: 400 }],
    device_read_bps: [{ path: '/dev/sdb', rate: '12mb' }],
    device_read_iops: [{ path: '/dev/sdb', rate: 120 }],
    device_write_bps: [{ path: '/dev/sdb', rate: '1024k' }],
    device_write_iops: [{ path: '/dev/sdb', rate: 30 }],
  }),
  build: (world) => {
    const { random } = world;
    if (random.chance(0.3)) return '.';
    return {
      context: random.one(['.', './nowhere']),
      ...(random.chance(0.5) ? { dockerfile: 'Dockerfile.prod' } : { dockerfile_inline: 'FROM busybox\nEXPOSE 7777\n' }),
      ...Object.fromEntries(
        random.some([
          ['args', pairs(random, { VERSION: '1', TOKEN: 'abc' })],
          ['target', 'final'],
          ['additional_contexts', pairs(random, { other: '../other' })],
          ['cache_from', ['a', 'b']],
          ['cache_to', ['c']],
          ['entitlements', ['network.host']],
          ['extra_hosts', random.chance(0.5) ? ['a:10.0.0.1'] : { a: '10.0.0.1' }],
          ['isolation', 'default'],
          ['labels', pairs(random, { a: 'b' })],
          ['network', 'host'],
          ['no_cache', true],
          ['no_cache_filter', textOrList(random, ['stage'])],
          ['platforms', ['linux/amd64']],
          ['privileged', true],
          ['provenance', random.one<unknown>([true, 'mode=max'])],
          ['pull', true],
          ['sbom', false],
          ['secrets', ['filed']],
          ['shm_size', '2gb'],
          ['ssh', random.chance(0.5) ? ['default'] : { key: '~/.ssh/id' }],
          ['tags', ['a:1', 'b:2']],
          ['ulimits', { nproc: 65535, nofile: { soft: 1, hard: 2 } }],
        ]),
      ),
    };
  },
  cap_add: () => ['NET_ADMIN', 'CAP_SYS_TIME'],
  cap_drop: () => ['ALL'],
  cgroup: ({ random }) => random.one(['host', 'private']),
  cgroup_parent: () => 'm-executor-abcd',
  command: (world) =>
    world.random.one<unknown>([
      'sh -c "echo $$(date) \'two words\'"',
      ['node', 'server.js', '--port', '80'],
      `redis-server --requirepass ${password(world)}`,
      ['worker', '--broker', `amqp://user:${password(world)}@queue:5672/`],
      [],
    ]),
  configs: grant(['inline', 'filed', 'given', 'elsewhere']),
  container_name: ({ name }) => `my_${name}`,
  cpu_count: () => 2,
  cpu_percent: () => 50,
  cpu_period: () => 100_000,
  cpu_quota: () => 50_000,
  cpu_rt_period: () => '1400us',
  cpu_rt_runtime: () => 950_000,
  cpu_shares: () => 512,
  cpuset: () => '0-1',
  credential_spec: () => ({ file: 'spec.json' }),
  depends_on: ({ random, earlier }) => {
    if (random.chance(0.4)) return [...earlier];
    const how = (): unknown => ({
      condition: random.one(['service_started', 'service_healthy', 'service_completed_successfully']),
      ...(random.chance(0.5) ? { restart: true } : {}),
      ...(random.chance(0.5) ? { required: random.chance(0.5) } : {}),
    });
    return Object.fromEntries(earlier.map((name) => [name, how()]));
  },
  deploy: ({ random }) =>
    Object.fromEntries(
      random.some<[string, unknown]>([
        ['mode', random.one(['replicated', 'global', 'replicated-job', 'global-job'])],
        ['endpoint_mode', random.one(['vip', 'dnsrr'])],
        ['labels', pairs(random, { tier: 'front' })],
        [
          'update_config',
          { parallelism: 2, delay: '10s', failure_action: 'rollback', monitor: '5s', max_failure_ratio: 0.1, order: random.one(['start-first', 'stop-first']) },
        ],
        ['rollback_config', { parallelism: 1, delay: '1s', failure_action: 'pause', monitor: '5s', max_failure_ratio: 0, order: 'stop-first' }],
        [
          'resources',
          {
            limits: { cpus: '0.5', memory: '256M', pids: 100 },
            reservations: {
              cpus: 0.25,
              memory: '64m',
              generic_resources: [{ discrete_resource_spec: { kind: 'gpu', value: 2 } }],
              devices: [{ capabilities: ['gpu'], count: random.one<unknown>([1, 'all']), driver: 'nvidia', options: { a: 'b' } }],
            },
          },
        ],
        ['restart_policy', { condition: random.one(['none', 'on-failure', 'any']), delay: '5s', max_attempts: 3, window: '120s' }],
        [
          'placement',
          {
            constraints: ['node.labels.disk == ssd', 'node.role == manager', 'node.platform.arch==x86_64'],
            preferences: [{ spread: 'node.labels.zone' }],
            max_replicas_per_node: 2,
          },
        ],
      ]),
    ),
  develop: () => ({
    watch: [
      { path: './src', action: 'sync', target: '/app', ignore: ['node_modules/'], include: '*.ts', initial_sync: true },
      { path: 'package.json', action: 'rebuild' },
      { path: './a', action: 'sync+exec', target: '/a', exec: { command: 'reload', user: 'root' } },
    ],
  }),
  device_cgroup_rules: () => ['c 1:3 mr'],
  devices: () => ['/dev/ttyUSB0:/dev/ttyUSB0', { source: '/dev/null', target: '/dev/n', permissions: 'r' }],
  dns: ({ random }) => textOrList(random, ['8.8.8.8', '9.9.9.9', '1.1.1.1']),
  dns_opt: () => ['use-vc', 'ndots:2'],
  dns_search: ({ random }) => textOrList(random, ['example.com', 'example.org']),
  domainname: () => 'example.com',
  entrypoint: ({ random }) => random.one<unknown>(['/entry.sh --now', ['/bin/sh', '-c'], [], '']),
  env_file: ({ random }) =>
    random.one<unknown>(['app.env', ['app.env'], [{ path: 'app.env', required: true }, { path: 'absent.env', required: false }], [{ path: 'app.env', format: 'raw' }]]),
  environment: (world) =>
    pairs(world.random, {
      MODE: 'fast',
      DB_PASSWORD: password(world),
      DATABASE_URL: `postgres://app:${password(world)}@db/app`,
      COUNT: 3,
      EMPTY: '',
      ON: true,
    }),
  expose: () => ['9000', 9001, '9002-9003', '9100/udp'],
  external_links: () => ['redis', 'other:alias'],
  extra_hosts: ({ random }) =>
    random.one<unknown>([['somehost=162.242.195.82', 'v6=[::1]', 'gate:host-gateway'], { somehost: '162.242.195.82', two: ['10.0.0.1', '10.0.0.2'] }]),
  gpus: ({ random }) => random.one<unknown>(['all', [{ driver: 'amd', count: 2 }, { driver: '3dfx', capabilities: ['gpu'], device_ids: ['1'], options: { a: 'b' } }]]),
  group_add: () => ['mail', 27, '28'],
  healthcheck: (world) => {
    const { random } = world;
    return random.one<unknown>([
      { disable: true },
      { test: 'NONE' },
      { test: ['NONE'] },
      { test: 'curl -f http://localhost/health || exit 1', interval: '1m30s', timeout: '10s', retries: 3, start_period: '40s', start_interval: '5s' },
      { test: ['CMD', 'redis-cli', '-a', password(world), 'ping'], interval: '500ms' },
      { test: ['CMD-SHELL', 'pg_isready -U app'], retries: 10, disable: false },
      { interval: '5s', retries: 2 },
    ]);
  },
  hostname: ({ random }) => random.one(['web', 'Web.example.com']),
  init: ({ random }) => random.chance(0.5),
  ipc: ({ random }) => random.one(['host', 'private', 'shareable']),
  isolation: () => 'default',
  label_file: ({ random }) => textOrList(random, ['app.labels']),
  labels: ({ random }) => pairs(random, { tier: 'back', 'com.example.description': 'a long text', 'traefik.enable': true }),
  links: ({ random, earlier }) => earlier.map((name) => (random.chance(0.5) ? name : `${name}:alias-${name}`)),
  logging: () => ({ driver: 'syslog', options: { 'syslog-address': 'tcp://192.168.0.42:123', 'max-file': 3 } }),
  mac_address: () => '02:42:ac:11:65:43',
  mem_limit: () => '512m',
  mem_reservation: () => 67_108_864,
  mem_swappiness: () => 60,
  memswap_limit: () => '1g',
  models: ({ random }) => (random.chance(0.5) ? ['llm'] : { llm: { endpoint_var: 'URL', model_var: 'MODEL' } }),
  networks: ({ random }) =>
    random.chance(0.4)
      ? random.some(NETWORKS)
      : Object.fromEntries(
          random.some(NETWORKS).map((name) => [
            name,
            random.one<unknown>([
              null,
              {
                aliases: ['also', `x_${name}`],
                ipv4_address: '172.16.238.10',
                ipv6_address: '2001:3984::10',
                link_local_ips: ['57.123.22.11'],
                mac_address: '02:42:ac:11:65:43',
                interface_name: 'eth0',
                driver_opts: { a: 'b' },
                priority: 1000,
                gw_priority: 1,
              },
            ]),
          ]),
        ),
  oom_kill_disable: () => true,
  oom_score_adj: () => -500,
  pid: ({ random }) => random.one(['host', 'service:nobody']),
  pids_limit: () => 200,
  platform: ({ random }) => random.one(['linux/amd64', 'linux/arm64/v8', 'linux']),
  ports: ({ random }) =>
    random.some<unknown>([
      '3000',
      '3001-3003',
      '8000:8000',
      '9090-9091:8080-8081',
      '127.0.0.1:8001:8001',
      '127.0.0.1::5000',
      '6060:6060/udp',
      '[::1]:8443:443',
      '12400-12500:1240',
      4000,
      { name: 'web', target: 80, published: '8080', host_ip: '127.0.0.1', protocol: 'tcp', app_protocol: 'http', mode: 'host' },
      { target: '7000', published: '7001-7003' },
    ]),
  post_start: (world) => [hook(world), hook(world)],
  pre_start: (world) => [hook(world), { ...(hook(world) as object), image: 'busybox:1.37', per_replica: false }],
  pre_stop: (world) => [hook(world)],
  privileged: ({ random }) => random.chance(0.5),
  pull_policy: ({ random }) => random.one(['always', 'never', 'missing', 'if_not_present', 'build', 'daily', 'every_12h']),
  pull_refresh_after: () => '24h',
  read_only: ({ random }) => random.chance(0.5),
  restart: ({ random }) => random.one(['no', 'always', 'on-failure', 'on-failure:3', 'unless-stopped']),
  runtime: ({ random }) => random.one(['runc', 'nvidia']),
  secrets: grant(['filed', 'given', 'elsewhere', 'absent']),
  security_opt: () => ['no-new-privileges:true', 'seccomp:unconfined', 'seccomp=profile.json', 'apparmor=unconfined', 'label:type:svirt_t', 'systempaths=unconfined'],
  shm_size: () => '64m',
  stdin_open: () => true,
  stop_grace_period: ({ random }) => random.one(['1m30s', '1500ms', '0s']),
  stop_signal: ({ random }) => random.one(['SIGUSR1', 'SIGTERM', 'QUIT', '9']),
  storage_opt: () => ({ size: '1G', other: 'x' }),
  sysctls: ({ random }) => pairs(random, { 'net.ipv4.tcp_syncookies': 0, 'net.core.somaxconn': 1024 }),
  tmpfs: ({ random }) => textOrList(random, ['/run:size=64m,mode=755', '/tmp']),
  tty: ({ random }) => random.chance(0.5),
  ulimits: () => ({ nproc: 65535, nofile: { soft: 20000, hard: 40000 } }),
  use_api_socket: () => true,
  user: ({ random }) => random.one(['1000', '1000:1000', 'root', 'node', '0', 'node:node']),
  userns_mode: () => 'host',
  uts: () => 'host',
  volumes: ({ random }) =>
    random.some<unknown>([
      'data:/data',
      'shared:/shared:ro',
      './settings.conf:/etc/settings.conf:ro',
      './folder:/etc/folder',
      './absent:/var/absent',
      '/var/run/docker.sock:/var/run/docker.sock',
      '/anonymous',
      { type: 'volume', source: 'cache', target: '/cache', volume: { nocopy: true, subpath: 'a/b', labels: { a: 'b' } } },
      { type: 'volume', source: 'outside', target: '/outside', read_only: true, consistency: 'cached' },
      { type: 'volume', source: 'memory', target: '/memory' },
      { type: 'bind', source: './settings.conf', target: '/etc/b.conf', bind: { propagation: 'rprivate', create_host_path: true, selinux: 'z', recursive: 'disabled' } },
      { type: 'tmpfs', target: '/scratch', tmpfs: { size: '10m', mode: 0o1777 } },
      { type: 'image', source: 'app:1', target: '/image', image: { subpath: 'a' } },
      { type: 'npipe', source: '\\\\.\\pipe\\a', target: '/pipe' },
      { type: 'cluster', source: 'data', target: '/cluster' },
    ]),
  volumes_from: ({ earlier }) => earlier.slice(0, 1).map((name) => `${name}:ro`),
  working_dir: () => '/srv',
};

/** Files that the documents refer to. */
export const FILES: Readonly<Record<string, string>> = {
  'app.env': 'PLAIN=value\nAPI_KEY=filekey-123456\n',
  'app.labels': 'com.example.a=b\n',
  'settings.conf': 'listen 80\n',
  'folder/one.conf': 'a\n',
  'folder/deep/two.conf': 'b\n',
  'secret.txt': 'Filed-s3cret-77\n',
};

/** A document of one to four services, with about `share` of all keys each. */
export function randomCompose(random: Random, share = 0.25): RandomCompose {
  const passwords: string[] = ['filekey-123456', 'Filed-s3cret-77', 'Given-s3cret-88'];
  const services: Record<string, unknown> = {};
  const earlier: string[] = [];
  for (const name of ['db', 'cache_1', 'Web', 'last'].slice(0, 1 + random.below(4))) {
    const world: World = { random, name, earlier: [...earlier], passwords };
    const service: Record<string, unknown> = { image: random.one(IMAGES) };
    for (const [key, make] of Object.entries(SERVICE_KEYS)) if (random.chance(share)) service[key] = make(world);
    services[name] = tidied(service, random);
    earlier.push(name);
  }
  if (random.chance(0.3)) services.off = { image: 'busybox:1.37', profiles: ['debug'], command: 'true' };
  if (random.chance(0.2)) services.provided = { provider: { type: 'cloud', options: { a: 'b', c: ['d', 1] } } };
  const document: Record<string, unknown> = {
    ...(random.chance(0.5) ? { version: '3.9' } : {}),
    ...(random.chance(0.5) ? { name: 'sample' } : {}),
    'x-notes': { anything: ['goes', 1, true] },
    services,
    networks: {
      front: { driver: 'bridge', driver_opts: { a: 'b' }, attachable: true, enable_ipv6: true, enable_ipv4: true, name: 'f' },
      back: { internal: true, labels: pairs(random, { a: 'b' }), ipam: { driver: 'default', config: [{ subnet: '172.28.0.0/16', ip_range: '172.28.5.0/24', gateway: '172.28.5.254', aux_addresses: { host1: '172.28.1.5' } }], options: { foo: 'bar' } } },
      default: { external: true, name: 'other' },
    },
    volumes: {
      data: null,
      shared: { driver: 'local', driver_opts: { type: 'none', o: 'bind', device: './data' }, labels: pairs(random, { a: 'b' }), name: 'named' },
      cache: { driver: 'rexray/ebs', driver_opts: { size: '5g' } },
      outside: { external: true, name: 'claim-outside' },
      memory: { driver_opts: { type: 'tmpfs', device: 'tmpfs', o: 'size=100m' } },
    },
    secrets: {
      filed: { file: './secret.txt', labels: { a: 'b' } },
      given: { environment: 'GIVEN' },
      elsewhere: { external: true, name: 'other-secret' },
      absent: { file: './absent.txt', driver: 'vault', driver_opts: { a: 'b' }, template_driver: 'golang' },
    },
    configs: {
      inline: { content: 'debug=true\n', labels: { a: 'b' } },
      filed: { file: './settings.conf', template_driver: 'golang', name: 'named' },
      given: { environment: 'GIVEN_CONFIG' },
      elsewhere: { external: true },
    },
    models: { llm: { model: 'ai/smollm2', context_size: 1024, runtime_flags: ['--a'], name: 'm' } },
  };
  return { document, passwords };
}

/** Takes away what compose itself would refuse. */
function tidied(service: Record<string, unknown>, random: Random): Record<string, unknown> {
  if (service.networks !== undefined && random.chance(0.3)) delete service.networks;
  else if (service.networks === undefined && random.chance(0.3)) service.network_mode = random.one(['host', 'none', 'bridge']);
  const deploy = service.deploy as { resources?: object; replicas?: number; mode?: string } | undefined;
  if (deploy?.resources) for (const key of ['mem_limit', 'mem_reservation', 'pids_limit', 'cpus']) delete service[key];
  if (service.container_name === undefined && random.chance(0.3)) service.scale = random.below(4);
  if (service.pid === 'service:nobody') service.pid = 'host';
  return service;
}
