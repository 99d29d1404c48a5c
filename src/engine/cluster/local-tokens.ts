import type { Api } from '../api/index.ts';
import { type Catalogue, type Kind, kinds, type Pod, type ServiceAccount, type TokenRequest } from '../kinds/index.ts';
import type { Resources } from '../resources/index.ts';
import type { VirtualCreate } from './local-client.ts';

/** Answers `serviceaccounts/token` for clients in this process; the API answers it for all others. */
export function localTokens(resources: Resources, catalogue: Catalogue, api: Api): VirtualCreate {
  const read = <T>(kind: Kind<T>, namespace: string, name: string): T | undefined => {
    const info = catalogue.find(kind.group, kind.version, kind.resource);
    return info ? (resources.get({ info, namespace, name }) as T) : undefined;
  };
  const nodeNamed = (name: string): { name: string; uid?: string } => {
    const info = catalogue.find(kinds.nodes.group, kinds.nodes.version, kinds.nodes.resource);
    const items = info ? resources.list({ info }, { fieldSelector: `metadata.name=${name}`, limit: 1 }).items : [];
    const uid = items[0]?.object.metadata.uid;
    return uid === undefined ? { name } : { name, uid };
  };
  return (target, body) => {
    if (target.subresource !== 'token' || target.info.resource !== 'serviceaccounts') return undefined;
    const { namespace = '', name = '' } = target;
    const { spec } = body as TokenRequest;
    const account = read<ServiceAccount>(kinds.serviceaccounts, namespace, name);
    const bound = spec.boundObjectRef;
    const nodeName =
      bound?.kind === 'Pod' ? read<Pod>(kinds.pods, namespace, bound.name ?? '')?.spec.nodeName : undefined;
    return issue();

    async function issue(): Promise<TokenRequest> {
      const status = await api.issueServiceAccountToken({
        namespace,
        name,
        uid: account?.metadata.uid ?? '',
        audiences: spec.audiences ?? [],
        ...(spec.expirationSeconds === undefined ? {} : { expirationSeconds: spec.expirationSeconds }),
        ...(bound?.kind === 'Pod' || bound?.kind === 'Secret' || bound?.kind === 'Node'
          ? { bound: { kind: bound.kind, name: bound.name ?? '', uid: bound.uid ?? '' } }
          : {}),
        ...(nodeName === undefined ? {} : { node: nodeNamed(nodeName) }),
      });
      return { ...(body as TokenRequest), status };
    }
  };
}
