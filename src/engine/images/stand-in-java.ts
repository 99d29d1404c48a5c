import { hostSuite } from './host-suite.ts';
import { BASE_TAG } from './stand-in-debian.ts';
import { baseTitle, buildRecipe, install } from './stand-in-recipe.ts';
import { type Carried, suiteFor } from './stand-in-suite.ts';
import type { StandIn } from './stand-in-types.ts';

const CARRIED: Carried = [
  ['bookworm', '17.0'],
  ['trixie', '25.0'],
];
/** The versions that each of those releases packages. */
const PACKAGED: readonly (readonly [codename: string, majors: readonly number[]])[] = [
  ['bookworm', [17]],
  ['trixie', [21, 25]],
];

/**
 * OpenJDK, and Maven where its image is asked for. The tag's number is Java's version (`21-jre`), for Maven's image the
 * last one is (`3-eclipse-temurin-21`).
 */
export const javaStandIn: StandIn = async (request) => {
  const { tag } = request;
  const maven = /(?:^|\/)maven(?::|@|$)/.test(request.name);
  const numbers = [...tag.matchAll(/(?:^|-)(\d+)(?=$|[.-])/g)].map(([, number]) => Number(number));
  const wanted = (maven ? numbers.slice(/^\d/.test(tag) ? 1 : 0).at(-1) : numbers[0]) ?? 17;
  const suite = suiteFor(CARRIED, `${wanted}.0`);
  const release = suite === BASE_TAG ? hostSuite()?.codename : suite;
  const majors = PACKAGED.find(([codename]) => codename === release)?.[1] ?? [];
  const kind = !maven && /jre/.test(tag) ? 'jre' : 'jdk';
  const major = majors.find((each) => each >= wanted) ?? majors.at(-1);
  const packageName = major === undefined ? `default-${kind}-headless` : `openjdk-${major}-${kind}-headless`;
  const image = await buildRecipe(
    request,
    // Its packages link their manual pages, whose folders the base leaves out.
    `RUN mkdir -p /usr/share/man/man1
${install([packageName, 'ca-certificates', 'tzdata', ...(maven ? ['maven'] : [])])}
RUN mkdir -p /opt/java && ln -s "$(ls -d /usr/lib/jvm/java-${major ?? '*'}-openjdk-* | head -1)" /opt/java/openjdk
ENV JAVA_HOME=/opt/java/openjdk PATH=/opt/java/openjdk/bin:$PATH LANG=C.UTF-8
RUN (java --version | head -1 | cut -d' ' -f2${maven ? `; mvn --version | head -1 | cut -d' ' -f3` : ''}) > /usr/local/share/language-version
CMD ["${maven ? 'mvn' : kind === 'jdk' ? 'jshell' : 'bash'}"]
`,
    undefined,
    suite,
  );
  const text = (await request.store.library.readText(image, '/usr/local/share/language-version')) ?? '';
  const [version = '', mavenVersion] = text.trim().split('\n');
  const note = `${baseTitle(suite)} packages: OpenJDK ${version}${mavenVersion ? `, Maven ${mavenVersion}` : ''}`;
  return { config: image.config, note: tag.includes('alpine') ? `${note} (not Alpine: no apk)` : note };
};
