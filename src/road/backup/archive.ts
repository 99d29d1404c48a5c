import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { UserError } from '../../base/index.ts';
import type { BackupIndex } from './contract.ts';

const INDEX = 'index.json';
const INDEX_BYTES_MAX = 256 * 1024 * 1024;

/** A backup being written: pieces of volumes, at the end the index. */
export interface ArchiveWriter {
  piece(claim: string, number: number, bytes: Buffer): Promise<void>;
  /** The file has its name from here on. */
  finish(index: BackupIndex): Promise<void>;
  /** Nothing stays of it. */
  abandon(): Promise<void>;
}

/** Opens FILE for a backup: plain tar, or gzip where the name says so (`.gz`, `.tgz`). */
export async function writeArchive(file: string): Promise<ArchiveWriter> {
  const { pack } = await import('tar-stream');
  const staged = `${file}.partial`;
  const tar = pack();
  const target = createWriteStream(staged, { mode: 0o600 });
  const written = isCompressed(file) ? pipeline(tar, createGzip({ level: 3 }), target) : pipeline(tar, target);
  let fault: unknown;
  written.catch((error: unknown) => {
    fault = error;
  });
  const entry = (name: string, bytes: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      if (fault) reject(fault);
      else {
        // A write that fails (a full disk) never calls back.
        written.catch(reject);
        tar.entry({ name, size: bytes.length, mode: 0o600 }, bytes, (error) => (error ? reject(error) : resolve()));
      }
    });
  return {
    piece: (claim, number, bytes) => entry(pieceName(claim, number), bytes),
    async finish(index) {
      await entry(INDEX, Buffer.from(`${JSON.stringify(index, null, 2)}\n`));
      tar.finalize();
      await written;
      await rename(staged, file);
    },
    async abandon() {
      tar.destroy();
      await written.catch(() => {});
      await rm(staged, { force: true });
    },
  };
}

export function pieceName(claim: string, number: number): string {
  return `volumes/${claim}/${String(number).padStart(8, '0')}`;
}

/**
 * Reads a backup from its beginning; `onPiece` is given the volumes' pieces in their order, `onIndex` what stands at the end.
 * @throws UserError when the file is none, or was cut off.
 */
export async function readArchive(
  file: string,
  onPiece: (claim: string, bytes: Buffer) => Promise<void> | void,
): Promise<BackupIndex> {
  const { extract } = await import('tar-stream');
  const tar = extract();
  const source = createReadStream(file);
  const fed = (isCompressed(file) ? pipeline(source, createGunzip(), tar) : pipeline(source, tar)).then(
    () => undefined,
    (error: unknown) => error,
  );
  let index: BackupIndex | undefined;
  try {
    for await (const entry of tar) {
      const { name, size } = entry.header;
      const claim = /^volumes\/([^/]+)\/\d+$/.exec(name)?.[1];
      if ((size ?? 0) > INDEX_BYTES_MAX) throw new UserError(file, `its entry ${name} is larger than any of a backup`);
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      const bytes = Buffer.concat(chunks);
      if (claim !== undefined) await onPiece(claim, bytes);
      else if (name === INDEX) index = JSON.parse(bytes.toString()) as BackupIndex;
    }
  } catch (error) {
    tar.destroy();
    await fed;
    if (error instanceof UserError) throw error;
    throw new UserError(file, 'cannot be read as a backup', 'Name a file that wherry backup wrote.', { cause: error });
  }
  const fault = await fed;
  if (fault || !index) {
    throw new UserError(
      file,
      'is no whole backup: it was cut off, or is something else',
      'Copy it again, or take another one.',
      { cause: fault },
    );
  }
  if (index.version !== 1)
    throw new UserError(
      file,
      `was written by a newer wherry (format ${String(index.version)})`,
      'Take that one to restore it.',
    );
  return index;
}

function isCompressed(file: string): boolean {
  return /\.(?:tgz|gz)$/.test(file);
}
