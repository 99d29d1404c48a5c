import { createServer } from 'node:http';
import { connect, log } from './store.js';

const redis = connect();
redis.on('error', (error) => log('redis', { error: error.message }));
const BODY_BYTES_MAX = 64 * 1024;

const answer = (response, status, value) => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(value)}\n`);
};

async function textOf(request) {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > BODY_BYTES_MAX) return undefined;
  }
  return text;
}

const server = createServer(async (request, response) => {
  const path = request.url?.split('?')[0];
  try {
    if (path === '/health') return answer(response, 200, { status: 'up' });
    if (path === '/ready') {
      await redis.ping();
      return answer(response, 200, { status: 'ready' });
    }
    if (path === '/version') return answer(response, 200, { name: 'counter', version: '1.0.0' });
    if (path === '/words' && request.method === 'POST') {
      const text = await textOf(request);
      if (text === undefined) return answer(response, 413, { error: `more than ${BODY_BYTES_MAX} bytes` });
      await redis.rpush('texts', text);
      return answer(response, 202, { queued: true });
    }
    if (path === '/words') return answer(response, 200, await redis.hgetall('words'));
    return answer(response, 404, { error: 'no such path' });
  } catch (error) {
    return answer(response, 503, { error: error.message });
  }
});

server.listen(Number(process.env.PORT ?? 3000), () => log('listening', server.address()));
process.once('SIGTERM', () => server.close(() => redis.quit()));
