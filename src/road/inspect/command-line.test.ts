import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandLineOf, maskedArguments, scriptOf } from './command-line.ts';

const text = (words: string[], folder?: string): string => commandLineOf(words, folder).text;

test('programs are called by their names, and files by where they lie in the folder', () => {
  assert.equal(text(['/usr/bin/node', '/srv/shop/dist/server.js'], '/srv/shop'), 'node dist/server.js');
  assert.equal(text(['/usr/bin/python3.11', 'app.py'], '/srv/shop'), 'python app.py');
  assert.equal(
    text(['/srv/shop/bin/shop', '--config', '/etc/shop.conf'], '/srv/shop'),
    'bin/shop --config /etc/shop.conf',
  );
  assert.equal(text(['/srv/shop/shop'], '/srv/shop'), './shop');
});

test('a program of a virtual environment is called without its interpreter', () => {
  const words = ['/srv/shop/venv/bin/python3', '/srv/shop/venv/bin/gunicorn', '-b', '0.0.0.0:8000', 'app:app'];
  assert.equal(text(words, '/srv/shop'), 'gunicorn -b 0.0.0.0:8000 app:app');
});

test('words that a shell would take apart are quoted', () => {
  assert.equal(text(['/usr/bin/node', '-e', "serve('a b')"]), `node -e 'serve('\\''a b'\\'')'`);
});

test('secrets among the words become variables, and a debugger is left out', () => {
  const line = commandLineOf(
    ['node', '--inspect=0.0.0.0:9229', 'a.js', '--api-key=abc', '--password', 'x y', '--port=80'],
    undefined,
  );
  assert.equal(line.text, 'node a.js --api-key="$API_KEY" --password "$PASSWORD" --port=80');
  assert.deepEqual(line.hidden, ['API_KEY', 'PASSWORD']);
  assert.match(line.notes.join('\n'), /--inspect=0\.0\.0\.0:9229 is left out/);
  assert.equal(commandLineOf(['shop', 'mysql://a:b3cret@db/x'], undefined).text, 'shop "$ADDRESS"');
});

test('arguments that are shown hold no secret', () => {
  assert.deepEqual(maskedArguments(['shop', '--token=abc', '--password', 'x', 'mysql://a:b@db/x', '--name=a']), [
    'shop',
    '--token=…',
    '--password',
    '…',
    'mysql://a:…@db/x',
    '--name=a',
  ]);
});

test('the script is the first word that is no option; a module or a text is none', () => {
  assert.equal(scriptOf(['node', '--require', 'x.js', 'server.js', 'a']), 'server.js');
  assert.equal(scriptOf(['/usr/bin/java', '-Xmx1g', '-jar', '/opt/a.jar']), '/opt/a.jar');
  assert.equal(scriptOf(['python3', '-m', 'http.server']), undefined);
  assert.equal(scriptOf(['/opt/shop', 'server.js']), undefined);
});
