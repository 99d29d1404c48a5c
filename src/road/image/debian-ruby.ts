/** Gems whose Debian package is not `ruby-NAME`. */
const NAMES: Readonly<Record<string, string>> = {
  puma: 'puma',
  jekyll: 'jekyll',
  rails: 'rails',
  rake: 'rake',
  thin: 'thin',
  unicorn: 'unicorn',
  sass: 'ruby-sass',
  bundler: 'ruby-bundler',
};

/** The Debian package that carries a gem. */
export function debianGem(name: string): string {
  return (
    (Object.hasOwn(NAMES, name) ? NAMES[name] : undefined) ??
    `ruby-${name
      .toLowerCase()
      .replaceAll('_', '-')
      .replace(/^ruby-/, '')}`
  );
}
