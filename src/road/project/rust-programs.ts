import { type Folder, lineOf } from './folder.ts';
import type { Source } from './written-addresses.ts';

/** A Cargo.toml, parsed. */
export interface Manifest {
  readonly path: string;
  readonly text: string;
  readonly table: Record<string, unknown>;
}

export const tableOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

/** A program that cargo makes. */
export interface Program {
  readonly name: string;
  readonly manifest: string;
  /** The file of its main function. */
  readonly path: string;
  readonly source: string;
  readonly chosen: boolean;
}

export function programsOf(folder: Folder, manifest: Manifest): Program[] {
  const directory = manifest.path.replace(/Cargo\.toml$/, '');
  const about = tableOf(manifest.table.package);
  const name = typeof about.name === 'string' ? about.name : 'app';
  const listed = Array.isArray(manifest.table.bin) ? manifest.table.bin.map(tableOf) : [];
  const paths = new Map<string, string>();
  if (folder.has(`${directory}src/main.rs`)) paths.set(`${directory}src/main.rs`, name);
  for (const path of folder.paths) {
    const below = path.startsWith(`${directory}src/bin/`) ? path.slice(`${directory}src/bin/`.length) : '';
    const program = /^(\w[\w-]*)(?:\.rs|\/main\.rs)$/.exec(below)?.[1];
    if (program) paths.set(path, program);
  }
  for (const bin of listed) {
    if (typeof bin.name === 'string')
      paths.set(typeof bin.path === 'string' ? `${directory}${bin.path}` : `${directory}src/main.rs`, bin.name);
  }
  return [...paths].map(([path, program]) => {
    const text = folder.read(path) ?? '';
    const main = Math.max(0, text.search(/\bfn\s+main\s*\(/));
    return {
      name: program,
      manifest: manifest.path,
      path,
      source: `${path}:${lineOf(text, main)}`,
      chosen: about['default-run'] === program,
    };
  });
}

const SERVES =
  /\baxum::serve\b|\bHttpServer::new\b|#\[(?:rocket::)?launch\]|\brocket::build\(|\bwarp::serve\b|\bTcpListener::bind\(|\bServer::(?:bind|new)\b/;

export function servingProgram(programs: readonly Program[], sources: readonly Source[]): Program | undefined {
  if (programs.length === 1) return programs[0];
  const chosen = programs.filter((program) => program.chosen);
  if (chosen.length === 1) return chosen[0];
  const serving = programs.filter(({ path }) =>
    SERVES.test(sources.find((source) => source.path === path)?.text ?? ''),
  );
  return serving.length === 1 ? serving[0] : undefined;
}
