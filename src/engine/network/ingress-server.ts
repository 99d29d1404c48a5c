import { createServer as createHttpServer, type Server as HttpServer, type IncomingMessage } from 'node:http';
import { createSecureServer, type Http2SecureServer, type Http2ServerRequest } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Clock, type Log, messageOf } from '../../base/index.ts';
import type { IngressState } from './contract.ts';
import { IngressBackends } from './ingress-backends.ts';
import { IngressCertificates } from './ingress-certificates.ts';
import { forward, forwardUpgrade, hostOf, type Incoming, type Outgoing, refuse } from './ingress-forward.ts';
import { IngressRoutes } from './ingress-routes.ts';

const KEPT_OPEN_MS = 75_000;
const HEADERS_TIMEOUT_MS = 60_000;

/**
 * The way in by host and path: HTTP/1.1, and HTTP/1.1 or HTTP/2 over TLS. It listens nowhere itself: doors hand it the
 * connections they accept, so bytes are not copied once more.
 */
export class IngressServer {
  readonly #log: Log;
  readonly #backends = new IngressBackends();
  readonly #certificates: IngressCertificates;
  #routes = new IngressRoutes({ rules: [], certificates: new Map() });
  #plain: HttpServer | undefined;
  #secure: Promise<Http2SecureServer> | undefined;
  readonly #sockets = new Set<Socket>();

  constructor(clock: Clock, log: Log) {
    this.#log = log;
    this.#certificates = new IngressCertificates(clock, log);
  }

  setState(state: IngressState): void {
    this.#routes = new IngressRoutes(state);
    this.#backends.setState(state);
    this.#certificates.setState(state.certificates);
  }

  /** Takes over an accepted connection. */
  accept(socket: Socket, isTls: boolean): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.setNoDelay(true);
    if (!isTls) {
      this.#plainServer().emit('connection', socket);
      return;
    }
    this.#secureServer().then(
      (server) => server.emit('connection', socket),
      (error) => {
        this.#log.error('ingress TLS not started', { why: messageOf(error) });
        socket.destroy();
      },
    );
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#backends.stop();
  }

  #plainServer(): HttpServer {
    if (!this.#plain) {
      this.#plain = createHttpServer({
        keepAliveTimeout: KEPT_OPEN_MS,
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: 0,
      });
      this.#listenTo(this.#plain);
    }
    return this.#plain;
  }

  /** Made at the first TLS connection: its certificate for clients that name no host takes a while to make. */
  #secureServer(): Promise<Http2SecureServer> {
    this.#secure ??= this.#certificates.fallback().then((fallback) => {
      const server = createSecureServer({
        ...fallback,
        allowHTTP1: true,
        // The server's order has elliptic curves first: a host's own such certificate goes before the RSA one of no host.
        honorCipherOrder: true,
        SNICallback: (name, done) => {
          this.#certificates.contextFor(name).then((context) => done(null, context), done);
        },
      });
      this.#listenTo(server);
      return server;
    });
    return this.#secure;
  }

  #listenTo(server: HttpServer | Http2SecureServer): void {
    const serve = (request: Incoming, response: Outgoing): void => this.#serve(request, response);
    server.on('request', (request: IncomingMessage | Http2ServerRequest, response: Outgoing) =>
      serve(request, response),
    );
    server.on('checkContinue', (request: Incoming, response: Outgoing) => serve(request, response));
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => socket.destroy());
      const rule = this.#routes.find(hostOf(request), request.url ?? '/', request.headers);
      if (rule) forwardUpgrade(rule, request, socket, head, this.#backends);
      else socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    });
    server.on('clientError', (_error: Error, socket: Duplex) => {
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
      else socket.destroy();
    });
    server.on('tlsClientError', (error: Error) => this.#log.debug('TLS handshake failed', { why: error.message }));
  }

  #serve(request: Incoming, response: Outgoing): void {
    request.on('error', () => {});
    response.on('error', () => {});
    const rule = this.#routes.find(hostOf(request), request.url ?? '/', request.headers);
    if (rule) forward(rule, request, response, this.#backends, this.#log);
    else refuse(response, 404, `No ingress leads ${hostOf(request)}${request.url} anywhere.`);
  }
}
