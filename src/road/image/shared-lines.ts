import type { Facts } from '../project/index.ts';

/** A number, since a cluster that insists on runAsNonRoot cannot judge a name. */
export const USER_ID = 10_001;
export const AS_NOBODY = [`USER ${USER_ID}:${USER_ID}`];
/** Interpreted apps make files beside their code (uploads, SQLite); the code itself stays root's. */
export const OWN_FOLDER = `RUN chown ${USER_ID}:${USER_ID} .`;

export function heading(facts: Facts): string[] {
  return [`# ${facts.name.value}: written by wherry from what the app's own files say; each part names its source.`];
}

/** The lines that keep history, secrets and what is made again out of the build context. */
export function dockerignore(own: readonly string[]): string {
  const lines = [
    '.git',
    '.gitignore',
    '.dockerignore',
    'Dockerfile',
    '.env',
    '.env.*',
    '.vscode',
    '.idea',
    '*.log',
    ...own,
  ];
  return `${lines.join('\n')}\n`;
}

/** COPY lines that leave files in their folders, since one may name another by its path. */
export function copyLines(paths: readonly string[]): string[] {
  const folderOf = (path: string): string => path.split('/').slice(0, -1).join('/');
  return [...new Set(paths.map(folderOf))].map((folder) => {
    const inside = paths.filter((path) => folderOf(path) === folder);
    return `COPY ${inside.join(' ')} ./${folder ? `${folder}/` : ''}`;
  });
}
