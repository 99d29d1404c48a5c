import { composeIdentity, mountIdentity } from './identity.ts';
import { dropped, either, flag, list, type MapShape, map, named, number, pairs, scalar, text } from './shape.ts';

const texts = list(text);
const uniqueTexts = list(text, { identity: composeIdentity });
const CACHE = 'wherry keeps its own build cache';
const BUILDER = "wherry's builder has nothing of the kind";
const BY_HAND = 'Build that image by your pipeline and name it with image.';

export const buildShape: MapShape = map(
  {
    context: text,
    dockerfile: text,
    dockerfile_inline: text,
    args: pairs,
    target: text,
    additional_contexts: dropped(pairs, BUILDER, 'Put the files into the context, or take them FROM an image.'),
    cache_from: dropped(texts, CACHE),
    cache_to: dropped(texts, CACHE),
    entitlements: dropped(texts, BUILDER, BY_HAND),
    extra_hosts: dropped({ ...pairs, colon: true }, BUILDER),
    isolation: dropped(text, 'it is for Windows containers'),
    labels: dropped(pairs, BUILDER, 'Write LABEL in the Dockerfile.'),
    network: dropped(text, 'the builder chooses the network of a build'),
    no_cache: dropped(flag, CACHE, 'An unchanged step is taken from it; a changed one is not.'),
    no_cache_filter: dropped(list(text, { orOne: true }), CACHE),
    platforms: dropped(uniqueTexts, 'an image is built for the machine that builds it', BY_HAND),
    privileged: dropped(flag, BUILDER, BY_HAND),
    provenance: dropped(scalar, BUILDER, 'Attest it in your pipeline.'),
    pull: dropped(
      flag,
      'the base image is taken from the store when it is there',
      'Fetch it anew: wherry image pull NAME',
    ),
    sbom: dropped(scalar, BUILDER, 'Make it in your pipeline.'),
    secrets: dropped(
      list(map({ source: text, target: text, uid: text, gid: text, mode: scalar }, { short: 'source' }), {
        identity: mountIdentity,
      }),
      BUILDER,
      BY_HAND,
    ),
    shm_size: dropped(scalar, BUILDER),
    ssh: dropped({ ...pairs }, BUILDER, BY_HAND),
    tags: dropped(uniqueTexts, 'wherry names the image after its content'),
    ulimits: dropped(named(either(number, map({ hard: number, soft: number }))), BUILDER),
  },
  { short: 'context' },
);
