import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { silentLog } from '../../base/index.ts';
import { openImageStore, PullError, type PullOptions, type RegistryCredentials } from '../images/index.ts';
import { imageStoreDirectory } from './settings.ts';

/** What the helper is told and what it answers, each one JSON document. */
interface PullRequest {
  readonly reference: string;
  readonly policy: PullOptions['policy'];
  readonly credentials: RegistryCredentials | undefined;
}
type PullAnswer = { readonly id: string } | { readonly reason: PullError['reason']; readonly message: string };

const TIMEOUT_MS = 30 * 60_000;

/**
 * Pulls over the host's network: the engine lives in the cluster's, which leads nowhere. A short-lived process joins the
 * host's network namespace and brings the image into the store that both share. For ImageStoreOptions.fetchOutside.
 * @throws PullError as the process met it.
 */
export function pullThroughHost(hostNetworkNamespace: string) {
  return (reference: string, options: PullOptions): Promise<void> => {
    const credentials = options.credentials?.(registryOf(reference));
    return pullOutside(hostNetworkNamespace, { reference, policy: options.policy, credentials }, options.signal);
  };
}

async function pullOutside(
  networkNamespace: string,
  request: PullRequest,
  signal: AbortSignal | undefined,
): Promise<void> {
  const child = spawn('nsenter', [`--net=${networkNamespace}`, process.execPath, process.argv[1] ?? '', 'pull-image'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    ...(signal ? { signal } : {}),
  });
  child.stdin.on('error', () => {});
  child.stdin.end(JSON.stringify(request));
  const ended = new Promise<void>((resolve, reject) => child.on('error', reject).on('close', () => resolve()));
  const said = await text(child.stdout);
  await ended;
  const answer = said
    ? (JSON.parse(said) as PullAnswer)
    : { reason: 'ErrImagePull' as const, message: `${request.reference}: the pull ended without an answer` };
  if ('reason' in answer) throw new PullError(answer.reason, answer.message);
}

/** The helper's side: reads the request, pulls, answers. */
export async function answerPull(): Promise<void> {
  const { reference, policy, credentials } = JSON.parse(await text(process.stdin)) as PullRequest;
  const store = openImageStore({ directory: imageStoreDirectory(), log: silentLog });
  let answer: PullAnswer;
  try {
    const image = await store.ensure(reference, { policy, ...(credentials ? { credentials: () => credentials } : {}) });
    answer = { id: image.id };
  } catch (error) {
    if (!(error instanceof PullError)) throw error;
    answer = { reason: error.reason, message: error.message };
  }
  process.stdout.write(JSON.stringify(answer));
}

/** The part of a reference that names a registry: the first element, when it looks like a host. Empty: the default one. */
function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  return rest.length > 0 && (/[.:]/.test(first) || first === 'localhost') ? first : '';
}
