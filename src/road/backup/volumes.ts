import { createHash } from 'node:crypto';
import { PassThrough, Writable } from 'node:stream';
import type { ArchiveWriter } from './archive.ts';
import type { BackupPlace, SavedVolume } from './contract.ts';
import { startHelper } from './helper-pod.ts';

/** What is held in memory of a volume at a time. */
const PIECE_BYTES = 8 * 1024 * 1024;

/** Copies a claim's content into the archive, as a tar stream with owners, modes and links. */
export async function saveVolume(place: BackupPlace, claim: string, archive: ArchiveWriter): Promise<SavedVolume> {
  const helper = await startHelper(place, claim, true);
  try {
    const hash = createHash('sha256');
    let pieces = 0;
    let bytes = 0;
    let held: Buffer[] = [];
    let heldBytes = 0;
    const flush = async (): Promise<void> => {
      const piece = Buffer.concat(held);
      held = [];
      heldBytes = 0;
      hash.update(piece);
      bytes += piece.length;
      await archive.piece(claim, pieces++, piece);
    };
    const take = async (chunk: Buffer): Promise<void> => {
      held.push(chunk);
      heldBytes += chunk.length;
      if (heldBytes >= PIECE_BYTES) await flush();
    };
    const stdout = new Writable({
      write(chunk: Buffer, _encoding, done) {
        take(chunk).then(() => done(), done);
      },
    });
    let fault: unknown;
    stdout.on('error', (error) => {
      fault = error;
    });
    await helper.run(['tar', '-cf', '-', '-C', '/data', '.'], { stdout });
    await new Promise<void>((resolve) => stdout.end(resolve));
    if (fault) throw fault;
    if (heldBytes > 0) await flush();
    return { claim, pieces, bytes, sha256: hash.digest('hex') };
  } finally {
    await helper.end();
  }
}

/** A claim being filled: what was in it is gone, the pieces follow in their order. */
export interface VolumeRestore {
  piece(bytes: Buffer): Promise<void>;
  finish(): Promise<void>;
  abandon(): Promise<void>;
}

export async function restoreVolume(place: BackupPlace, claim: string): Promise<VolumeRestore> {
  const helper = await startHelper(place, claim, false);
  try {
    // ext4's own folder stays; all else goes, so that a run that was cut off leaves nothing behind.
    await helper.run(
      [
        'find',
        '/data',
        '-mindepth',
        '1',
        '-maxdepth',
        '1',
        '!',
        '-name',
        'lost+found',
        '-exec',
        'rm',
        '-rf',
        '{}',
        '+',
      ],
      {},
    );
  } catch (error) {
    await helper.end();
    throw error;
  }
  const stdin = new PassThrough({ highWaterMark: PIECE_BYTES });
  // Told by finish(); until then a fault only ends the waiting for room.
  const done = helper.run(['tar', '-xf', '-', '-C', '/data'], { stdin }).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  return {
    async piece(bytes) {
      if (stdin.write(bytes)) return;
      const ended = await Promise.race([
        new Promise<undefined>((resolve) => stdin.once('drain', () => resolve(undefined))),
        done,
      ]);
      if (ended) throw ended.error;
    },
    async finish() {
      stdin.end();
      const ended = await done;
      await helper.end();
      if (ended) throw ended.error;
    },
    async abandon() {
      stdin.destroy();
      await helper.end();
    },
  };
}
