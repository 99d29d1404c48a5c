import { docker, FLASK, finds, leaves, mends, node, python } from './sample-app.ts';

const ROUTE = "app.get('/users', list);\n";
finds('no-sigterm', 'a server of Node.js', node({ 'app.js': `${ROUTE}app.listen(3000);` }), 'app.js:2');
finds(
  'no-sigterm',
  'a server of Go',
  docker({ 'main.go': 'package main\n\nfunc main() {\n\thttp.ListenAndServe(":8080", nil)\n}\n' }),
  'main.go:4',
);
finds(
  'no-sigterm',
  'a server of Rust',
  docker({ 'src/main.rs': 'use axum::Router;\nfn main() { axum::serve(l, app).await; }\n' }),
  'src/main.rs:2',
);
finds('no-sigterm', 'a program of Python', python({ Procfile: 'web: python app.py\n' }), 'Procfile:1');
leaves(
  'no-sigterm',
  'a handler',
  node({ 'app.js': `${ROUTE}const s = app.listen(3000);\nprocess.once('SIGTERM', () => s.close());` }),
);
leaves('no-sigterm', 'gunicorn', python({}));
leaves(
  'no-sigterm',
  'a context of Go',
  docker({ 'main.go': 'ctx, stop := signal.NotifyContext(c, syscall.SIGTERM)\nhttp.ListenAndServe(":8080", nil)\n' }),
);

const image = (command: string): string => `FROM node:24\nUSER node\n${command}\n`;
finds('signal-swallowed', 'a shell', node({ Dockerfile: image('CMD node server.js') }), 'Dockerfile:3');
finds('signal-swallowed', 'npm', node({ Dockerfile: image('CMD ["npm", "start"]') }), 'Dockerfile:3');
finds(
  'signal-swallowed',
  'a script that stays',
  node({ Dockerfile: image('ENTRYPOINT ["./start.sh"]'), 'start.sh': '#!/bin/sh\nset -e\nnode server.js\n' }),
  'start.sh:3',
);
leaves('signal-swallowed', 'the exec form', node({ Dockerfile: image('CMD ["node", "server.js"]') }));
leaves('signal-swallowed', 'exec', node({ Dockerfile: image('CMD exec node $FLAGS server.js') }));
leaves(
  'signal-swallowed',
  'a script that hands over',
  node({ Dockerfile: image('ENTRYPOINT ["./start.sh"]'), 'start.sh': '#!/bin/sh\nexec node server.js\n' }),
);
mends(
  'signal-swallowed',
  'a shell',
  node({ Dockerfile: image('CMD node --enable-source-maps server.js') }),
  'Dockerfile',
  image('CMD ["node","--enable-source-maps","server.js"]'),
);
mends(
  'signal-swallowed',
  'npm before one plain program',
  node({ Dockerfile: image('CMD npm start') }),
  'Dockerfile',
  image('CMD ["node","server.js"]'),
);

finds(
  'long-start',
  'a wait for the database',
  node({ Dockerfile: image('CMD ["./wait-for-it.sh", "db:3306", "--", "node", "server.js"]') }),
  'Dockerfile:3',
);
finds('long-start', 'a model', python({ 'app.py': `${FLASK}model = torch.load("m.pt")\n` }), 'app.py:3');
leaves(
  'long-start',
  'a model that is loaded when asked for',
  python({ 'app.py': `${FLASK}def model():\n    return torch.load("m.pt")\n` }),
);

finds('no-health-route', 'an app without one', node({ 'server.js': ROUTE }), 'package.json:5');
leaves('no-health-route', 'GET /healthz', node({ 'server.js': `${ROUTE}app.get('/healthz', ok);` }));

const MYSQL = { express: '^5.0.0', mysql2: '^3.0.0' };
finds(
  'no-readiness',
  'a database and no /ready',
  node({ 'server.js': `${ROUTE}app.get('/health', ok);` }, MYSQL),
  'package.json:5',
);
leaves('no-readiness', 'GET /ready', node({ 'server.js': `${ROUTE}app.get('/ready', ok);` }, MYSQL));
leaves('no-readiness', 'an app without a database', node({ 'server.js': ROUTE }));
