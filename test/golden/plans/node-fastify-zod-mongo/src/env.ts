import { z } from 'zod';

const schema = z.object({
  PORT: z.coerce.number().int().default(4000),
  MONGODB_URI: z.string().url(),
  AMQP_URL: z.string().default('amqp://guest:guest@localhost:5672'),
  MEMCACHED_SERVERS: z.string().default('localhost:11211'),
  S3_ENDPOINT: z.string().url(),
  S3_BUCKET: z
    .string()
    .default('catalog'),
  AWS_ACCESS_KEY_ID: z.string(),
  AWS_SECRET_ACCESS_KEY: z.string(),
  AWS_REGION: z.string().default('us-east-1'),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn']).default('info'),
});

export const env = schema.parse(process.env);
