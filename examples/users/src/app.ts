import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import Fastify, { type FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { Database } from './database.js';

interface Package {
  name: string;
  version: string;
}
const about: Package = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** The routes, ready to listen or to be asked by a test. Closing the app closes the database after the last request. */
export function createApp(database: Database, options: { log: boolean }): FastifyInstance {
  // A connection that is kept alive while the app closes is still answered; the load balancer is the one to stop asking.
  const app = Fastify({ logger: options.log, return503OnClosing: false });

  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  const labels = ['method', 'route', 'status'] as const;
  const requests = new Counter({
    name: 'http_requests_total',
    help: 'Requests answered.',
    labelNames: labels,
    registers: [metrics],
  });
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from request to answer.',
    labelNames: labels,
    registers: [metrics],
  });
  app.addHook('onResponse', async (request, reply) => {
    const values = {
      method: request.method,
      route: request.routeOptions.url ?? 'none',
      status: String(reply.statusCode),
    };
    requests.inc(values);
    durations.observe(values, reply.elapsedTime / 1000);
  });
  app.addHook('onClose', () => database.close());

  app.get('/', async () => ({ name: about.name, see: ['/users', '/version', '/info', '/health', '/ready', '/metrics'] }));
  app.get('/users', () => database.users());
  app.get('/version', async () => ({ name: about.name, version: about.version }));
  app.get('/info', async () => ({
    name: about.name,
    version: about.version,
    node: process.version,
    host: hostname(),
    uptimeSeconds: Math.round(process.uptime()),
  }));
  app.get('/health', async () => ({ status: 'ok' }));
  app.get('/ready', async (request, reply) => {
    try {
      await database.ping();
      return { status: 'ok' };
    } catch (error) {
      request.log.warn({ err: error }, 'database does not answer');
      return reply.code(503).send({ status: 'database does not answer' });
    }
  });
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()));
  return app;
}
