import { setTimeout as wait } from 'node:timers/promises';
import { log, openStores } from './stores.js';

const stores = openStores();
const pauseMs = 1000 / Number(process.env.ORDERS_PER_SECOND ?? 10);
let leaving = false;
process.once('SIGTERM', () => {
  leaving = true;
});

log('packing');
while (!leaving) {
  try {
    const id = await stores.next();
    if (id === null) continue;
    await stores.database.query('UPDATE orders SET packed_at = now() WHERE id = $1', [id]);
    log('packed', { order: Number(id) });
    await wait(pauseMs);
  } catch (error) {
    log('worker', { error: error.message });
    await wait(1000);
  }
}
await stores.close();
