import { docker, FLASK, finds, leaves, mends, node, python } from './sample-app.ts';

finds(
  'listens-on-localhost',
  'a host of Node.js',
  node({ 'app.js': "app.listen(process.env.PORT, '127.0.0.1');" }),
  'app.js:1',
);
finds(
  'listens-on-localhost',
  "Fastify's default",
  node({ 'app.js': "const f = require('fastify')();\nf.listen({ port: 3000 });" }, { fastify: '^5.0.0' }),
  'app.js:2',
);
finds(
  'listens-on-localhost',
  'a host of Python',
  python({ 'app.py': `${FLASK}app.run(host="localhost", port=5000)\n` }),
  'app.py:3',
);
finds(
  'listens-on-localhost',
  "uvicorn's default",
  python({ 'app.py': `${FLASK}import uvicorn\nuvicorn.run(app, port=8000)\n` }),
  'app.py:4',
);
finds(
  'listens-on-localhost',
  'an address of Go',
  docker({ 'main.go': 'http.ListenAndServe("localhost:8080", nil)\n' }),
  'main.go:1',
);
finds(
  'listens-on-localhost',
  'an address of Rust',
  docker({ 'src/main.rs': 'let l = TcpListener::bind("127.0.0.1:8080").await;\n' }),
  'src/main.rs:1',
);
finds(
  'listens-on-localhost',
  'addresses of .NET',
  docker({ 'Program.cs': 'app.Run("http://localhost:5000");\n' }),
  'Program.cs:1',
);
finds(
  'listens-on-localhost',
  "Flask's own server",
  python({ 'app.py': `${FLASK}app.run(port=5000)\n`, Procfile: 'web: python app.py\n' }),
  'app.py:3',
);
leaves(
  'listens-on-localhost',
  'every address',
  node({ 'app.js': "app.listen(3000, '0.0.0.0');\nf.listen({ port, host: '0.0.0.0' }); // fastify" }),
);
leaves(
  'listens-on-localhost',
  'a host from the environment',
  node({ 'app.js': "app.listen(3000, process.env.HOST ?? 'localhost');" }),
);
mends(
  'listens-on-localhost',
  'another address',
  node({ 'app.js': "app.listen(process.env.PORT, 'localhost');\n" }),
  'app.js',
  "app.listen(process.env.PORT, '0.0.0.0');\n",
);
mends(
  'listens-on-localhost',
  'Fastify',
  node({ 'app.js': "const f = require('fastify')();\nf.listen({ port: p });\n" }),
  'app.js',
  "const f = require('fastify')();\nf.listen({ host: '0.0.0.0', port: p });\n",
);
mends(
  'listens-on-localhost',
  'Go',
  docker({ 'main.go': 'http.ListenAndServe("127.0.0.1:8080", nil)\n' }),
  'main.go',
  'http.ListenAndServe(":8080", nil)\n',
);

finds(
  'starts-on-localhost',
  'a bind of gunicorn',
  python({ Procfile: 'web: gunicorn --bind 127.0.0.1:8000 app:app\n' }),
  'Procfile:1',
);
leaves('starts-on-localhost', 'every address', python({ Procfile: 'web: gunicorn --bind 0.0.0.0:8000 app:app\n' }));

finds('port-fixed', 'a number in listen', node({ 'app.js': 'app.listen(3000);' }), 'app.js:1');
finds(
  'port-fixed',
  'a number in run',
  python({ 'app.py': `${FLASK}app.run(host="0.0.0.0", port=5000)\n` }),
  'app.py:3',
);
finds('port-fixed', 'a number of Go', docker({ 'main.go': 'r.Run(":8080")\n' }), 'main.go:1');
leaves('port-fixed', 'a port from the environment', node({ 'app.js': 'app.listen(process.env.PORT || 3000);' }));
mends(
  'port-fixed',
  'Node.js',
  node({ 'app.js': "app.listen({ host: '0.0.0.0', port: 3000 });\n" }),
  'app.js',
  "app.listen({ host: '0.0.0.0', port: Number(process.env.PORT ?? 3000) });\n",
);
mends(
  'port-fixed',
  'Python',
  python({ 'app.py': `import os\n${FLASK}app.run(host="0.0.0.0", port=5000)\n` }),
  'app.py',
  `import os\n${FLASK}app.run(host="0.0.0.0", port=int(os.environ.get("PORT", "5000")))\n`,
);

finds(
  'needs-root',
  'an image without a USER',
  node({ Dockerfile: 'FROM node:24\nCMD ["node", "server.js"]\n' }),
  'Dockerfile:1',
);
finds(
  'needs-root',
  'USER root',
  node({ Dockerfile: 'FROM node:24\nUSER root\nCMD ["node", "server.js"]\n' }),
  'Dockerfile:2',
);
finds(
  'needs-root',
  'a port of root',
  node({ Dockerfile: 'FROM node:24\nUSER node\nEXPOSE 80\nCMD ["node", "server.js"]\n' }),
  'Dockerfile:3',
);
leaves(
  'needs-root',
  'a user of the stage before',
  node({ Dockerfile: 'FROM node:24 AS base\nUSER node\nFROM base\nEXPOSE 8080\nCMD ["node", "server.js"]\n' }),
);
