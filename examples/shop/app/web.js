import { createServer } from 'node:http';
import { log, openStores } from './stores.js';

const stores = openStores();
const { database } = stores;

const answer = (response, status, value) => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(value)}\n`);
};

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://shop');
  try {
    if (pathname === '/health') {
      await stores.ready();
      return answer(response, 200, { status: 'up' });
    }
    if (pathname === '/version') return answer(response, 200, { name: 'shop', version: '1.0.0' });
    if (pathname === '/' || pathname === '/goods') {
      const { rows } = await database.query('SELECT id, name, price_cents FROM goods ORDER BY id');
      return answer(response, 200, { currency: process.env.CURRENCY ?? 'EUR', goods: rows });
    }
    const ordered = /^\/orders\/(\d{1,9})$/.exec(pathname)?.[1];
    if (ordered && request.method === 'POST') {
      const { rows } = await database.query(
        'INSERT INTO orders (goods_id) SELECT id FROM goods WHERE id = $1 RETURNING id',
        [ordered],
      );
      if (rows.length === 0) return answer(response, 404, { error: 'no such goods' });
      await stores.push(rows[0].id);
      return answer(response, 202, { order: rows[0].id });
    }
    if (pathname === '/orders') {
      const { rows } = await database.query(
        'SELECT count(*)::int AS ordered, count(packed_at)::int AS packed FROM orders',
      );
      return answer(response, 200, rows[0]);
    }
    return answer(response, 404, { error: 'no such path' });
  } catch (error) {
    return answer(response, 503, { error: error.message });
  }
});

server.listen(Number(process.env.PORT ?? 3000), () => log('listening', server.address()));
process.once('SIGTERM', () => server.close(() => stores.close()));
