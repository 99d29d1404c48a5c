import { storeContract } from './contract-suite.ts';
import { memoryStore } from './memory.ts';

storeContract('memory', async (options) => memoryStore(options));
