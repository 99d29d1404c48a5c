import { baseTitle, buildRecipe, install } from './stand-in-recipe.ts';
import type { StandIn } from './stand-in-types.ts';

/** memcached from Debian; as the official image it runs as its own user and takes the program's options as arguments. */
export const memcachedStandIn: StandIn = async (request) => {
  const image = await buildRecipe(
    request,
    `RUN groupadd --system --gid 11211 memcache && useradd --system --uid 11211 --gid memcache --home-dir /nonexistent --no-create-home memcache
${install(['memcached'])}
RUN memcached --version | cut -d' ' -f2 > /usr/local/share/memcached-version
COPY --chmod=755 <<'EOF' /usr/local/bin/docker-entrypoint.sh
#!/bin/sh
set -e
if [ "\${1#-}" != "$1" ]; then set -- memcached "$@"; fi
exec "$@"
EOF
USER memcache
EXPOSE 11211
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["memcached"]
`,
  );
  const version = ((await request.store.library.readText(image, '/usr/local/share/memcached-version')) ?? '').trim();
  return { config: image.config, note: `${baseTitle()} packages: memcached ${version}` };
};
