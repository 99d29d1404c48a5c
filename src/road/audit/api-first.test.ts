import { finds, leaves, node } from './sample-app.ts';

const ROUTES = ['a', 'b', 'c', 'd'].map((name) => `app.get('/${name}', ${name});\n`).join('');
finds('no-api-description', 'routes without one', node({ 'server.js': ROUTES }), 'package.json:5');
leaves('no-api-description', 'openapi.yaml', node({ 'server.js': ROUTES, 'openapi.yaml': 'openapi: 3.1.0\n' }));
leaves(
  'no-api-description',
  'a library that makes it',
  node({ 'server.js': ROUTES }, { '@fastify/swagger': '^9.0.0' }),
);
leaves(
  'no-api-description',
  'pages',
  node({ 'server.js': `${ROUTES}app.get('/e', (q, r) => r.render('e'));\nres.render('x');` }),
);
