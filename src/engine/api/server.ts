import { type IncomingMessage, ServerResponse } from 'node:http';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Log } from '../../base/index.ts';
import type { HttpRequest, HttpResponse } from './http.ts';

export interface Certificates {
  /** PEM, with the intermediate ones behind. */
  readonly certificate: string;
  readonly key: string;
  /** PEM of the authority whose client certificates are trusted. */
  readonly clientCa: string;
}

export interface ServerHandlers {
  onRequest(request: HttpRequest, response: HttpResponse): void;
  /** A WebSocket or SPDY upgrade; the response is there to refuse with. */
  onUpgrade(request: HttpRequest, response: HttpResponse, socket: Socket, head: Buffer): void;
}

export interface Server {
  /** Takes over a raw TCP connection. */
  accept(socket: Socket): void;
  setCertificates(certificates: Certificates): void;
  close(): Promise<void>;
}

const HANDSHAKE_MS = 10_000;
/** As upstream's: a client that reuses its connections must not race with their closing. */
const KEEP_ALIVE_MS = 90_000;
const CONNECTIONS_MAX = 20_000;
/** As upstream's http2-max-streams-per-connection. */
const STREAMS_MAX = 250;
/** So that a list of megabytes is not held up by window updates. */
const WINDOW_BYTES = 1024 * 1024;

/** HTTP/1.1 and HTTP/2 over TLS on connections that somebody else has accepted. */
export function createServer(certificates: Certificates, handlers: ServerHandlers, log: Log): Server {
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  const server: Http2SecureServer = createSecureServer({
    allowHTTP1: true,
    key: certificates.key,
    cert: certificates.certificate,
    ca: certificates.clientCa,
    requestCert: true,
    rejectUnauthorized: false,
    handshakeTimeout: HANDSHAKE_MS,
    settings: { maxConcurrentStreams: STREAMS_MAX, initialWindowSize: WINDOW_BYTES },
  });
  // The HTTP/1.1 half: streams and watches outlast any limit on a whole request.
  server.setTimeout(0);
  Object.assign(server, { keepAliveTimeout: KEEP_ALIVE_MS });
  server.on('request', (request, response) => {
    handlers.onRequest(request as HttpRequest, response as unknown as HttpResponse);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Socket);
    response.on('finish', () => {
      response.detachSocket(socket as Socket);
      socket.end();
    });
    socket.on('error', () => {});
    handlers.onUpgrade(request as HttpRequest, response as unknown as HttpResponse, socket as Socket, head);
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.setLocalWindowSize(WINDOW_BYTES);
    session.on('close', () => sessions.delete(session));
    session.on('error', (error) => log.debug('connection broke', { error: error.message }));
  });
  server.on('tlsClientError', (error) => log.debug('TLS handshake failed', { error: error.message }));
  server.on('clientError', (_error: Error, socket: Duplex) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });
  server.on('sessionError', (error) => log.debug('session failed', { error: error.message }));

  return {
    accept(socket) {
      if (sockets.size >= CONNECTIONS_MAX) {
        log.warn('too many connections, one refused', { connections: sockets.size });
        socket.destroy();
        return;
      }
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      socket.setNoDelay(true);
      server.emit('connection', socket);
    },
    setCertificates({ certificate, key, clientCa }) {
      server.setSecureContext({ cert: certificate, key, ca: clientCa });
    },
    async close() {
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
      await Promise.resolve();
    },
  };
}
