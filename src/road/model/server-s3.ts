import { memory, random, type Server, text } from './server.ts';

/** MinIO, reached as S3 is. */
export const s3: Server = {
  kind: 's3',
  role: 'storage',
  ending: 'storage',
  port: 9000,
  dataPath: '/data',
  hidden: { MINIO_ROOT_USER: 'username', MINIO_ROOT_PASSWORD: 'password', BUCKET: 'bucket' },
  plain: {},
  // A folder at the top of its data is a bucket.
  command: ['sh', '-c', 'mkdir -p "/data/$BUCKET" && exec minio server /data'],
  ready: { httpGet: { path: '/minio/health/ready', port: 's3' } },
  alive: { httpGet: { path: '/minio/health/live', port: 's3' } },
  values: ({ name, user }) => ({
    // At least three characters.
    username: text(user.padEnd(3, '0')),
    password: random,
    // 3 to 63 of a-z, 0-9 and `-`.
    bucket: text(`${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}-data`.slice(-63)),
  }),
  address: {
    user: { key: 'username' },
    password: { key: 'password' },
    name: { key: 'bucket' },
    url: { text: (host, port) => `http://${host}:${port}` },
    endpoint: { text: (host, port) => `http://${host}:${port}` },
  },
  resources: memory('128Mi', '512Mi'),
};
