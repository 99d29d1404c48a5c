import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openFolder } from './folder.ts';
import { readPhp } from './php.ts';
import { phpRoutes } from './php-routes.ts';

function versionFor(constraint: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'php-'));
  try {
    writeFileSync(join(directory, 'composer.json'), JSON.stringify({ require: { php: constraint } }));
    return readPhp(openFolder(directory)).languageVersion.value;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("Composer's constraints choose the newest version that they allow", () => {
  assert.deepEqual(
    ['^8.1', '~8.2', '~8.2.0', '8.1.*', '>=8.1 <8.3', '^7.4|^8.0', '^7.4 || 8.2.*', '>=7.2,<8.2', '^7.4'].map(
      versionFor,
    ),
    ['8.4', '8.4', '8.2', '8.1', '8.2', '8.4', '8.2', '8.1', '7.4'],
  );
});

test('routes of Laravel, Slim, attributes, and of code that compares the path itself', () => {
  const routes = (path: string, text: string): string[] =>
    phpRoutes({ path, text }).map(({ method, path: route }) => `${method} ${route}`);
  assert.deepEqual(routes('routes/api.php', "Route::get('users/{id}', f);\nRoute::delete('/users/{id}', f);"), [
    'GET /api/users/{id}',
    'DELETE /api/users/{id}',
  ]);
  assert.deepEqual(routes('app.php', "$app->post('/jobs', f);\n$cache->get('key', f);"), ['POST /jobs']);
  assert.deepEqual(
    routes('C.php', "#[Route('/a')]\nfinal class C {\n  #[Route('/b', methods: ['POST'])]\n  function b() {}\n}"),
    ['POST /a/b'],
  );
  assert.deepEqual(
    routes('index.php', "if ($path === '/health') {}\nswitch ($path) { case '/x': }\nmatch ($path) { '/y' => 1 };"),
    ['GET /health', 'GET /x', 'GET /y'],
  );
});
