import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maskComments } from './mask.ts';
import { pythonVariables } from './python-variables.ts';

const found = (code: string): string[] =>
  pythonVariables('app.py', maskComments(code, 'python')).map(
    ({ name, fallback, source }) => `${name}=${fallback} ${source}`,
  );

test('os.environ and os.getenv are read with their defaults and lines', () => {
  assert.deepEqual(
    found(
      [
        'import os',
        'a = os.environ["A"]',
        "b = os.environ.get('B', 'two')",
        'c = int(os.getenv("C", 3000))',
        'd = os.environ.get("D") or "four"',
        'e = os.getenv("E")',
      ].join('\n'),
    ),
    ['A=undefined app.py:2', 'B=two app.py:3', 'C=3000 app.py:4', 'D=four app.py:5', 'E=undefined app.py:6'],
  );
});

test('decouple and environ calls are read when they are imported', () => {
  assert.deepEqual(found('from decouple import config\nDEBUG = config("DEBUG", default=False, cast=bool)'), [
    'DEBUG=False app.py:2',
  ]);
  assert.deepEqual(found('value = config("NOT_A_VARIABLE")'), []);
});

test('fields of pydantic settings are variables in capitals with the prefix', () => {
  assert.deepEqual(
    found(
      'from pydantic_settings import BaseSettings\n\nclass Settings(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix="SHOP_")\n    database_url: str\n    page_size: int = 20\n\nsettings = Settings()\n',
    ),
    ['SHOP_DATABASE_URL=undefined app.py:5', 'SHOP_PAGE_SIZE=20 app.py:6'],
  );
});

test('comments, docstrings, assignments and variables of the platform are no settings of the app', () => {
  assert.deepEqual(
    found(
      '"""os.environ["OLD"]"""\n# os.environ["OLDER"]\nos.environ["CHILD"] = "x"\nos.environ["PYTHONPATH"]\nk = "#" + os.environ["KEPT"]',
    ),
    ['KEPT=undefined app.py:5'],
  );
});
