import { baseTitle, buildRecipe, install } from './stand-in-recipe.ts';
import type { StandIn } from './stand-in-types.ts';

/** Redis from Debian; as the official image it listens everywhere, keeps its data in /data and runs as its own user. */
export const redisStandIn: StandIn = async (request) => {
  const image = await buildRecipe(
    request,
    `RUN groupadd --system --gid 999 redis && useradd --system --uid 999 --gid redis --home-dir /data --no-create-home redis
${install(['redis-server', 'redis-tools'])}
RUN mkdir -p /data && chown redis:redis /data && redis-server --version | sed 's/.* v=\\([0-9.]*\\).*/\\1/' > /usr/local/share/redis-version
COPY --chmod=755 <<'EOF' /usr/local/bin/docker-entrypoint.sh
#!/bin/sh
set -e
if [ "\${1#-}" != "$1" ] || [ "\${1%.conf}" != "$1" ]; then set -- redis-server "$@"; fi
if [ "$1" = redis-server ]; then
  # Inside its network namespace nobody but who is meant to can reach it, so protected mode would only shut them out.
  first=$2
  shift
  case "$first" in *.conf) shift; set -- redis-server "$first" --protected-mode no "$@" ;; *) set -- redis-server --protected-mode no "$@" ;; esac
  if [ "$(id -u)" = 0 ]; then
    find . \\! -user redis -exec chown redis:redis '{}' +
    exec setpriv --reuid=redis --regid=redis --init-groups -- "$@"
  fi
fi
exec "$@"
EOF
VOLUME /data
WORKDIR /data
EXPOSE 6379
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["redis-server"]
`,
  );
  const version = ((await request.store.library.readText(image, '/usr/local/share/redis-version')) ?? '').trim();
  return { config: image.config, note: `${baseTitle()} packages: Redis ${version}` };
};
