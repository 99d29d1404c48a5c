import type { Facts, Language } from '../road/project/index.ts';

const LANGUAGES: Readonly<Record<Language, string>> = {
  node: 'Node.js',
  python: 'Python',
  go: 'Go',
  java: 'Java',
  ruby: 'Ruby',
  php: 'PHP',
  rust: 'Rust',
  dotnet: '.NET',
  static: 'static site, nginx',
};

/** An app in one line: `users 1.0.0: Node.js 24, fastify, mysql, port 8080`. */
export function describeFacts(facts: Facts): string {
  const parts = [
    facts.language && `${LANGUAGES[facts.language.value]} ${facts.languageVersion?.value ?? ''}`.trim(),
    facts.framework?.value,
    ...facts.services.map(({ kind }) => kind),
    facts.dockerfile && `own ${facts.dockerfile.path}`,
    `port ${facts.port.value}`,
  ];
  const version = facts.version ? ` ${facts.version.value}` : '';
  return `${facts.name.value}${version}: ${parts.filter(Boolean).join(', ')}`;
}
