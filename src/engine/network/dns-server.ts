import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import type { Answer, DecodedPacket, Packet } from 'dns-packet';
import { type Clock, type Log, messageOf } from '../../base/index.ts';
import type { DnsRecords, NetworkSettings } from './contract.ts';
import { DnsForwarder } from './dns-forward.ts';
import { DNS_TTL_SECONDS, type DnsAnswer, DnsZone } from './dns-zone.ts';

const UDP_BYTES_PLAIN = 512;
const UDP_BYTES_MAX = 1232;
const TCP_CONNECTIONS_MAX = 500;
const TCP_IDLE_MS = 10_000;
const QUESTION_BYTES_MAX = 4096;
const EARLY_QUESTIONS_MAX = 1000;
const EARLY_WAIT_MS = 2000;
const OPERATION = 15 << 11;
const AUTHORITATIVE = 1 << 10;
const TRUNCATED = 1 << 9;
const RECURSION_DESIRED = 1 << 8;
const RECURSION_AVAILABLE = 1 << 7;
const CODES = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4 } as const;

type Codec = typeof import('dns-packet');

/**
 * Answers names on UDP and TCP (RFC 1035, RFC 6891). The cluster's names come from the zone. Other names are passed on
 * where there are resolvers outside; where there are none they do not exist (NXDOMAIN at once: a refusal would make
 * musl's resolver wait for another server until its timeout).
 */
export class DnsServer {
  readonly #settings: NetworkSettings;
  readonly #log: Log;
  readonly #forwarder: DnsForwarder;
  readonly #clock: Clock;
  #zone: DnsZone | undefined;
  /** Questions that came before the first records: an engine that restarts must not deny names it is about to know. */
  readonly #early = new Set<() => void>();
  #udp: DatagramSocket | undefined;
  #tcp: Server | undefined;
  readonly #connections = new Set<Socket>();

  constructor(settings: NetworkSettings, upstreams: readonly string[], clock: Clock, log: Log) {
    this.#settings = settings;
    this.#log = log;
    this.#forwarder = new DnsForwarder(upstreams, clock);
    this.#clock = clock;
  }

  setRecords(records: DnsRecords): void {
    this.#zone = new DnsZone(records, this.#settings);
    for (const wake of this.#early) wake();
    this.#early.clear();
  }

  /** Resolves when both sockets listen. */
  async start(port = 53): Promise<void> {
    const codec = (await import('dns-packet')).default;
    const host = this.#settings.dnsAddress;
    const udp = createSocket('udp4');
    udp.on('message', (message, client) => {
      const limit = udpLimit(codec, message);
      this.#reply(codec, message, 'udp', limit).then(
        (answer) => answer && udp.send(answer, client.port, client.address, () => {}),
        (error) => this.#log.warn('name not answered', { why: messageOf(error) }),
      );
    });
    const tcp = createServer((socket) => this.#serveConnection(codec, socket));
    tcp.maxConnections = TCP_CONNECTIONS_MAX;
    this.#udp = udp;
    this.#tcp = tcp;
    await Promise.all([
      new Promise<void>((resolve, reject) => {
        udp.once('error', reject);
        udp.bind({ port, address: host }, resolve);
      }),
      new Promise<void>((resolve, reject) => {
        tcp.once('error', reject);
        tcp.listen({ port, host }, resolve);
      }),
    ]);
    for (const socket of [udp, tcp]) {
      socket.removeAllListeners('error');
      socket.on('error', (error) => this.#log.warn('name socket failed', { why: error.message }));
    }
  }

  async stop(): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    this.#udp?.close();
    this.#udp = undefined;
    const tcp = this.#tcp;
    if (tcp?.listening) await new Promise<void>((resolve) => tcp.close(() => resolve()));
  }

  #serveConnection(codec: Codec, socket: Socket): void {
    this.#connections.add(socket);
    let received = Buffer.alloc(0);
    socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#connections.delete(socket));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2) {
        const length = received.readUInt16BE(0);
        if (length > QUESTION_BYTES_MAX) {
          socket.destroy();
          return;
        }
        if (received.length < length + 2) return;
        const message = received.subarray(2, length + 2);
        received = received.subarray(length + 2);
        this.#reply(codec, message, 'tcp', 65_535).then(
          (answer) => {
            if (!answer || socket.destroyed) return;
            const prefix = Buffer.alloc(2);
            prefix.writeUInt16BE(answer.length);
            socket.write(Buffer.concat([prefix, answer]));
          },
          (error) => this.#log.warn('name not answered', { why: messageOf(error) }),
        );
      }
    });
  }

  #firstZone(): Promise<DnsZone | undefined> {
    if (this.#early.size >= EARLY_QUESTIONS_MAX) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.cancel();
        this.#early.delete(wake);
        resolve(this.#zone);
      };
      const timer = this.#clock.after(EARLY_WAIT_MS, wake);
      this.#early.add(wake);
    });
  }

  /** The answer as bytes; undefined for what is no question at all. */
  async #reply(codec: Codec, message: Buffer, transport: 'udp' | 'tcp', limit: number): Promise<Buffer | undefined> {
    if (message.length < 12 || ((message[2] ?? 0) & 0x80) !== 0) return undefined;
    let query: DecodedPacket;
    try {
      query = codec.decode(message);
    } catch {
      return codec.encode({ type: 'response', id: message.readUInt16BE(0), flags: CODES.FORMERR });
    }
    const question = query.questions?.[0];
    const flags = ((query.flags ?? 0) & RECURSION_DESIRED) | RECURSION_AVAILABLE;
    const base: Packet = { type: 'response', id: query.id ?? 0, questions: query.questions ?? [] };
    if (query.additionals?.some((record) => record.type === 'OPT')) {
      base.additionals = [
        {
          type: 'OPT',
          name: '.',
          udpPayloadSize: UDP_BYTES_MAX,
          extendedRcode: 0,
          ednsVersion: 0,
          flags: 0,
          flag_do: false,
          options: [],
        },
      ];
    }
    if (!question || query.questions?.length !== 1) return codec.encode({ ...base, flags: flags | CODES.FORMERR });
    if (((query.flags ?? 0) & OPERATION) !== 0) {
      return codec.encode({ ...base, flags: flags | CODES.NOTIMP });
    }
    const name = question.name.toLowerCase().replace(/\.$/, '');
    const zone = this.#zone ?? (await this.#firstZone());
    if (!zone) return codec.encode({ ...base, flags: flags | CODES.SERVFAIL });
    const reply = zone.lookUp(name, question.type);
    if (reply.elsewhere === undefined || !this.#forwarder.isPossible) {
      const apex = zone.apexOf(name);
      const isUnknown = reply.elsewhere !== undefined && reply.answers.length === 0;
      const code = isUnknown ? CODES.NXDOMAIN : CODES[reply.code];
      const answer: Packet = {
        ...base,
        flags: flags | (apex === undefined ? 0 : AUTHORITATIVE) | code,
        answers: spelledAsAsked(reply.answers, name, question.name),
        additionals: [...reply.additionals, ...(base.additionals ?? [])],
        authorities: reply.answers.length === 0 ? [startOfAuthority(apex ?? '.')] : [],
      };
      return withinLimit(codec, answer, limit);
    }
    try {
      if (reply.answers.length === 0) return await this.#forwarder.ask(message, transport);
      const asked = { ...question, name: reply.elsewhere };
      const onward = codec.encode({ type: 'query', id: query.id ?? 0, flags: RECURSION_DESIRED, questions: [asked] });
      const found = codec.decode(await this.#forwarder.ask(onward, transport));
      const answers = [...spelledAsAsked(reply.answers, name, question.name), ...(found.answers ?? [])];
      return withinLimit(codec, { ...base, flags: flags | ((found.flags ?? 0) & 15), answers }, limit);
    } catch (error) {
      this.#log.debug('name not found outside', { name, why: messageOf(error) });
      return codec.encode({ ...base, flags: flags | CODES.SERVFAIL });
    }
  }
}

/** Resolvers that mix letter cases to be harder to fool want their own spelling back. */
function spelledAsAsked(answers: readonly DnsAnswer[], name: string, asked: string): Answer[] {
  return answers.map((answer) => (answer.name === name ? { ...answer, name: asked } : answer));
}

function startOfAuthority(apex: string): Answer {
  const mname = apex === '.' ? '.' : `ns.dns.${apex}`;
  const rname = apex === '.' ? '.' : `hostmaster.${apex}`;
  const data = { mname, rname, serial: 1, refresh: 7200, retry: 1800, expire: 86_400, minimum: DNS_TTL_SECONDS };
  return { type: 'SOA', name: apex, ttl: DNS_TTL_SECONDS, data };
}

/** Drops extras, then answers, until the message fits; a client that sees the mark asks again over TCP. */
function withinLimit(codec: Codec, packet: Packet, limit: number): Buffer {
  const whole = codec.encode(packet);
  if (whole.length <= limit) return whole;
  const options = (packet.additionals ?? []).filter((record) => record.type === 'OPT');
  const bare: Packet = { ...packet, additionals: options };
  let answers = packet.answers ?? [];
  let bytes = codec.encode(bare);
  while (bytes.length > limit && answers.length > 0) {
    const fitting = Math.floor((answers.length * limit) / bytes.length);
    answers = answers.slice(0, Math.min(fitting, answers.length - 1));
    bytes = codec.encode({ ...bare, answers, flags: (packet.flags ?? 0) | TRUNCATED });
  }
  return bytes;
}

function udpLimit(codec: Codec, message: Buffer): number {
  try {
    const options = codec.decode(message).additionals?.find((record) => record.type === 'OPT');
    const offered = options && 'udpPayloadSize' in options ? options.udpPayloadSize : UDP_BYTES_PLAIN;
    return Math.min(Math.max(offered, UDP_BYTES_PLAIN), UDP_BYTES_MAX);
  } catch {
    return UDP_BYTES_PLAIN;
  }
}
