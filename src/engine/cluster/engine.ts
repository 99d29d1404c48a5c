import type { Server } from 'node:net';
import { messageOf, startSpawner, systemClock } from '../../base/index.ts';
import { openImageStore } from '../images/index.ts';
import { createNetwork } from '../network/index.ts';
import { tombstone } from '../resources/index.ts';
import { hollowRuntime, openRuntime, type Runtime } from '../runtime/index.ts';
import { openStore } from '../store/index.ts';
import { type Assembled, assemble } from './assemble.ts';
import { engineLog } from './file-log.ts';
import { pullThroughHost } from './host-images.ts';
import { apiDoor, type EngineMessage, HOST_NETWORK_FD, type LauncherMessage } from './launch-protocol.ts';
import { ensurePki, SERVER_ADDRESSES, serverNames } from './pki.ts';
import { cgroupNameOf, contextOf, DEFAULTS, imageStoreDirectory, pathsOf } from './settings.ts';
import { readState } from './state.ts';

/** The engine's process, inside the cluster's namespaces. Ends only by a signal: TERM leaves the containers running, USR2 ends them. */
export async function runEngine(name: string): Promise<void> {
  const startedAt = performance.timeOrigin;
  const log = engineLog(process.env.WHERRY_LOG_LEVEL ?? 'info');
  const crash = (what: string) => (error: unknown) => {
    log.error(what, { error: messageOf(error), stack: error instanceof Error ? error.stack : undefined });
    say({ type: 'failed', message: messageOf(error) });
    process.exit(70);
  };
  process.on('uncaughtException', crash('the engine stops: a fault nobody caught'));
  process.on('unhandledRejection', crash('the engine stops: a rejection nobody caught'));
  startSpawner();
  const doors = await receiveDoors();
  try {
    const { engine, runtime } = await start(name, doors, log);
    await engine.nodeReady();
    log.info('ready', { milliseconds: Math.round(Date.now() - startedAt) });
    say({ type: 'ready', milliseconds: Date.now() - startedAt });
    const stop = (endContainers: boolean) => {
      void shutDown(engine, runtime, endContainers, log).then(
        () => process.exit(0),
        (error) => crash('the engine could not stop in order')(error),
      );
    };
    process.once('SIGTERM', () => stop(false));
    process.once('SIGINT', () => stop(false));
    process.once('SIGUSR2', () => stop(true));
  } catch (error) {
    crash('the engine could not start')(error);
  }
}

async function start(
  name: string,
  doors: ReadonlyMap<string, Server>,
  log: ReturnType<typeof engineLog>,
): Promise<{ engine: Assembled; runtime: Runtime }> {
  const clock = systemClock;
  const paths = pathsOf(name);
  const state = await readState(name);
  if (!state) throw new Error(`${paths.state}: is missing`);
  const { apiPort, httpPort, httpsPort, outbound, runtimeConfig, hollow } = state.settings;
  const hostNetworkNamespace = `/proc/${process.pid}/fd/${HOST_NETWORK_FD}`;
  const network = hollow
    ? undefined
    : createNetwork({
        settings: {
          podRange: DEFAULTS.podRange,
          serviceRange: DEFAULTS.serviceRange,
          clusterDomain: DEFAULTS.clusterDomain,
          dnsAddress: DEFAULTS.dnsAddress,
          nodeAddress: DEFAULTS.nodeAddress,
          outbound,
        },
        directory: paths.network,
        clock,
        log,
        hostNetworkNamespace,
        handedDoors: doors,
      });
  const [store, pki, runtime] = await Promise.all([
    openStore({ path: paths.store, tombstone }),
    ensurePki(paths.pki, serverNames(name), SERVER_ADDRESSES),
    hollow
      ? hollowRuntime({ clock })
      : openRuntime({ directory: paths.containers, clusterName: cgroupNameOf(name), clock, log }),
    network?.start(),
  ]);
  const engine = await assemble({
    nodeName: contextOf(name),
    store,
    pki,
    clock,
    log,
    runtimeConfig,
    server: `https://127.0.0.1:${apiPort}`,
    volumesDirectory: paths.volumes,
    nodeDirectory: paths.node,
    runtime,
    images: openImageStore({
      directory: imageStoreDirectory(),
      log,
      fetchOutside: pullThroughHost(hostNetworkNamespace),
    }),
    network,
    ingressPorts: { http: httpPort, https: httpsPort },
  });
  const door = doors.get(apiDoor(apiPort));
  if (door) engine.serve(door);
  if (!hollow) await listenInside(engine);
  return { engine, runtime };
}

/** Where pods reach the API: the address behind the service `kubernetes`. */
async function listenInside(engine: Assembled): Promise<void> {
  const { createServer } = await import('node:net');
  const server = createServer();
  engine.serve(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(DEFAULTS.apiPort, DEFAULTS.nodeAddress, resolve);
  });
}

function receiveDoors(): Promise<ReadonlyMap<string, Server>> {
  const doors = new Map<string, Server>();
  return new Promise((resolve) => {
    process.on('message', (message: LauncherMessage, handle: unknown) => {
      if (message.type === 'door') doors.set(message.address, handle as Server);
      else resolve(doors);
    });
    // The launcher leaves once the cluster is ready; from then on nothing keeps the channel.
    process.on('disconnect', () => resolve(doors));
  });
}

function say(message: EngineMessage): void {
  if (process.connected) process.send?.(message, () => {});
}

async function shutDown(
  engine: Assembled,
  runtime: Runtime,
  endContainers: boolean,
  log: ReturnType<typeof engineLog>,
): Promise<void> {
  log.info('stopping', { containers: endContainers ? 'end' : 'stay' });
  if (endContainers) await engine.stopNode();
  if (endContainers) await endAll(runtime);
  await engine.stop();
}

/** Every container is asked to end, as a pod's would be, and has a bounded time for it; what is left ends with the bundle. */
async function endAll(runtime: Runtime): Promise<void> {
  const running = (await runtime.list()).filter(({ state }) => state === 'running');
  const left = new Set(running.map(({ id }) => id));
  if (left.size === 0) return;
  await new Promise<void>((resolve) => {
    const timer = systemClock.after(DEFAULTS.containerGraceMs, resolve);
    runtime.onExit(({ id }) => {
      left.delete(id);
      if (left.size > 0) return;
      timer.cancel();
      resolve();
    });
    for (const { id } of running) void runtime.signal(id, 'SIGTERM').catch(() => undefined);
  });
}
