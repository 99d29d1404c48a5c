import { createApp } from './app.js';
import { openDatabase } from './database.js';
import { readSettings } from './settings.js';

const settings = readSettings();
const app = createApp(openDatabase(settings.database), { log: true });

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    app.log.info({ signal }, 'finishing open requests');
    app.close().then(
      () => process.exit(0),
      (error: unknown) => {
        app.log.error({ err: error }, 'could not close');
        process.exit(1);
      },
    );
  });
}

await app.listen({ host: '0.0.0.0', port: settings.port });
