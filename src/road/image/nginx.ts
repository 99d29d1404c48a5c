import type { Facts } from '../project/index.ts';
import { execForm } from './command.ts';
import { AS_NOBODY } from './shared-lines.ts';

/** The command that serves; the Dockerfile's CMD and what `start` says of a static site. */
export const NGINX_START = "nginx -g 'daemon off;'";

const NO_SNIFFING = 'add_header X-Content-Type-Options nosniff always;';

/** What is served, and how. */
export interface StaticSite {
  /** COPY lines that fill /usr/share/nginx/html. */
  readonly copy: readonly string[];
  /** A path that no file has gets index.html, since the page's own script knows it. */
  readonly singlePage: boolean;
}

/**
 * The lines of a last stage that serves files as a user that is not root, from a file system that may be read-only but
 * for /tmp. Files with a hash in their names are kept by browsers for a year, all others are asked for again.
 */
export function nginxStage(facts: Facts, site: StaticSite): string[] {
  const version = facts.language?.value === 'static' ? (facts.languageVersion?.value ?? '1.27') : '1.27';
  const missing = site.singlePage ? '/index.html' : '=404';
  return [
    `FROM nginx:${version}`,
    `COPY <<'EOF' /etc/nginx/nginx.conf`,
    'worker_processes auto;',
    'pid /tmp/nginx.pid;',
    'error_log /dev/stderr notice;',
    'events { worker_connections 1024; }',
    'http {',
    '  include /etc/nginx/mime.types;',
    '  default_type application/octet-stream;',
    '  access_log /dev/stdout combined;',
    ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path /tmp/${name};`),
    '  server_tokens off;',
    '  sendfile on;',
    '  gzip on;',
    '  gzip_types text/css text/plain application/javascript application/json application/xml image/svg+xml;',
    '  server {',
    `    listen ${facts.port.value};`,
    '    root /usr/share/nginx/html;',
    '    index index.html;',
    '    absolute_redirect off;',
    '    location ~ /\\.(?!well-known/) { return 404; }',
    // A location with a header of its own inherits none. A hash has a digit in it, a word has not.
    `    location ~ "[.-](?=[A-Za-z_]*[0-9])[0-9A-Za-z_]{8,}\\.(?:css|js|mjs|woff2?|png|jpe?g|webp|avif|svg)$" { ${NO_SNIFFING} add_header Cache-Control "public, max-age=31536000, immutable"; }`,
    `    location / { try_files $uri $uri/ $uri.html ${missing}; ${NO_SNIFFING} add_header Cache-Control no-cache; }`,
    ...(site.singlePage ? [] : ['    error_page 404 /404.html;', '    location = /404.html { internal; }']),
    '  }',
    '}',
    'EOF',
    ...site.copy,
    ...AS_NOBODY,
    `# port: ${facts.port.source}`,
    `EXPOSE ${facts.port.value}`,
    `# start: ${facts.start?.source ?? 'default'}`,
    `CMD ${execForm(facts.start?.value ?? NGINX_START)}`,
  ];
}
