/**
 * Reads `--chmod`: octal (`755`) or symbolic (`u=rwX,go=rX`, as chmod(1)), into a function of the present permissions.
 * @throws Error when it is neither
 */
export function fileMode(text: string): (mode: number, directory: boolean) => number {
  if (/^[0-7]{1,4}$/.test(text)) {
    const mode = Number.parseInt(text, 8);
    return () => mode;
  }
  const clauses = text.split(',').map((clause) => {
    const found = /^([ugoa]*)([-+=])([rwxXst]*)$/.exec(clause);
    if (!found) throw new Error(`--chmod=${text}: neither octal nor symbolic permissions`);
    return { who: found[1] || 'a', operator: found[2], permissions: found[3] ?? '' };
  });
  return (before, directory) => {
    let mode = before;
    for (const { who, operator, permissions } of clauses) {
      const mask = maskOf(who);
      const bits = bitsOf(permissions, directory || (mode & 0o111) !== 0) & (mask | specialOf(permissions, who));
      if (operator === '+') mode |= bits;
      else if (operator === '-') mode &= ~bits;
      else mode = (mode & ~mask) | bits;
    }
    return mode;
  };
}

function maskOf(who: string): number {
  const all = who.includes('a');
  return (
    (all || who.includes('u') ? 0o700 : 0) |
    (all || who.includes('g') ? 0o070 : 0) |
    (all || who.includes('o') ? 0o007 : 0)
  );
}

function bitsOf(permissions: string, executable: boolean): number {
  let bits = 0;
  if (permissions.includes('r')) bits |= 0o444;
  if (permissions.includes('w')) bits |= 0o222;
  if (permissions.includes('x') || (permissions.includes('X') && executable)) bits |= 0o111;
  if (permissions.includes('s')) bits |= 0o6000;
  if (permissions.includes('t')) bits |= 0o1000;
  return bits;
}

function specialOf(permissions: string, who: string): number {
  const all = who.includes('a');
  const setIds = (all || who.includes('u') ? 0o4000 : 0) | (all || who.includes('g') ? 0o2000 : 0);
  return (permissions.includes('s') ? setIds : 0) | (permissions.includes('t') ? 0o1000 : 0);
}
