import { connect, log } from './store.js';

const redis = connect();
redis.on('error', (error) => log('redis', { error: error.message }));
let stopping = false;
process.once('SIGTERM', () => {
  stopping = true;
});

log('waiting for texts');
while (!stopping) {
  try {
    const found = await redis.blpop('texts', 1);
    for (const word of found?.[1].toLowerCase().match(/\p{L}+/gu) ?? []) await redis.hincrby('words', word, 1);
  } catch (error) {
    log('not counted', { error: error.message });
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
await redis.quit();
