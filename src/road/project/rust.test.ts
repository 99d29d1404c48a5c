import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rustRoutes } from './rust-routes.ts';
import { rustVariables } from './rust-variables.ts';

test('variables that are read while it runs, with what stands in for them', () => {
  const text = `let a = env::var("A").unwrap_or_else(|_| "1".to_string());
let b = std::env::var("B").unwrap_or("2".into());
let c: u16 = env::var("C").ok().and_then(|v| v.parse().ok()).unwrap_or(3_000);
let d = env::var("D")?;
let e = env!("E");
let f = env::var("F").expect("F is needed");
#[arg(long, env = "G", default_value_t = 7)]
g: u16,
#[clap(long, env)]
h: String,`;
  assert.deepEqual(
    rustVariables([{ path: 'm.rs', text }]).map(({ name, fallback }) => `${name}=${fallback ?? '-'}`),
    ['A=1', 'B=2', 'C=3000', 'D=-', 'F=-', 'G=7', 'H=-'],
  );
});

test('routes of axum with all their methods, of attributes, of warp', () => {
  const routes = (text: string): string[] =>
    rustRoutes({ path: 'm.rs', text }).map(({ method, path }) => `${method} ${path}`);
  assert.deepEqual(routes('.route("/x/:id", get(one).delete(remove)).route("/y", axum::routing::post(add))'), [
    'GET /x/:id',
    'DELETE /x/:id',
    'POST /y',
  ]);
  assert.deepEqual(routes('#[get("/health")]\nasync fn h() {}\n.mount("/api", routes![h])'), ['GET /api/health']);
  assert.deepEqual(routes('warp::path!("hello" / String)'), ['GET /hello/{String}']);
});
