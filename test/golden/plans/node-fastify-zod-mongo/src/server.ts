import Fastify from 'fastify';
import { env } from './env.js';

const app = Fastify();
app.route({ method: 'GET', url: '/ready', handler: async () => 'ok' });
app.get('/items', async () => []);
app.get<{ Params: { id: string } }>('/items/:id', async (request) => request.params.id);
await app.listen({ port: env.PORT, host: '0.0.0.0' });
