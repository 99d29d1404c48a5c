import Fastify from 'fastify';
import { query } from '@acme/db';

const app = Fastify();
app.get('/health', async () => 'ok');
app.get('/users', async () => query('SELECT 1'));
await app.listen({ port: Number(process.env.PORT ?? 4000), host: '0.0.0.0' });
