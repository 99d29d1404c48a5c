import { createHash } from 'node:crypto';
import { PassThrough, type Readable, Writable } from 'node:stream';
import { UserError } from '../../base/index.ts';
import { execInPod } from '../../engine/client/index.ts';
import { type Draft, kinds, type Pod, StatusError } from '../../engine/kinds/index.ts';
import type { BackupPlace } from './contract.ts';

const IMAGE = 'busybox:1.37';
const START_TIMEOUT_MS = 180_000;
const POLL_MS = 250;
/** A helper that was forgotten ends by itself. */
const LIFETIME_SECONDS = 6 * 3600;
const STDERR_BYTES_MAX = 4096;
const HELPER_LABEL = 'wherry/helper';

/** A pod that mounts a claim at /data; taken away by `end`. */
export interface HelperPod {
  /** @throws UserError when the program ends with another status than 0. */
  run(command: readonly string[], streams: { stdin?: Readable; stdout?: Writable }): Promise<void>;
  end(): Promise<void>;
}

/**
 * Starts a pod that mounts the claim, on the node of a pod that uses it already. One left over by an interrupted run is taken
 * away first.
 * @throws UserError when it does not come up within three minutes, with the reason.
 */
export async function startHelper(place: BackupPlace, claim: string, readOnly: boolean): Promise<HelperPod> {
  const { client, namespace } = place;
  const name = `wherry-volume-${createHash('sha256').update(claim).digest('hex').slice(0, 8)}`;
  await remove(place, name);
  const nodeName = await nodeOf(place, claim);
  const pod: Draft<Pod> = {
    metadata: { name, namespace, labels: { [HELPER_LABEL]: 'backup' } },
    spec: {
      restartPolicy: 'Never',
      activeDeadlineSeconds: LIFETIME_SECONDS,
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(nodeName === undefined ? {} : { nodeName }),
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'tar',
          image: place.image ?? IMAGE,
          command: ['sleep', String(LIFETIME_SECONDS)],
          resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '128Mi' } },
          // Files keep whom they belong to, so it reads and writes as root, with what that takes and no more.
          securityContext: {
            runAsUser: 0,
            allowPrivilegeEscalation: false,
            capabilities: { drop: ['ALL'], add: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'MKNOD'] },
          },
          volumeMounts: [{ name: 'data', mountPath: '/data', readOnly }],
        },
      ],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: claim, readOnly } }],
    },
  };
  await client.create(kinds.pods, pod);
  const end = (): Promise<void> => remove(place, name);
  try {
    await running(place, name, claim);
  } catch (error) {
    await end();
    throw error;
  }
  return {
    end,
    async run(command, { stdin, stdout }) {
      let said = '';
      const stderr = new Writable({
        write(chunk: Buffer, _encoding, done) {
          if (said.length < STDERR_BYTES_MAX) said += chunk.toString();
          done();
        },
      });
      // Without its pod the program ends, wherever it stands.
      const stop = (): void => void end().catch(() => {});
      place.signal.throwIfAborted();
      place.signal.addEventListener('abort', stop, { once: true });
      const code = await execInPod(place.connection, {
        namespace,
        pod: name,
        command,
        tty: false,
        stdin,
        stdout: stdout ?? new PassThrough().resume(),
        stderr,
      })
        .catch((error: unknown) => {
          place.signal.throwIfAborted();
          throw error;
        })
        .finally(() => place.signal.removeEventListener('abort', stop));
      if (code !== 0)
        throw new UserError(
          `claim ${claim}`,
          `${command[0] ?? ''} ended with status ${code}: ${said.trim().slice(0, 500)}`,
        );
    },
  };
}

async function running(place: BackupPlace, name: string, claim: string): Promise<void> {
  const deadline = place.clock.monotonic() + START_TIMEOUT_MS;
  let reason = 'it is not scheduled';
  while (place.clock.monotonic() < deadline) {
    place.signal.throwIfAborted();
    const pod = await place.client.get(kinds.pods, place.namespace, name);
    if (pod.status.phase === 'Running') return;
    const waiting = pod.status.containerStatuses?.[0]?.state?.waiting;
    const unscheduled = pod.status.conditions?.find(
      ({ type, status }) => type === 'PodScheduled' && status === 'False',
    );
    reason = waiting?.message ?? waiting?.reason ?? unscheduled?.message ?? pod.status.message ?? reason;
    if (pod.status.phase === 'Failed') break;
    await pause(place, POLL_MS);
  }
  throw new UserError(
    `claim ${claim}`,
    `the pod that reads it does not start: ${reason}`,
    'Another image: --image IMAGE. Objects alone: --no-volumes.',
  );
}

/** A volume of one node is where the pods are that use it. */
async function nodeOf({ client, namespace }: BackupPlace, claim: string): Promise<string | undefined> {
  const { items } = await client.list(kinds.pods, { namespace });
  return items.find(
    ({ spec, status }) =>
      status.phase === 'Running' &&
      spec.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === claim),
  )?.spec.nodeName;
}

async function remove(place: BackupPlace, name: string): Promise<void> {
  const { client, namespace, clock } = place;
  const deadline = clock.monotonic() + START_TIMEOUT_MS;
  try {
    await client.delete(kinds.pods, namespace, name, { gracePeriodSeconds: 0 });
    while (clock.monotonic() < deadline) {
      await client.get(kinds.pods, namespace, name);
      await pause(place, POLL_MS);
    }
  } catch (error) {
    if (!(error instanceof StatusError && error.code === 404)) throw error;
  }
}

export function pause({ clock }: Pick<BackupPlace, 'clock'>, durationMs: number): Promise<void> {
  return clock.sleep(durationMs);
}
