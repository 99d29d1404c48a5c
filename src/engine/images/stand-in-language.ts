import { baseTitle, buildRecipe, install } from './stand-in-recipe.ts';
import type { StandIn } from './stand-in-types.ts';

interface Language {
  readonly title: string;
  readonly packages: readonly string[];
  /** Further Dockerfile lines. */
  readonly lines: string;
  /** Prints the version. */
  readonly version: string;
}

const LANGUAGES: Readonly<Record<string, Language>> = {
  golang: {
    title: 'Go',
    packages: ['golang-go', 'ca-certificates', 'git'],
    lines:
      'ENV GOPATH=/go PATH=/go/bin:$PATH GOTOOLCHAIN=local\nRUN mkdir -p /go/src /go/bin && chmod -R 1777 /go\nWORKDIR /go\nCMD ["bash"]',
    version: "go version | cut -d' ' -f3",
  },
  ruby: {
    title: 'Ruby',
    packages: ['ruby', 'ruby-bundler', 'ca-certificates'],
    lines:
      'ENV LANG=C.UTF-8 GEM_HOME=/usr/local/bundle BUNDLE_SILENCE_ROOT_WARNING=1 BUNDLE_APP_CONFIG=/usr/local/bundle PATH=/usr/local/bundle/bin:$PATH\nRUN mkdir -p /usr/local/bundle && chmod 1777 /usr/local/bundle\nCMD ["irb"]',
    version: "ruby --version | cut -d' ' -f2",
  },
  php: {
    title: 'PHP',
    packages: ['php-cli', 'ca-certificates'],
    lines: 'RUN ln -sf /usr/bin/php /usr/local/bin/php\nCMD ["php", "-a"]',
    version: "php -r 'echo PHP_VERSION;'",
  },
  java: {
    title: 'OpenJDK',
    packages: ['openjdk-17-jdk-headless', 'ca-certificates'],
    lines: `RUN ln -s "$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")" /opt/java\nENV JAVA_HOME=/opt/java LANG=C.UTF-8\nCMD ["jshell"]`,
    version: `java --version | head -1 | cut -d' ' -f2`,
  },
};

/** A language's tool chain from Debian, in the version that Debian has: the announcement says which. */
export function languageStandIn(key: string): StandIn {
  return async (request) => {
    const language = LANGUAGES[key];
    if (!language) throw new Error(`no stand-in for the language ${key}`);
    const image = await buildRecipe(
      request,
      `${install(language.packages)}\n${language.lines}\nRUN (${language.version}) > /usr/local/share/language-version\n`,
    );
    const version = ((await request.store.library.readText(image, '/usr/local/share/language-version')) ?? '').trim();
    const note = `${baseTitle()} packages: ${language.title} ${version}`;
    return { config: image.config, note: request.tag.includes('alpine') ? `${note} (not Alpine: no apk)` : note };
  };
}
