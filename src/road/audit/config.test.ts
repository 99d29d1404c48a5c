import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../../base/index.ts';
import { auditAt, docker, FLASK, finds, leaves, mends, node, python, withFolder } from './sample-app.ts';

// Put together here, so that no reader of this repository takes them for keys.
const AWS = `AKIA${'QWERTYUIOPASDFGH'}`;
const GITHUB = `ghp_${'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'}`;
const STRIPE = `sk_${'live'}_51Hxyzabcdefghijkl`;
const PEM = `-----BEGIN ${'RSA PRIVATE'} KEY-----\nMIIEowIBAAKCAQEA7bq9\n`;

finds('key-in-code', 'an AWS key', node({ 'app.js': `\nconst id = '${AWS}';\n` }), 'app.js:2');
finds('key-in-code', 'a GitHub token', python({ 'deploy.py': `TOKEN = "${GITHUB}"\n` }), 'deploy.py:1');
finds('key-in-code', 'a Stripe key in settings', node({ 'config.yaml': `stripe: ${STRIPE}\n` }), 'config.yaml:1');
finds('key-in-code', 'a private key', node({ 'certs/server.key': PEM }), 'certs/server.key:1');
leaves('key-in-code', "AWS's own example", node({ 'app.js': "const id = 'AKIAIOSFODNN7EXAMPLE';" }));
leaves('key-in-code', 'tests', node({ 'test/app.test.js': `const id = '${AWS}';` }));
leaves('key-in-code', 'comments', node({ 'app.js': `// ${AWS}` }));
leaves(
  'key-in-code',
  'a look for keys',
  node({ 'app.js': "if (text.includes('-----BEGIN PRIVATE KEY-----')) refuse();" }),
);

finds(
  'password-in-code',
  'a password in an address',
  python({ 'db.py': 'URL = "mysql://shop:s3cr3t99@db/shop"\n' }),
  'db.py:1',
);
finds(
  'password-in-code',
  'a password of its own',
  node({ 'db.js': "const pool = createPool({\n  user: 'shop',\n  password: 'hunter22',\n});" }),
  'db.js:3',
);
finds(
  'password-in-code',
  'a signing key',
  python({ 'app.py': `${FLASK}app.secret_key = "dev-key-81b2"\n` }),
  'app.py:3',
);
finds(
  'password-in-code',
  'a password in properties',
  docker({ 'src/main/resources/application.properties': 'spring.datasource.password=hunter22\n' }),
  'src/main/resources/application.properties:1',
);
finds(
  'password-in-code',
  'a connection string',
  docker({ 'Program.cs': 'var password = "Passw0rd!";\n' }),
  'Program.cs:1',
);
leaves(
  'password-in-code',
  'the environment',
  node({
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the template is the sample's.
    'db.js': 'const password = process.env.DB_PASSWORD;\nconst url = `mysql://${user}:${password}@${host}/shop`;',
  }),
);
leaves(
  'password-in-code',
  'labels and names of fields',
  node({
    'form.js':
      "const labels = { password: 'Your password', token: 'token' };\nconst PASSWORD_FIELD = 'user_password';\nconst type = 'password';",
  }),
);
leaves(
  'password-in-code',
  'placeholders',
  python({ 'app.py': `${FLASK}PASSWORD = "changeme"\nSECRET_KEY = "<your key>"\n` }),
);
leaves(
  'password-in-code',
  'what the examples say',
  node({ '.env.example': 'DB_PASSWORD=hunter22\n', 'docs/a.js': "password = 'hunter22'" }),
);
leaves(
  'password-in-code',
  'messages',
  node({ 'app.js': "const errors = { password: 'must have 8 letters', badPassword: 'INVALID_PASSWORD' };" }),
);
leaves(
  'password-in-code',
  'properties that ask the environment',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder is Spring's.
  docker({ 'application.properties': 'spring.datasource.password=${DB_PASSWORD}\n' }),
);

const read = (fallback: string): string =>
  `${FLASK}import os\nPASSWORD = os.environ.get("DB_PASSWORD", "${fallback}")\n`;
finds('password-default', 'a written fallback', python({ 'app.py': read('hunter2') }), 'app.py:4');
leaves('password-default', 'an empty fallback', python({ 'app.py': read('') }));

const ENV = 'PORT=8080\nDB_PASSWORD=hunter22\n';
leaves('env-file-tracked', 'a file of settings', node({ '.env': 'PORT=8080\n' }));
test('env-file-tracked finds what git keeps, and says how to take it out', () =>
  withFolder(node({ '.env': ENV, '.gitignore': '.env\n' }), async (directory) => {
    await run('git', ['init', '-q'], { cwd: directory });
    await run('git', ['add', '-f', '.env'], { cwd: directory });
    const { findings } = await auditAt(directory);
    const found = findings.find(({ rule }) => rule === 'env-file-tracked');
    assert.equal(`${found?.file}:${found?.line}`, '.env:2');
    assert.match(found?.fix ?? '', /^git rm --cached \.env;/);
    await run('git', ['rm', '-q', '--cached', '.env'], { cwd: directory });
    const after = await auditAt(directory);
    assert.deepEqual(
      after.findings.filter(({ rule }) => rule.startsWith('env-file')),
      [],
    );
  }));

finds('env-file-not-ignored', 'a .env with a password', node({ '.env': ENV }), '.env:2');
leaves('env-file-not-ignored', 'an ignored one', node({ '.env': ENV, '.gitignore': 'dist\n.env*\n' }));
leaves('env-file-not-ignored', 'an example', node({ '.env.example': ENV }));
mends(
  'env-file-not-ignored',
  'a line in .gitignore',
  node({ '.env': ENV, '.gitignore': 'dist' }),
  '.gitignore',
  'dist\n.env\n',
);
mends('env-file-not-ignored', 'a .gitignore that is not there yet', node({ '.env': ENV }), '.gitignore', '.env\n');

const IMAGE = 'FROM node:24\nWORKDIR /app\nCOPY . .\nUSER node\nCMD ["node", "server.js"]\n';
finds('env-file-in-image', 'COPY . with a .env', node({ '.env': ENV, Dockerfile: IMAGE }), '.env:2');
leaves(
  'env-file-in-image',
  'one that .dockerignore leaves out',
  node({ '.env': ENV, Dockerfile: IMAGE, '.dockerignore': '.env\n' }),
);
leaves('env-file-in-image', 'COPY of one folder', node({ '.env': ENV, Dockerfile: IMAGE.replace('. .', 'src ./src') }));
mends(
  'env-file-in-image',
  'a line in .dockerignore',
  node({ '.env': ENV, Dockerfile: IMAGE, '.dockerignore': 'dist\n' }),
  '.dockerignore',
  'dist\n.env\n',
);

finds(
  'config-per-environment',
  'a file an environment',
  node({ 'config/production.json': '{}', 'config/staging.json': '{}' }),
  'config/production.json:1',
);
finds(
  'config-per-environment',
  'settings of Django',
  python({ 'shop/settings_prod.py': '' }),
  'shop/settings_prod.py:1',
);
leaves('config-per-environment', "Rails' own switches", docker({ 'config/environments/production.rb': '' }));
leaves('config-per-environment', 'overlays of Kubernetes', node({ 'k8s/overlays/production/config.yaml': 'a: b' }));

finds(
  'hosts-fixed',
  'a list of hosts',
  python({ 'settings.py': "ALLOWED_HOSTS = ['shop.example.com']\n" }),
  'settings.py:1',
);
leaves(
  'hosts-fixed',
  'hosts from the environment',
  python({ 'settings.py': 'import os\nALLOWED_HOSTS = os.environ.get("HOSTS", "").split(",")\n' }),
);
leaves('hosts-fixed', 'an empty list', python({ 'settings.py': 'ALLOWED_HOSTS = []\n' }));

leaves(
  'password-in-code',
  'words of other languages, and translations',
  node({ 'lang/de.json': '{"password": "Passwort1"}', 'texts.json': '{"password": "Пароль"}' }),
);
leaves('password-in-code', 'settings of a laptop', python({ 'settings/dev.py': 'SECRET_KEY = "dev-key-81b2"\n' }));
leaves(
  'password-in-code',
  "Secrets, which are another reader's",
  node({ 'deploy/db.yaml': 'apiVersion: v1\nkind: Secret\nstringData:\n  password: "hunter22"\n' }),
);

leaves(
  'password-in-code',
  'rules of validation, and sections of a laptop',
  docker({
    'a.php': "<?php\n$r = ['password' => 'required|min:6'];\n",
    'config/secrets.yml': 'development:\n  secret_key_base: 4fe1a2b3c4d5e6f7a8b9\n',
  }),
);
finds(
  'password-in-code',
  'a section of production',
  docker({ 'config/secrets.yml': 'development:\n  a: b\nproduction:\n  secret_key_base: 4fe1a2b3c4d5e6f7a8b9\n' }),
  'config/secrets.yml:4',
);

finds(
  'password-in-code',
  'a secret made of words',
  node({ 'auth.js': "module.exports = { secret: 'shop-secret-phrase' };" }),
  'auth.js:1',
);
leaves(
  'password-in-code',
  'names of secrets',
  node({ 'auth.js': "module.exports = { secretName: 'shop-tls-secret', secretKeyHeader: 'x-secret-key' };" }),
);

finds('env-file-not-ignored', 'settings of another name', node({ 'deploy/shop.env': ENV }), 'deploy/shop.env:2');
leaves(
  'env-file-not-ignored',
  'what a .gitignore of its own folder leaves out',
  node({ 'deploy/secrets/shop.env': ENV, 'deploy/.gitignore': 'secrets/*.env\n' }),
);
leaves(
  'password-in-code',
  'files of secrets, which have rules of their own',
  node({ 'deploy/shop.env': 'URL=mysql://shop:s3cr3t99@db/shop\n' }),
);
