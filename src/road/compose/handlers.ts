import { build, image } from './build.ts';
import { command, entrypoint } from './command.ts';
import { dependsOn, links } from './depends-on.ts';
import { deploy, replicas, restart } from './deploy.ts';
import type { Handler } from './draft.ts';
import { envFile, environment } from './environment.ts';
import { configs, secrets } from './grants.ts';
import { healthcheck } from './healthcheck.ts';
import { annotations, labelFile, labels } from './labels.ts';
import { postStart, preStart, preStop, stopGracePeriod, stopSignal } from './lifecycle.ts';
import { containerName, dns, dnsOptions, dnsSearch, extraHosts, hostname, networkMode, networks } from './networks.ts';
import { expose, ports } from './ports.ts';
import {
  cpuPeriod,
  cpuQuota,
  cpuShares,
  cpus,
  gpus,
  memoryLimit,
  memoryReservation,
  storageOptions,
} from './resources.ts';
import { capAdd, capDrop, groupAdd, privileged, readOnly, securityOptions, sysctls, user } from './security.ts';
import {
  cgroup,
  init,
  interprocess,
  platform,
  processes,
  profiles,
  pullPolicy,
  runtime,
  stdinOpen,
  tty,
  userNamespace,
  workingDirectory,
} from './simple.ts';
import { sharedMemory, tmpfs, volumes, volumesFromOthers } from './volumes.ts';

/**
 * What reads each key of a service that has an effect, in the order in which they are read: a later one may build on what
 * an earlier one found. Keys without an effect have their reason in keys-service.ts.
 */
export const HANDLERS: Readonly<Record<string, Handler>> = {
  build,
  image,
  entrypoint,
  command,
  working_dir: workingDirectory,
  env_file: envFile,
  environment,
  ports,
  expose,
  volumes,
  volumes_from: volumesFromOthers,
  tmpfs,
  shm_size: sharedMemory,
  configs,
  secrets,
  depends_on: dependsOn,
  links,
  healthcheck,
  networks,
  network_mode: networkMode,
  hostname,
  container_name: containerName,
  extra_hosts: extraHosts,
  dns,
  dns_search: dnsSearch,
  dns_opt: dnsOptions,
  user,
  group_add: groupAdd,
  cap_add: capAdd,
  cap_drop: capDrop,
  privileged,
  read_only: readOnly,
  security_opt: securityOptions,
  sysctls,
  deploy,
  scale: replicas,
  restart,
  cpus,
  cpu_shares: cpuShares,
  cpu_quota: cpuQuota,
  cpu_period: cpuPeriod,
  mem_limit: memoryLimit,
  mem_reservation: memoryReservation,
  gpus,
  storage_opt: storageOptions,
  labels,
  label_file: labelFile,
  annotations,
  stop_grace_period: stopGracePeriod,
  stop_signal: stopSignal,
  post_start: postStart,
  pre_stop: preStop,
  tty,
  stdin_open: stdinOpen,
  init,
  pull_policy: pullPolicy,
  platform,
  runtime,
  profiles,
  cgroup,
  pid: processes,
  ipc: interprocess,
  userns_mode: userNamespace,
  pre_start: preStart,
};
