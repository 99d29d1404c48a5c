import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { createServer, Server } from 'node:net';
import { type Clock, codeOf, messageOf } from '../../base/index.ts';
import type { Door } from './contract.ts';

/** Told of each socket the moment it is here: connections may come with it, and one that nobody takes is lost. */
export type OnOpened = (door: Door, socket: Server | DatagramSocket) => void;

/** A door that could not be opened, and why. */
export interface DoorFault {
  readonly door: Door;
  readonly fault: string;
}

const OPENING_TIMEOUT_MS = 10_000;

/**
 * Runs in the host's network for the moment it takes to open sockets there: a socket keeps the network it was made in,
 * and the handles are passed back over the process's channel. Its own copy is closed at once, so that it accepts nothing.
 */
const OPENER = `
const net = require('net'), dgram = require('dgram');
const doors = JSON.parse(process.argv[1]);
process.on('message', () => process.exit());
process.on('disconnect', () => process.exit());
doors.forEach((door, index) => {
  const udp = door.protocol === 'udp';
  const socket = udp ? dgram.createSocket(door.hostAddress.includes(':') ? 'udp6' : 'udp4') : net.createServer();
  socket.on('error', (error) => process.send({ index, code: error.code || error.message }));
  const pass = () => process.send({ index }, socket, () => socket.close());
  if (udp) socket.bind({ port: door.hostPort, address: door.hostAddress, exclusive: true }, pass);
  else socket.listen({ port: door.hostPort, host: door.hostAddress, exclusive: true }, pass);
});
`;

/**
 * Opens all of `doors` in one go, each on its own: one that fails does not hold back the others. Answers those that could
 * not be opened; never rejects.
 */
export async function openDoors(
  doors: readonly Door[],
  hostNetworkNamespace: string | undefined,
  clock: Clock,
  onOpened: OnOpened,
): Promise<readonly DoorFault[]> {
  if (doors.length === 0) return [];
  if (hostNetworkNamespace === undefined) {
    const faults = await Promise.all(doors.map((door) => openHere(door, onOpened)));
    return faults.filter((fault) => fault !== undefined);
  }
  // The kernel's `self` would be the program we start.
  const path = hostNetworkNamespace.replace('/proc/self/', `/proc/${process.pid}/`);
  const places = doors.map(({ protocol, hostAddress, hostPort }) => ({ protocol, hostAddress, hostPort }));
  const child = spawn('nsenter', [`--net=${path}`, process.execPath, '-e', OPENER, JSON.stringify(places)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  return collect(child, doors, clock, onOpened);
}

function collect(
  child: ChildProcess,
  doors: readonly Door[],
  clock: Clock,
  onOpened: OnOpened,
): Promise<readonly DoorFault[]> {
  return new Promise((resolve) => {
    const left = new Set(doors);
    const faults: DoorFault[] = [];
    let complaint = '';
    const timer = clock.after(OPENING_TIMEOUT_MS, () => child.kill('SIGKILL'));
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      complaint = (complaint + chunk).slice(-1000);
    });
    child.on('message', (message, handle) => {
      const { index, code } = message as { index: number; code?: string };
      const door = doors[index];
      if (!door) return;
      left.delete(door);
      if (handle instanceof Server || (handle && 'addMembership' in handle)) onOpened(door, handle);
      else faults.push({ door, fault: faultOf(door, code) });
      // Told to end, not cut off: it waits for the last handle's receipt on this channel.
      if (left.size === 0) child.send('end', () => {});
    });
    const finish = (why: string): void => {
      timer.cancel();
      resolve([...faults, ...[...left].map((door) => ({ door, fault: `door not opened: ${why}` }))]);
    };
    child.on('error', (error) => finish(error.message));
    child.on('close', (code) => finish(complaint.trim().split('\n').pop() || `the opener ended with ${code}`));
  });
}

async function openHere(door: Door, onOpened: OnOpened): Promise<DoorFault | undefined> {
  try {
    if (door.protocol === 'udp') {
      const socket = createSocket(door.hostAddress.includes(':') ? 'udp6' : 'udp4');
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.bind({ port: door.hostPort, address: door.hostAddress, exclusive: true }, resolve);
      });
      onOpened(door, socket);
      return undefined;
    }
    const socket = createServer();
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.listen({ port: door.hostPort, host: door.hostAddress, exclusive: true }, resolve);
    });
    onOpened(door, socket);
    return undefined;
  } catch (error) {
    return { door, fault: faultOf(door, codeOf(error) ?? messageOf(error)) };
  }
}

function faultOf(door: Door, code: string | undefined): string {
  if (code === 'EADDRINUSE') return `port ${door.hostPort} is in use`;
  if (code === 'EADDRNOTAVAIL') return `${door.hostAddress} is no address of this machine`;
  if (code === 'EACCES') return `port ${door.hostPort} may not be opened by this user`;
  return `port ${door.hostPort} could not be opened: ${code ?? 'unknown fault'}`;
}
