import { messageOf } from '../../base/index.ts';
import type { Running } from '../client/index.ts';
import { type CertificateSigningRequest, kinds } from '../kinds/index.ts';
import type { ControllerContext } from './contract.ts';
import { controllerLoop, follow } from './controller.ts';
import { timestampNow } from './timestamps.ts';

/** The signers that are the cluster's own; all others are left to those who run them. */
const SIGNERS = new Set([
  'kubernetes.io/kube-apiserver-client',
  'kubernetes.io/kube-apiserver-client-kubelet',
  'kubernetes.io/kubelet-serving',
]);

/** Signs approved CertificateSigningRequests. */
export function startCertificateSigning(context: ControllerContext): Running {
  const { client, clock, informers, settings } = context;
  const requests = informers.of(kinds.certificatesigningrequests);

  const reconcile = async (name: string): Promise<undefined> => {
    const request = requests.get(undefined, name);
    const { signCertificate } = settings;
    if (request === undefined || signCertificate === undefined || !SIGNERS.has(request.spec.signerName)) return;
    const has = (type: string): boolean =>
      request.status.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
    if (request.status.certificate || !has('Approved') || has('Denied') || has('Failed')) return;
    let status: CertificateSigningRequest['status'];
    try {
      const chain = await signCertificate(request);
      status = { ...request.status, certificate: Buffer.from(chain).toString('base64') };
    } catch (error) {
      const now = timestampNow(clock);
      const failed = {
        type: 'Failed',
        status: 'True',
        reason: 'SignerValidationFailure',
        message: messageOf(error),
        lastUpdateTime: now,
        lastTransitionTime: now,
      };
      status = { ...request.status, conditions: [...(request.status.conditions ?? []), failed] };
    }
    const signed = { ...request, status };
    await client.updateStatus<CertificateSigningRequest>(kinds.certificatesigningrequests, signed);
  };

  const loop = controllerLoop(context, 'certificate-signing', [requests], reconcile, 2);
  follow(requests, loop);
  return loop;
}
