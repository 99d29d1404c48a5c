import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { codeOf, messageOf, UserError } from '../../base/index.ts';
import { parseDotenv } from './dotenv.ts';

const FILE_BYTES_MAX = 4 * 1024 * 1024;

type Environment = Readonly<Record<string, string>>;

/**
 * What variables are filled in from: the files, later ones over earlier, under what the environment says itself.
 * @param files undefined: `.env` of the folder, if there is one
 * @throws UserError for a file that is not there or cannot be read
 */
export function environmentOf(own: Environment, files: readonly string[] | undefined, directory: string): Environment {
  const standard = join(directory, '.env');
  const isThere = existsSync(standard) && statSync(standard).isFile();
  const paths = files?.map((file) => resolve(directory, file)) ?? (isThere ? [standard] : []);
  const values: Record<string, string> = {};
  for (const path of paths) {
    if (path === '/dev/null') continue;
    const lookup = (name: string): string | undefined => ownOf(own, name) ?? ownOf(values, name);
    const text = readText(path, path, 'Name another with --env-file, or write it.');
    for (const { name, value } of parseDotenv(text, path, lookup)) values[name] = value;
  }
  return { ...values, ...own };
}

export function ownOf(values: Environment, name: string): string | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

/** @throws UserError at `place` for a file that is not there, is none, is too large or is no text */
export function readText(path: string, place: string, wayOut: string): string {
  return readBytes(path, place, wayOut).toString('utf8');
}

export function readBytes(path: string, place: string, wayOut: string): Buffer {
  try {
    const { size } = statSync(path);
    if (size > FILE_BYTES_MAX) {
      throw new UserError(place, `${path} has more than ${FILE_BYTES_MAX / 1024 / 1024} MiB`, 'Is it the right file?');
    }
    return readFileSync(path);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const code = codeOf(error);
    const fault =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EISDIR'
          ? 'it is a folder'
          : code === 'EACCES'
            ? 'it may not be read'
            : messageOf(error);
    const told = place === path ? fault : `${path}: ${fault}`;
    throw new UserError(place, told, wayOut, { cause: error });
  }
}
