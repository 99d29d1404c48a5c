import { baseTitle, buildRecipe, install } from './stand-in-recipe.ts';
import { type Carried, suiteFor } from './stand-in-suite.ts';
import type { StandIn } from './stand-in-types.ts';

const CARRIED: Carried = [
  ['bookworm', '3.10'],
  ['trixie', '4.0'],
];

/** RabbitMQ from Debian under the variables of the official image; `management` in the tag turns its pages on. */
export const rabbitmqStandIn: StandIn = async (request) => {
  const management = request.tag.includes('management');
  const suite = suiteFor(CARRIED, request.tag);
  const image = await buildRecipe(
    request,
    `RUN groupadd --system --gid 999 rabbitmq && useradd --system --uid 999 --gid rabbitmq --home-dir /var/lib/rabbitmq --no-create-home rabbitmq
${install(['rabbitmq-server'])}
RUN mkdir -p /etc/rabbitmq/conf.d /var/lib/rabbitmq /var/log/rabbitmq && rm -f /etc/rabbitmq/rabbitmq-env.conf \\
 && echo 'management_agent.disable_metrics_collector = true' > /etc/rabbitmq/conf.d/20-agent.conf \\
 && echo '[${management ? 'rabbitmq_management' : ''}].' > /etc/rabbitmq/enabled_plugins \\
 && chown -R rabbitmq:rabbitmq /etc/rabbitmq /var/lib/rabbitmq /var/log/rabbitmq && chmod -R g=u /etc/rabbitmq /var/lib/rabbitmq /var/log/rabbitmq \\
 && dpkg-query -W -f '\${Version}' rabbitmq-server | sed 's/-.*//' > /usr/local/share/rabbitmq-version
COPY --chmod=755 <<'EOF' /usr/local/bin/docker-entrypoint.sh
#!/bin/sh
set -e
if [ "\${1#rabbitmq-server}" != "$1" ] && [ "$(id -u)" = 0 ]; then
  # Made before anybody asks: a probe that runs as root would make it, and the server could not read it.
  if [ ! -e /var/lib/rabbitmq/.erlang.cookie ]; then
    (umask 377 && head -c 32 /dev/urandom | base64 | tr -dc A-Z-a-z0-9 > /var/lib/rabbitmq/.erlang.cookie)
  fi
  find /var/lib/rabbitmq \\! -user rabbitmq -exec chown rabbitmq:rabbitmq '{}' +
  exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups -- "$0" "$@"
fi
if [ "\${1#rabbitmq-server}" != "$1" ]; then
  # The defaults count only until the first start has made its database, as in the official image.
  : > /tmp/defaults.conf
  for pair in default_user:RABBITMQ_DEFAULT_USER default_pass:RABBITMQ_DEFAULT_PASS default_vhost:RABBITMQ_DEFAULT_VHOST; do
    eval "value=\\\${\${pair#*:}:-}"
    if [ -n "$value" ]; then echo "\${pair%%:*} = $value" >> /tmp/defaults.conf; fi
  done
  # Nobody but who is meant to reaches it in its network namespace, so guest may log in from other hosts as well.
  echo 'loopback_users.guest = false' >> /tmp/defaults.conf
  if [ -w /etc/rabbitmq/conf.d ]; then cp /tmp/defaults.conf /etc/rabbitmq/conf.d/10-defaults.conf; fi
fi
exec "$@"
EOF
ENV HOME=/var/lib/rabbitmq LANG=C.UTF-8 RABBITMQ_DATA_DIR=/var/lib/rabbitmq RABBITMQ_LOGS=- PATH=/usr/lib/rabbitmq/bin:$PATH
VOLUME /var/lib/rabbitmq
EXPOSE 4369 5671 5672 15691 15692 25672${management ? ' 15672' : ''}
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["rabbitmq-server"]
`,
    undefined,
    suite,
  );
  const version = ((await request.store.library.readText(image, '/usr/local/share/rabbitmq-version')) ?? '').trim();
  return { config: image.config, note: `${baseTitle(suite)} packages: RabbitMQ ${version}` };
};
