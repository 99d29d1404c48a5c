import { createServer } from 'node:http';

const greeting = process.env.GREETING ?? 'hello';

createServer((request, response) => {
  if (request.url === '/health') return response.end('ok');
  response.end(`${greeting}\n`);
}).listen(process.env.PORT ?? 8080);
