import { docker, FLASK, finds, leaves, node, python } from './sample-app.ts';

finds(
  'admin-without-authentication',
  'an open route',
  node({ 'server.js': "app.get('/admin/users', (q, r) => r.json(all));" }),
  'server.js:1',
);
leaves(
  'admin-without-authentication',
  'a guarded route',
  node({ 'server.js': "app.get('/admin/users', requireLogin, list);" }),
);
leaves(
  'admin-without-authentication',
  'a decorator',
  python({ 'app.py': `${FLASK}@app.get("/admin")\n@login_required\ndef a():\n    return ""\n` }),
);
leaves('admin-without-authentication', 'other routes', node({ 'server.js': "app.get('/users', list);" }));

finds('cors-any', 'cors() as it is', node({ 'app.js': "const cors = require('cors');\napp.use(cors());" }), 'app.js:2');
finds(
  'cors-any',
  'every origin in Python',
  python({ 'app.py': `${FLASK}CORS_ALLOW_ALL_ORIGINS = True\n` }),
  'app.py:3',
);
finds('cors-any', '@CrossOrigin', docker({ 'A.java': '@CrossOrigin\nclass A {}\n' }), 'A.java:1');
leaves(
  'cors-any',
  'named origins',
  node({ 'app.js': "const cors = require('cors');\napp.use(cors({ origin: origins }));" }),
);

finds(
  'actuator-open',
  'every endpoint',
  docker({ 'application.properties': 'management.endpoints.web.exposure.include=*\n' }),
  'application.properties:1',
);
leaves(
  'actuator-open',
  'health alone',
  docker({ 'application.properties': 'management.endpoints.web.exposure.include=health\n' }),
);
