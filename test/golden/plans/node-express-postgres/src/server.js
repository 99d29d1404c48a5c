const express = require('express');
const { sessionSecret, port } = require('./settings');
const orders = require('./orders');

const app = express();
app.use('/orders', orders(sessionSecret));
app.get('/healthz', (request, response) => response.send('ok'));
app.get('/readyz', async (request, response) => response.send('ready'));

const server = app.listen(port, () => console.log(`listening on ${port}`));
process.on('SIGTERM', () => server.close());
