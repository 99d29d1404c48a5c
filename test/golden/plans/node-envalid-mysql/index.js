const { cleanEnv, port, str, url } = require('envalid');
const Koa = require('koa');

const env = cleanEnv(process.env, {
  PORT: port({ default: 3000 }),
  DB_HOST: str({ default: 'localhost' }),
  DB_USER: str(),
  DB_PASS: str(),
  DB_NAME: str({ default: 'ledger' }),
  HOOK_URL: url({ default: undefined }),
});

new Koa().listen(env.PORT);
