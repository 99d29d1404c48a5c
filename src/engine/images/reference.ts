import { PullError } from './contract.ts';

/** An image name taken apart; the grammar is that of distribution/reference. */
export interface Reference {
  /** `host` or `host:port`; undefined when the name gives none. */
  readonly registry: string | undefined;
  /** `library/node`, `team/app`. */
  readonly path: string;
  readonly tag: string | undefined;
  /** `sha256:…`; wins over the tag. */
  readonly digest: string | undefined;
}

const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const DOMAIN =
  /^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;
const HEX64 = /^[a-f0-9]{64}$/;
const NAME_CHARACTERS_MAX = 255;

/** Official images stand in this namespace of the default registry and are written without it. */
const OFFICIAL = 'library/';

/**
 * Reads an image name (`node:22`, `host:5000/team/app@sha256:…`).
 * @throws PullError InvalidImageName, in the kubelet's words
 */
export function parseReference(text: string): Reference {
  const fault = faultOf(text);
  if (typeof fault !== 'string') return fault;
  throw new PullError(
    'InvalidImageName',
    `Failed to apply default image tag ${JSON.stringify(text)}: couldn't parse image name ${JSON.stringify(text)}: ${fault}`,
  );
}

function faultOf(text: string): Reference | string {
  if (HEX64.test(text)) return 'invalid repository name, cannot specify 64-byte hexadecimal strings';
  let rest = text;
  let digest: string | undefined;
  const at = rest.indexOf('@');
  if (at >= 0) {
    digest = rest.slice(at + 1);
    rest = rest.slice(0, at);
    if (!DIGEST.test(digest)) return 'invalid reference format';
    if (digest.startsWith('sha256:') && !HEX64.test(digest.slice(7))) return 'invalid checksum digest length';
  }
  let tag: string | undefined;
  const colon = rest.lastIndexOf(':');
  if (colon > rest.lastIndexOf('/') && colon >= 0) {
    tag = rest.slice(colon + 1);
    rest = rest.slice(0, colon);
    if (!TAG.test(tag)) return 'invalid reference format';
  }
  let registry: string | undefined;
  const slash = rest.indexOf('/');
  const first = rest.slice(0, Math.max(slash, 0));
  if (slash > 0 && (/[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first)) {
    registry = first;
    rest = rest.slice(slash + 1);
    if (!DOMAIN.test(registry)) return 'invalid reference format';
  }
  const components = rest.split('/');
  if (!components.every((component) => COMPONENT.test(component))) {
    if (components.every((component) => COMPONENT.test(component.toLowerCase()))) {
      return `invalid reference format: repository name (${rest}) must be lowercase`;
    }
    return 'invalid reference format';
  }
  const name = registry ? `${registry}/${rest}` : rest;
  if (name.length > NAME_CHARACTERS_MAX) {
    return `repository name must not be more than ${NAME_CHARACTERS_MAX} characters`;
  }
  return { registry, path: rest, tag, digest };
}

/**
 * The one spelling under which an image is kept: with its tag (`latest` when neither tag nor digest is given), and
 * short when it stands in the default registry (`node:22`).
 */
export function normalName(reference: Reference, defaultRegistry: string | undefined): string {
  const atHome = reference.registry === undefined || reference.registry === defaultRegistry;
  const path =
    atHome && reference.path.startsWith(OFFICIAL) && reference.path.split('/').length === 2
      ? reference.path.slice(OFFICIAL.length)
      : reference.path;
  const name = atHome ? path : `${reference.registry}/${path}`;
  if (reference.digest) return `${name}@${reference.digest}`;
  return `${name}:${reference.tag ?? 'latest'}`;
}

/** Where a registry is asked for this image: its host and path there; undefined without any registry to ask. */
export function registryPlace(
  reference: Reference,
  defaultRegistry: string | undefined,
): { readonly registry: string; readonly path: string } | undefined {
  const registry = reference.registry ?? defaultRegistry;
  if (!registry) return undefined;
  const official = registry === defaultRegistry && !reference.path.includes('/');
  return { registry, path: official ? OFFICIAL + reference.path : reference.path };
}
