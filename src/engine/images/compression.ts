import { spawn } from 'node:child_process';
import { Duplex, type Readable, type Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** The streams that lead from a blob of this media type to its uncompressed archive. */
export function decompressed(source: Readable, mediaType: string): (Readable | Transform | Duplex)[] {
  if (/gzip$/.test(mediaType)) return [source, createGunzip()];
  if (/zstd$/.test(mediaType)) return [source, zstandard()];
  if (/tar$/.test(mediaType)) return [source];
  throw new Error(`layer of media type ${JSON.stringify(mediaType)}: not one that can be unpacked here`);
}

/** node:zlib knows Zstandard only since Node 22.15; the program does it everywhere. */
function zstandard(): Duplex {
  const program = spawn('zstd', ['--decompress', '--stdout', '--quiet'], { stdio: ['pipe', 'pipe', 'pipe'] });
  const duplex = Duplex.from({ readable: program.stdout, writable: program.stdin });
  let said = '';
  program.stderr.on('data', (chunk: Buffer) => {
    if (said.length < 1_000) said += chunk.toString();
  });
  program.on('error', (error) => duplex.destroy(new Error(`run zstd: ${error.message}`, { cause: error })));
  program.on('close', (code) => {
    if (code !== 0) duplex.destroy(new Error(`zstd: ${said.trim() || `exit code ${code}`}`));
  });
  return duplex;
}
