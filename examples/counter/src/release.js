import { connect, log } from './store.js';

// Before a new version serves: the words that it expects are there, counted or not.
const redis = connect();
await redis.hsetnx('words', 'wherry', 0);
log('prepared');
await redis.quit();
