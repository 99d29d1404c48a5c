import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readDotnet } from './dotnet.ts';
import { dotnetRoutes } from './dotnet-routes.ts';
import { openFolder } from './folder.ts';

function read(files: Record<string, string>): ReturnType<typeof readDotnet> {
  const directory = mkdtempSync(join(tmpdir(), 'dotnet-'));
  try {
    for (const [path, text] of Object.entries(files)) writeFileSync(join(directory, path), text);
    return readDotnet(openFolder(directory));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('keys of the configuration are variables with two underscores, their defaults from appsettings.json', () => {
  const { variables, port } = read({
    'App.csproj': '<Project Sdk="Microsoft.NET.Sdk.Web"></Project>',
    'Program.cs':
      'var a = builder.Configuration["Mail:Host"];\nvar b = config.GetValue<int>("Mail:Port", 25);\nvar c = Environment.GetEnvironmentVariable("REGION") ?? "eu";\nvar d = Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT");',
    'appsettings.json':
      '{\n  // a remark\n  "Mail": { "Host": "localhost" },\n  "ConnectionStrings": { "Store": "Host=x" },\n  "Kestrel": { "Endpoints": { "Http": { "Url": "http://*:5100" } } },\n}',
  });
  assert.deepEqual(
    variables.map(({ name, fallback, source }) => `${name}=${fallback} ${source}`),
    [
      'REGION=eu Program.cs:3',
      'Mail__Host=localhost Program.cs:1',
      'Mail__Port=25 Program.cs:2',
      'ConnectionStrings__Store=Host=x appsettings.json:4',
    ],
  );
  assert.equal(port?.value, 5100);
});

test('routes of groups and of controllers', () => {
  const routes = (text: string): string[] =>
    dotnetRoutes({ path: 'a.cs', text }).map(({ method, path }) => `${method} ${path}`);
  assert.deepEqual(routes('var v1 = app.MapGroup("/v1");\nvar u = v1.MapGroup("users");\nu.MapGet("/{id}", f);'), [
    'GET /v1/users/{id}',
  ]);
  assert.deepEqual(
    routes(
      '[Route("api/[controller]")]\npublic class OrdersController {\n [HttpGet]\n [HttpPost("{id}/pay")]\n [HttpDelete("/all")]\n}',
    ),
    ['GET /api/orders', 'POST /api/orders/{id}/pay', 'DELETE /all'],
  );
});
