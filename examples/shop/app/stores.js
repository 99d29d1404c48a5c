import { Redis } from 'ioredis';
import pg from 'pg';

const QUEUE = 'orders';

export const log = (message, fields = {}) =>
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), message, ...fields })}\n`);

export function openStores() {
  const database = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 5 });
  const queue = new Redis(process.env.REDIS_URL, { maxRetriesPerRequest: 3 });
  database.on('error', (error) => log('database', { error: error.message }));
  queue.on('error', (error) => log('queue', { error: error.message }));
  return {
    database,
    push: (id) => queue.rpush(QUEUE, id),
    /** The next order's number; null when none came for a second. */
    next: async () => (await queue.blpop(QUEUE, 1))?.[1] ?? null,
    ready: () => Promise.all([database.query('SELECT 1'), queue.ping()]),
    close: async () => {
      queue.disconnect();
      await database.end();
    },
  };
}
