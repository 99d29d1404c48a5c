/** A DNS label made of any name, at most `charactersMax` long: `My_DB.2` is `my-db-2`. */
export function labelFor(name: string, charactersMax = 50): string {
  const label = name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, charactersMax)
    .replace(/-+$/, '');
  if (label === '') return 'part';
  return /^[a-z]/.test(label) ? label : `n${label}`.slice(0, charactersMax);
}

/** The name, or with the first number that makes it one of its own; it is taken from then on. */
export function uniqueName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let count = 2; taken.has(name); count++) name = `${wanted}-${count}`;
  taken.add(name);
  return name;
}

/** A key of a ConfigMap or Secret: letters, digits, `.`, `_` and `-`. */
export function configKey(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 253) || 'file';
}
