import { badRequest, expired, StatusError } from '../kinds/index.ts';

export interface Continuation {
  /** The revision the list began at; undefined: the newest (an inconsistent continue). */
  readonly revision: number | undefined;
  /** Keys after this one, below the prefix. */
  readonly after: string;
}

const API_VERSION = 'meta.k8s.io/v1';

/** The continue token of upstream's storage: base64url of `{"v","rv","start"}`; `start` is the next possible key. */
export function encodeContinue(after: string, revision: number): string {
  const token = { v: API_VERSION, rv: revision, start: `${after}\0` };
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

/** @throws StatusError 400 */
export function decodeContinue(text: string): Continuation {
  let token: { v?: unknown; rv?: unknown; start?: unknown };
  try {
    token = JSON.parse(Buffer.from(text, 'base64url').toString()) as typeof token;
  } catch {
    throw badRequest('continue key is not valid: illegal base64 data or encoded JSON');
  }
  if (token === null || typeof token !== 'object' || token.v !== API_VERSION) {
    throw badRequest(
      `continue key is not valid: server does not recognize this encoded version ${JSON.stringify(token?.v ?? '')}`,
    );
  }
  if (typeof token.rv !== 'number' || token.rv === 0) {
    throw badRequest('continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  }
  if (typeof token.start !== 'string' || token.start === '' || token.start.split('/').includes('..')) {
    throw badRequest('continue key is not valid: encoded start key empty (version meta.k8s.io/v1)');
  }
  return { revision: token.rv < 0 ? undefined : token.rv, after: token.start.replace(/\0$/, '') };
}

/** 410 that carries a token to go on with, from the newest state. */
export function continueGone(after: string): StatusError {
  const made = expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
  );
  return new StatusError({ ...made.status, metadata: { continue: encodeContinue(after, -1) } });
}
