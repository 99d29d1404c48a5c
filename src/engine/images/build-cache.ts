import { rm } from 'node:fs/promises';
import { sha256 } from './blobs.ts';
import type { Step } from './build-types.ts';

/**
 * Adds the layer that a step makes, or the one that the same step made before. The key holds everything that can
 * change the result: instruction, layers below, contents; never times.
 * @param plain the step only adds files
 * @param make fills the directory of the new layer
 */
export async function cachedLayer(
  step: Step,
  key: readonly unknown[],
  plain: boolean,
  make: (upper: string) => Promise<void>,
): Promise<void> {
  const { build, stage, instruction } = step;
  const { library } = build.options.store;
  const hash = sha256(JSON.stringify(key)).replace('sha256:', '');
  const title = `${instruction.keyword} ${instruction.text}`;
  const record = build.options.noCache ? undefined : await library.cache.get(hash);
  const cached = record && (await library.layers.get(record.diffId));
  if (record && cached) {
    const { touchStep } = await import('./garbage.ts');
    await touchStep(library, hash);
    build.tell(`${build.dockerfile.path}:${instruction.line}: ${short(title)} (from the cache)`);
    stage.layers = [...stage.layers, cached];
    stage.createdAt = later(stage.createdAt, record.createdAt);
    stage.history.push({ created: record.createdAt, created_by: title });
    return;
  }
  build.tell(`${build.dockerfile.path}:${instruction.line}: ${short(title)}`);
  const upper = await library.blobs.temporaryDirectory();
  try {
    await make(upper);
    const layer = await library.layers.adopt(upper, plain);
    await library.cache.set(hash, { diffId: layer.diffId, createdAt: build.now });
    stage.layers = [...stage.layers, layer];
    stage.createdAt = later(stage.createdAt, build.now);
    stage.history.push({ created: build.now, created_by: title });
  } finally {
    await rm(upper, { recursive: true, force: true });
  }
}

export function short(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}
