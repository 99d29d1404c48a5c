/** What the environment decides; the defaults suit a laptop with its own database. */
export interface Settings {
  port: number;
  database: { host: string; user: string; password: string; name: string };
}

export function readSettings(): Settings {
  return {
    port: Number(process.env.PORT ?? 8080),
    database: {
      host: process.env.DATABASE_HOST ?? '127.0.0.1',
      user: process.env.DATABASE_USER ?? 'users',
      password: process.env.DATABASE_PASSWORD ?? '',
      name: process.env.DATABASE_NAME ?? 'users',
    },
  };
}
