import { baseTitle, buildRecipe, install } from './stand-in-recipe.ts';
import type { StandIn } from './stand-in-types.ts';

/** curl from Debian; as the official image it runs as a user of its own. */
export const curlStandIn: StandIn = async (request) => {
  const image = await buildRecipe(
    request,
    `RUN groupadd --system --gid 101 curl_group && useradd --system --uid 100 --gid 101 --home-dir /home/curl_user --create-home curl_user
${install(['curl', 'ca-certificates'])}
RUN curl --version | sed -n '1s/^curl \\([^ ]*\\).*/\\1/p' > /usr/local/share/curl-version
USER curl_user
WORKDIR /home/curl_user
ENTRYPOINT ["curl"]
CMD ["--help"]
`,
  );
  const version = ((await request.store.library.readText(image, '/usr/local/share/curl-version')) ?? '').trim();
  return { config: image.config, note: `${baseTitle()} packages: curl ${version}` };
};
