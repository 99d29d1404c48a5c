import type { Facts } from '../project/index.ts';
import { execForm } from './command.ts';
import type { GeneratedDockerfile } from './contract.ts';
import { AS_NOBODY, dockerignore, heading } from './shared-lines.ts';

const OUT_OF_REACH = `|| { echo "the build did not succeed; where lines above say 'Could not transfer', 'Could not resolve' or 'Unknown host', no repository of packages is in reach" >&2; exit 1; }`;
/** Of several jars, the one that runs: not the sources, not what a plug-in packed anew. */
const JAR = (folder: string): string =>
  `"$(ls ${folder}/*.jar | grep -v -e '-plain\\.jar$' -e '-sources\\.jar$' -e '-javadoc\\.jar$' -e '/original-' | head -n 1)"`;

/** One stage builds with the JDK; the image has the runtime alone, and of Spring's jar each layer by itself. */
export function javaDockerfile(facts: Facts): GeneratedDockerfile {
  const { languageVersion: version, start, build } = facts;
  if (!version || !start || !build) throw new Error('a Java app without version, build or start has no Dockerfile');
  const tool = facts.packageManager?.value ?? 'maven';
  const maven = tool.startsWith('m');
  const cache = `--mount=type=cache,target=${maven ? '/root/.m2' : '/root/.gradle'}`;
  const base =
    { maven: `maven:3-eclipse-temurin-${version.value}`, gradle: `gradle:8-jdk${version.value}` }[tool] ??
    `eclipse-temurin:${version.value}-jdk`;
  const run = `RUN ${cache} ${tool === 'gradle' ? 'GRADLE_USER_HOME=/root/.gradle ' : ''}`;
  const { prepare, copy } = layout(facts);
  const lines = [
    ...heading(facts),
    `# Java ${version.value}: ${version.source}`,
    `FROM ${base} AS build`,
    'WORKDIR /src',
    // The wrapper's own files and those of every module stand in folders, so all of the build's files are one step.
    `# ${tool}: ${facts.packageManager?.source ?? 'default'}`,
    // Of a build in several modules the top's own file names modules that are not there yet.
    ...(tool === 'maven' && facts.output?.value === 'target'
      ? [
          'COPY pom.xml ./',
          `${run}mvn -B -ntp dependency:go-offline || echo "what is missing is fetched by the build itself"`,
        ]
      : []),
    'COPY . .',
    `# build: ${build.source}`,
    `${run}${build.value} \\`,
    ` ${OUT_OF_REACH}`,
    ...prepare,
    '',
    `FROM eclipse-temurin:${version.value}-jre`,
    '# Three quarters of the memory that the container may have; out of memory ends the process instead of crippling it.',
    'ENV JAVA_TOOL_OPTIONS="-XX:MaxRAMPercentage=75 -XX:+ExitOnOutOfMemoryError"',
    'WORKDIR /app',
    ...copy,
    ...AS_NOBODY,
    `# port: ${facts.port.source}`,
    `EXPOSE ${facts.port.value}`,
    `# start: ${start.source}`,
    `CMD ${execForm(start.value)}`,
  ];
  return {
    text: `${lines.join('\n')}\n`,
    dockerignore: dockerignore(['target', 'build', '.gradle', '**/target', '**/build', '*.class']),
    notes: [],
  };
}

/** What is done in the build's stage with what the build made, and what the image takes from there. */
function layout(facts: Facts): { prepare: string[]; copy: string[] } {
  const output = facts.output?.value ?? 'target';
  const command = facts.start?.value ?? '';
  // A command of the author's own finds what it names where the build left it.
  const named = /(?:^|\s|=)((?:[\w.-]+\/)*(?:target|build)\/(?:libs\/|install\/|quarkus-app\/)?)\S/.exec(command)?.[1];
  if (named) return { prepare: [], copy: [`COPY --from=build /src/${named} ./${named}`] };
  if (facts.framework?.value === 'spring-boot') {
    // docs.spring.io, Dockerfiles: what changes least comes first.
    const extract = command.includes('JarLauncher')
      ? 'mkdir /layers && cp app.jar /layers/ && cd /layers && java -Djarmode=layertools -jar app.jar extract'
      : 'java -Djarmode=tools -jar app.jar extract --layers --destination /layers';
    const layers = ['dependencies', 'spring-boot-loader', 'snapshot-dependencies', 'application'];
    return {
      prepare: [
        `RUN cp ${JAR(output)} app.jar && ${extract}`,
        `RUN mkdir -p ${layers.map((layer) => `/layers/${layer}`).join(' ')}`,
      ],
      copy: layers.map((layer) => `COPY --from=build /layers/${layer}/ ./`),
    };
  }
  if (output.endsWith('quarkus-app')) return { prepare: [], copy: [`COPY --from=build /src/${output}/ ./`] };
  if (output.endsWith('build/install')) {
    return {
      prepare: [
        `RUN mv ${output}/* /program && ln -s "$(ls /program/bin | grep -v '\\.bat$' | head -n 1)" /program/bin/start`,
      ],
      copy: ['COPY --from=build /program ./'],
    };
  }
  return {
    prepare: [
      `RUN mkdir -p /program/lib && cp ${JAR(output)} /program/app.jar && if [ -d ${output}/lib ]; then cp -r ${output}/lib /program/; fi`,
    ],
    copy: ['COPY --from=build /program ./'],
  };
}
