import { finds, leaves, mends, node } from './sample-app.ts';

const image = (from: string, more = ''): string => `FROM ${from}\n${more}USER node\nCMD ["node", "server.js"]\n`;
finds('image-latest', 'FROM without a tag', node({ Dockerfile: image('node') }), 'Dockerfile:1');
finds('image-latest', 'FROM latest', node({ Dockerfile: image('nginx:latest') }), 'Dockerfile:1');
finds(
  'image-latest',
  'an image of compose',
  node({ 'compose.yaml': 'services:\n  db:\n    image: postgres\n' }),
  'compose.yaml:3',
);
leaves(
  'image-latest',
  'tags, digests, variables and stages',
  node({
    Dockerfile: `ARG V=24\nFROM node:\${V} AS base\nFROM base\nFROM a@sha256:${'0'.repeat(64)}\n${image('node:24')}`,
  }),
);
leaves(
  'image-latest',
  'the name of an image that is built here',
  node({ 'compose.yaml': 'services:\n  web:\n    build: .\n    image: shop\n' }),
);
mends(
  'image-latest',
  "the version that the app's files name",
  node({ '.nvmrc': '22\n', Dockerfile: image('node') }),
  'Dockerfile',
  image('node:22'),
);

finds('secret-into-image', 'a .env', node({ Dockerfile: image('node:24', 'COPY .env ./\n') }), 'Dockerfile:2');
finds('secret-into-image', 'a key', node({ Dockerfile: image('node:24', 'ADD id_rsa /root/.ssh/\n') }), 'Dockerfile:2');
finds(
  'secret-into-image',
  'a password as ENV',
  node({ Dockerfile: image('node:24', 'ENV DB_PASSWORD=hunter22\n') }),
  'Dockerfile:2',
);
leaves(
  'secret-into-image',
  'an example and a public certificate',
  node({ Dockerfile: image('node:24', 'COPY .env.example ca.pem ./\nENV DB_PASSWORD=\nARG TOKEN\n') }),
);

const copying = image('node:24', 'COPY . .\n');
finds('dockerignore-missing', 'COPY . without one', node({ Dockerfile: copying }), 'Dockerfile:2');
leaves('dockerignore-missing', 'a folder that has one', node({ Dockerfile: copying, '.dockerignore': '.git\n' }));
leaves('dockerignore-missing', 'COPY of named files', node({ Dockerfile: image('node:24', 'COPY server.js ./\n') }));
mends(
  'dockerignore-missing',
  'a new .dockerignore',
  node({ Dockerfile: copying }),
  '.dockerignore',
  '.git\n.env\n.env.*\nnode_modules\n__pycache__\n.venv\n',
);

finds(
  'build-at-start',
  'npm install in the start',
  node({ Dockerfile: 'FROM node:24\nUSER node\nCMD npm install && node server.js\n' }),
  'Dockerfile:3',
);
finds(
  'build-at-start',
  'a script of the start that installs',
  node({
    Dockerfile: 'FROM node:24\nUSER node\nCMD ["./start.sh"]\n',
    'start.sh': '#!/bin/sh\npip install -r requirements.txt\nexec node server.js\n',
  }),
  'start.sh:2',
);
leaves('build-at-start', 'RUN', node({ Dockerfile: image('node:24', 'RUN npm ci\n') }));

leaves(
  'secret-into-image',
  'an .npmrc without a token',
  node({ Dockerfile: image('node:24', 'COPY package.json .npmrc ./\n'), '.npmrc': 'legacy-peer-deps=true\n' }),
);
finds(
  'secret-into-image',
  'an .npmrc with a token',
  node({ Dockerfile: image('node:24', 'COPY package.json .npmrc ./\n'), '.npmrc': '//r.example/:_authToken=abc\n' }),
  'Dockerfile:2',
);
