import { Redis } from 'ioredis';

export const connect = () => new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379/0', { maxRetriesPerRequest: 3 });
export const log = (message, fields = {}) =>
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), message, ...fields })}\n`);
