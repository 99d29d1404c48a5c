import {
  composeIdentity,
  deviceIdentity,
  envFileIdentity,
  mountIdentity,
  portIdentity,
  volumeIdentity,
} from './identity.ts';
import { buildShape } from './keys-build.ts';
import { deployShape } from './keys-deploy.ts';
import {
  bytes,
  command,
  dropped,
  duration,
  either,
  flag,
  list,
  type MapShape,
  map,
  named,
  number,
  oneOf,
  pairs,
  scalar,
  text,
} from './shape.ts';

const WINDOWS = 'it is for Windows containers';
const KERNEL = 'a pod has no field for it; the node decides';
const BLOCK = 'a pod cannot limit reading and writing of disks';
const REAL_TIME = 'a pod cannot ask for real-time scheduling';
const SWAP = 'swap is set for the whole node (kubelet memorySwap)';
const ADDRESS = 'pods get their addresses from the cluster';
const LAPTOP = 'it is for development on one machine';

const texts = list(text);
const uniqueTexts = list(text, { identity: composeIdentity });
const textOrTexts = list(text, { orOne: true, identity: composeIdentity });
const blockLimits = list(map({ path: text, rate: bytes }));

export const ulimits = named(either(number, map({ hard: number, soft: number }, { required: ['soft', 'hard'] })), {
  names: /^[a-z]+$/,
});

/** A secret or config given to a service. */
export const grants = list(
  map({ source: text, target: text, uid: text, gid: text, mode: scalar }, { short: 'source' }),
  { identity: mountIdentity },
);

/** `host=address`, `host:address`, or a map. */
export const extraHosts = { ...pairs, colon: true } as const;

const hook = {
  command,
  user: text,
  privileged: flag,
  working_dir: text,
  environment: pairs,
};

export const serviceShape: MapShape = map(
  {
    annotations: pairs,
    attach: dropped(flag, 'it only says whether compose up shows its output', 'See it with: wherry logs'),
    blkio_config: dropped(
      map({
        device_read_bps: blockLimits,
        device_read_iops: blockLimits,
        device_write_bps: blockLimits,
        device_write_iops: blockLimits,
        weight: number,
        weight_device: list(map({ path: text, weight: number })),
      }),
      BLOCK,
    ),
    build: buildShape,
    cap_add: uniqueTexts,
    cap_drop: uniqueTexts,
    cgroup: oneOf('host', 'private'),
    cgroup_parent: dropped(text, 'the kubelet decides about cgroups'),
    command,
    configs: grants,
    container_name: text,
    cpu_count: dropped(number, WINDOWS, 'Limit it with deploy.resources.limits.cpus.'),
    cpu_percent: dropped(number, WINDOWS, 'Limit it with deploy.resources.limits.cpus.'),
    cpu_period: number,
    cpu_quota: number,
    cpu_rt_period: dropped(scalar, REAL_TIME),
    cpu_rt_runtime: dropped(scalar, REAL_TIME),
    cpu_shares: number,
    cpus: number,
    cpuset: dropped(
      text,
      'a pod cannot choose its processors',
      'Nodes with the static CPU manager give whole processors to pods whose requests equal their limits.',
    ),
    credential_spec: dropped(map({ config: text, file: text, registry: text }), WINDOWS),
    depends_on: named(
      map(
        {
          condition: oneOf('service_started', 'service_healthy', 'service_completed_successfully'),
          restart: flag,
          required: flag,
        },
        { required: ['condition'] },
      ),
      { fromList: { condition: 'service_started', required: true } },
    ),
    deploy: deployShape,
    develop: dropped(
      map({
        watch: list(
          map({
            path: text,
            action: oneOf('rebuild', 'sync', 'restart', 'sync+restart', 'sync+exec'),
            target: text,
            ignore: list(text, { orOne: true }),
            include: list(text, { orOne: true }),
            exec: map(hook),
            initial_sync: flag,
          }),
        ),
      }),
      LAPTOP,
      'wherry dev carries saved files into the cluster.',
    ),
    device_cgroup_rules: dropped(texts, 'a pod has no field for it', 'Take a device plugin.'),
    devices: dropped(
      list(either(text, map({ source: text, target: text, permissions: text }, { required: ['source'] })), {
        identity: deviceIdentity,
      }),
      "a pod reaches a node's devices only through a device plugin",
      'Install the device plugin and ask for its resource.',
    ),
    dns: textOrTexts,
    dns_opt: uniqueTexts,
    dns_search: textOrTexts,
    domainname: dropped(text, "a pod's domain is that of its namespace"),
    entrypoint: command,
    env_file: list(map({ path: text, format: oneOf('raw'), required: flag }, { short: 'path', required: ['path'] }), {
      orOne: true,
      identity: envFileIdentity,
    }),
    environment: pairs,
    expose: list(scalar, { identity: composeIdentity }),
    extends: map({ service: text, file: text }, { short: 'service', required: ['service'] }),
    external_links: dropped(
      texts,
      'they lead to a container outside of this project',
      'Add that service here, or give its address in the environment.',
    ),
    extra_hosts: extraHosts,
    gpus: either(
      oneOf('all'),
      list(map({ capabilities: texts, count: scalar, device_ids: texts, driver: text, options: pairs })),
    ),
    group_add: list(scalar, { identity: composeIdentity }),
    healthcheck: map({
      disable: flag,
      interval: duration,
      retries: number,
      test: command,
      timeout: duration,
      start_period: duration,
      start_interval: duration,
    }),
    hostname: text,
    image: text,
    init: flag,
    ipc: text,
    isolation: dropped(text, WINDOWS),
    label_file: list(text, { orOne: true }),
    labels: pairs,
    links: uniqueTexts,
    logging: {
      ...dropped(
        map({ driver: text, options: named(scalar) }),
        'the cluster keeps what containers write to standard output',
        'See it with: wherry logs; rotation is set for the node, shipping is done by a log collector.',
      ),
      merging: 'logging',
    },
    mac_address: dropped(text, ADDRESS),
    mem_limit: bytes,
    mem_reservation: bytes,
    mem_swappiness: dropped(number, SWAP),
    memswap_limit: dropped(scalar, SWAP),
    models: dropped(
      named(map({ endpoint_var: text, model_var: text }, { mayBeEmpty: true }), { fromList: 'nothing' }),
      'language models are run by Docker Desktop; Kubernetes has nothing of the kind',
      'Run a model server as a service of its own, and set the variables to its address.',
    ),
    network_mode: text,
    networks: named(
      map(
        {
          aliases: uniqueTexts,
          interface_name: dropped(text, 'a pod has one network, eth0'),
          ipv4_address: dropped(text, ADDRESS, 'Reach it by its name.'),
          ipv6_address: dropped(text, ADDRESS, 'Reach it by its name.'),
          link_local_ips: dropped(uniqueTexts, ADDRESS),
          mac_address: dropped(text, ADDRESS),
          driver_opts: dropped(named(scalar), 'all pods of a cluster share one network'),
          priority: dropped(number, 'a pod has one network, so there is no order'),
          gw_priority: dropped(number, 'a pod has one network, so there is no order'),
        },
        { mayBeEmpty: true },
      ),
      { fromList: 'nothing' },
    ),
    oom_kill_disable: dropped(flag, KERNEL),
    oom_score_adj: dropped(
      number,
      'the kubelet sets it by what the pod requests',
      'Set deploy.resources.reservations.memory equal to the limit.',
    ),
    pid: text,
    pids_limit: dropped(number, 'the limit is set for the whole node (kubelet podPidsLimit)'),
    platform: text,
    ports: list(
      either(
        scalar,
        map(
          {
            name: text,
            mode: text,
            host_ip: text,
            target: number,
            published: scalar,
            protocol: text,
            app_protocol: text,
          },
          { required: ['target'] },
        ),
      ),
      { identity: portIdentity },
    ),
    post_start: list(map(hook, { required: ['command'] })),
    pre_start: list(map({ ...hook, image: text, per_replica: flag })),
    pre_stop: list(map(hook, { required: ['command'] })),
    privileged: flag,
    profiles: uniqueTexts,
    provider: dropped(
      map({ type: text, options: named(list(scalar, { orOne: true })) }, { required: ['type'] }),
      'the service is run by a program beside compose, not by a container',
      'Create what the provider creates by hand, and give its address in the environment.',
    ),
    pull_policy: text,
    pull_refresh_after: dropped(text, 'the kubelet pulls when a pod starts, not by time'),
    read_only: flag,
    restart: text,
    runtime: text,
    scale: number,
    secrets: grants,
    security_opt: texts,
    shm_size: bytes,
    stdin_open: flag,
    stop_grace_period: duration,
    stop_signal: text,
    storage_opt: named(scalar),
    sysctls: pairs,
    tmpfs: textOrTexts,
    tty: flag,
    ulimits: dropped(ulimits, KERNEL, 'Where it matters, begin the command with: ulimit -n 65535 &&'),
    use_api_socket: dropped(
      flag,
      'a pod has no Docker daemon',
      'What calls Docker must be written for the Kubernetes API.',
    ),
    user: text,
    userns_mode: text,
    uts: dropped(text, 'a pod has a host name of its own, unless it uses the network of the node'),
    volumes: list(
      either(
        text,
        map(
          {
            type: oneOf('bind', 'volume', 'tmpfs', 'cluster', 'npipe', 'image'),
            source: text,
            target: text,
            read_only: flag,
            consistency: dropped(text, 'it only ever mattered on a Mac'),
            bind: map(
              {
                propagation: dropped(text, 'nothing of a node is mounted'),
                create_host_path: dropped(flag, 'nothing of a node is mounted'),
                recursive: dropped(
                  oneOf('enabled', 'disabled', 'writable', 'readonly'),
                  'nothing of a node is mounted',
                ),
                selinux: dropped(oneOf('z', 'Z'), 'the cluster labels its volumes itself'),
              },
              { mayBeEmpty: true },
            ),
            volume: map(
              {
                labels: dropped(pairs, 'label the volume itself, below volumes'),
                nocopy: flag,
                subpath: text,
              },
              { mayBeEmpty: true },
            ),
            tmpfs: map({ size: bytes, mode: scalar }, { mayBeEmpty: true }),
            image: map({ subpath: text }, { mayBeEmpty: true }),
          },
          { required: ['type', 'target'] },
        ),
      ),
      { identity: volumeIdentity },
    ),
    volumes_from: texts,
    working_dir: text,
  },
  { mayBeEmpty: true },
);
