import { baseTitle, buildRecipe, install } from './stand-in-recipe.ts';
import { type Carried, suiteFor } from './stand-in-suite.ts';
import type { StandIn } from './stand-in-types.ts';

interface Language {
  readonly title: string;
  readonly packages: readonly string[];
  /** Further Dockerfile lines. */
  readonly lines: string;
  /** Prints the version. */
  readonly version: string;
  readonly carried: Carried;
  /** The release spelled in a tag is kept: its programs run in other images of that release. */
  readonly strict?: boolean;
}

const LANGUAGES: Readonly<Record<string, Language>> = {
  golang: {
    title: 'Go',
    packages: ['golang-go', 'ca-certificates', 'gcc', 'git', 'libc6-dev', 'tzdata'],
    lines:
      'ENV GOPATH=/go PATH=/go/bin:/usr/local/go/bin:$PATH GOTOOLCHAIN=local\nRUN ln -s /usr/lib/go /usr/local/go && mkdir -p /go/src /go/bin && chmod -R 1777 /go\nWORKDIR /go\nCMD ["bash"]',
    version: "go version | cut -d' ' -f3",
    carried: [
      ['bookworm', '1.19'],
      ['trixie', '1.24'],
      ['forky', '1.27'],
    ],
  },
  ruby: {
    title: 'Ruby',
    packages: ['ruby', 'ruby-dev', 'ruby-bundler', 'ca-certificates', 'tzdata'],
    // Gems go where the official image has them; Debian's own stay visible, for builds without an index in reach.
    lines:
      'ENV LANG=C.UTF-8 GEM_HOME=/usr/local/bundle BUNDLE_SILENCE_ROOT_WARNING=1 BUNDLE_APP_CONFIG=/usr/local/bundle PATH=/usr/local/bundle/bin:$PATH\nRUN mkdir -p /usr/local/bundle && chmod 1777 /usr/local/bundle\nCMD ["irb"]',
    version: "ruby --version | cut -d' ' -f2",
    carried: [
      ['bookworm', '3.1'],
      ['trixie', '3.3'],
    ],
  },
  rust: {
    title: 'Rust',
    packages: ['cargo', 'rustc', 'ca-certificates', 'gcc', 'libc6-dev'],
    lines:
      'ENV CARGO_HOME=/usr/local/cargo PATH=/usr/local/cargo/bin:$PATH\nRUN mkdir -p /usr/local/cargo && chmod 1777 /usr/local/cargo\nCMD ["bash"]',
    version: "rustc --version | cut -d' ' -f2",
    carried: [
      ['bookworm', '1.63'],
      ['trixie', '1.85'],
      ['forky', '1.97'],
    ],
    strict: true,
  },
};

/** A language's tool chain from Debian, in the nearest version that a release of Debian has: the announcement says which. */
export function languageStandIn(key: string): StandIn {
  return async (request) => {
    const language = LANGUAGES[key];
    if (!language) throw new Error(`no stand-in for the language ${key}`);
    const suite = suiteFor(language.carried, request.tag, language.strict);
    const image = await buildRecipe(
      request,
      `${install(language.packages)}\n${language.lines}\nRUN (${language.version}) > /usr/local/share/language-version\n`,
      undefined,
      suite,
    );
    const version = ((await request.store.library.readText(image, '/usr/local/share/language-version')) ?? '').trim();
    const note = `${baseTitle(suite)} packages: ${language.title} ${version}`;
    return { config: image.config, note: request.tag.includes('alpine') ? `${note} (not Alpine: no apk)` : note };
  };
}
