import { finds, leaves, node } from './sample-app.ts';

finds(
  'several-apps',
  'two folders that each start',
  node({ 'api/Dockerfile': 'FROM a:1', 'web/Dockerfile': 'FROM a:1' }),
  'api/Dockerfile:1',
);
leaves(
  'several-apps',
  'one app with a Dockerfile in docker/',
  node({ 'docker/Dockerfile': 'FROM node:24', Dockerfile: 'FROM node:24' }),
);

finds(
  'version-not-told',
  'an app without a route for it',
  node({ 'server.js': "app.get('/users', list);" }),
  'package.json:5',
);
leaves('version-not-told', 'GET /version', node({ 'server.js': "app.get('/users', list);\napp.get('/version', v);" }));
