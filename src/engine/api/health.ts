import type { ApiContext } from './context.ts';
import type { Exchange } from './exchange.ts';
import { sendBytes, sendText } from './respond.ts';

const ROOTS = new Set(['healthz', 'livez', 'readyz']);

/**
 * `/healthz`, `/livez`, `/readyz` with `?verbose` and `?exclude=CHECK`, and each check below them (k8s.io/apiserver
 * server/healthz). Answers false when the path is none of these.
 */
export function serveHealth(context: ApiContext, exchange: Exchange): boolean {
  const [, root = '', name, ...more] = exchange.info.path.split('/');
  if (!ROOTS.has(root) || more.length > 0) return false;
  const checks: Record<string, boolean> = { ping: true, log: true, etcd: true };
  // What is alive need not be ready yet.
  if (root === 'readyz') Object.assign(checks, context.ready(), { shutdown: !context.closing.aborted });
  if (name) {
    const good = checks[name];
    if (good === undefined) return false;
    if (good) sendText(exchange, 200, 'ok');
    else sendText(exchange, 500, `internal server error: ${name} is not ready\n`);
    return true;
  }
  const excluded = new Set(exchange.query.getAll('exclude').flatMap((word) => word.split(',')));
  const unknown = [...excluded].filter((word) => word && !(word in checks));
  const lines: string[] = [];
  let failed = false;
  for (const [check, good] of Object.entries(checks)) {
    if (excluded.has(check)) lines.push(`[+]${check} excluded: ok`);
    else if (good) lines.push(`[+]${check} ok`);
    else {
      failed = true;
      lines.push(`[-]${check} failed: reason withheld`);
    }
  }
  if (unknown.length > 0) {
    lines.push(
      `warn: some health checks cannot be excluded: no matches for ${unknown.map((word) => `"${word}"`).join(', ')}`,
    );
  }
  if (failed) sendText(exchange, 500, `${lines.join('\n')}\n${root} check failed\n`);
  else if (exchange.query.has('verbose')) sendText(exchange, 200, `${lines.join('\n')}\n${root} check passed\n`);
  else
    sendBytes(exchange, 200, 'text/plain; charset=utf-8', Buffer.from('ok'), { 'x-content-type-options': 'nosniff' });
  return true;
}
