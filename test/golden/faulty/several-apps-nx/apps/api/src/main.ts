import express from 'express';
import { cache } from '@org/cache';

const app = express();
app.get('/api/health', (request, response) => response.send('ok'));
app.listen(Number(process.env.PORT ?? 3333));
