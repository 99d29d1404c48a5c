import { baseTitle, buildRecipe, install } from './stand-in-recipe.ts';
import type { StandIn } from './stand-in-types.ts';

/** nginx from Debian with the files, logs and templates where the official images have them. */
export const nginxStandIn: StandIn = async (request) => {
  const unprivileged = request.name.includes('unprivileged');
  const port = unprivileged ? 8080 : 80;
  const pid = unprivileged ? '/tmp/nginx.pid' : '/run/nginx.pid';
  const image = await buildRecipe(
    request,
    `RUN groupadd --system --gid 101 nginx && useradd --system --uid 101 --gid nginx --home-dir /nonexistent --no-create-home nginx
${install(['nginx', 'gettext-base', 'curl', 'ca-certificates'])}
COPY <<'EOF' /etc/nginx/nginx.conf
${unprivileged ? '' : 'user nginx;\n'}worker_processes auto;
error_log /var/log/nginx/error.log notice;
pid ${pid};
events { worker_connections 1024; }
http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  log_format main '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "$http_x_forwarded_for"';
  access_log /var/log/nginx/access.log main;
${unprivileged ? ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path /tmp/${name}_temp;\n`).join('') : ''}  sendfile on;
  keepalive_timeout 65;
  include /etc/nginx/conf.d/*.conf;
}
EOF
COPY <<'EOF' /etc/nginx/conf.d/default.conf
server {
  listen ${port};
  listen [::]:${port};
  server_name localhost;
  location / {
    root /usr/share/nginx/html;
    index index.html index.htm;
  }
  error_page 500 502 503 504 /50x.html;
  location = /50x.html { root /usr/share/nginx/html; }
}
EOF
COPY --chmod=755 <<'EOF' /docker-entrypoint.sh
#!/bin/sh
set -e
if [ "$1" = nginx ] || [ "$1" = nginx-debug ]; then
  for template in /etc/nginx/templates/*.template; do
    [ -e "$template" ] || continue
    envsubst "$(env | sed 's/=.*//; s/^/$/' | tr '\\n' ' ')" < "$template" > "/etc/nginx/conf.d/$(basename "$template" .template)"
  done
  for script in /docker-entrypoint.d/*.sh; do
    if [ -x "$script" ]; then "$script"; fi
  done
  # A machine without version 6 of the internet protocol refuses to listen there.
  if [ ! -f /proc/net/if_inet6 ] && [ -w /etc/nginx/conf.d/default.conf ]; then
    sed -i '/listen \\[::\\]/d' /etc/nginx/conf.d/default.conf
  fi
fi
exec "$@"
EOF
COPY <<'EOF' /usr/share/nginx/html/index.html
<!DOCTYPE html>
<html>
<head><title>Welcome to nginx!</title></head>
<body><h1>Welcome to nginx!</h1><p>The web server works; its pages are yet to come.</p></body>
</html>
EOF
COPY <<'EOF' /usr/share/nginx/html/50x.html
<!DOCTYPE html>
<html><head><title>Error</title></head><body><h1>An error occurred.</h1></body></html>
EOF
RUN mkdir -p /docker-entrypoint.d /etc/nginx/templates && rm -rf /etc/nginx/sites-* /var/www/html && ln -sf /dev/stdout /var/log/nginx/access.log && ln -sf /dev/stderr /var/log/nginx/error.log \\
 && ${unprivileged ? 'chown -R nginx:nginx /etc/nginx/conf.d /var/log/nginx && ' : ''}nginx -v 2>&1 | sed 's/.*nginx\\/\\([0-9.]*\\).*/\\1/' > /usr/local/share/nginx-version
${unprivileged ? 'USER 101\n' : ''}EXPOSE ${port}
STOPSIGNAL SIGQUIT
ENTRYPOINT ["/docker-entrypoint.sh"]
CMD ["nginx", "-g", "daemon off;"]
`,
  );
  const version = ((await request.store.library.readText(image, '/usr/local/share/nginx-version')) ?? '').trim();
  const note = `${baseTitle()} packages: nginx ${version}`;
  return { config: image.config, note: request.tag.includes('alpine') ? `${note} (not Alpine: no apk)` : note };
};
