import type { Running } from '../client/index.ts';
import { kinds, type Secret } from '../kinds/index.ts';
import type { ControllerContext } from './contract.ts';
import { controllerLoop, keyOf, splitKey } from './controller.ts';
import { orMissing } from './ownership.ts';

const TYPE = 'kubernetes.io/service-account-token';
const ACCOUNT_NAME = 'kubernetes.io/service-account.name';
const ACCOUNT_UID = 'kubernetes.io/service-account.uid';

/** Fills Secrets of type kubernetes.io/service-account-token, and deletes them with their service account. */
export function startTokenSecrets(context: ControllerContext): Running {
  const { client, informers, settings } = context;
  const secrets = informers.of(kinds.secrets);
  const accounts = informers.of(kinds.serviceaccounts);
  secrets.addIndex('account', (secret) => {
    const name = secret.type === TYPE ? secret.metadata.annotations?.[ACCOUNT_NAME] : undefined;
    return name === undefined ? [] : [`${secret.metadata.namespace}/${name}`];
  });

  const reconcile = async (key: string): Promise<undefined> => {
    const { namespace, name } = splitKey(key);
    const secret = secrets.get(namespace, name);
    if (secret?.type !== TYPE || secret.metadata.deletionTimestamp !== undefined) return;
    const accountName = secret.metadata.annotations?.[ACCOUNT_NAME] ?? '';
    const wantedUid = secret.metadata.annotations?.[ACCOUNT_UID];
    // The view may be behind the account's creation: only the API's word deletes a Secret.
    const account =
      accounts.get(namespace, accountName) ??
      (await orMissing(client.get(kinds.serviceaccounts, namespace, accountName)));
    const { uid } = secret.metadata;
    if (account === undefined || (wantedUid !== undefined && wantedUid !== account.metadata.uid)) {
      await orMissing(client.delete(kinds.secrets, namespace, name, { uid }));
      return;
    }
    if (settings.issueToken === undefined) return;
    const data = { ...secret.data };
    const ca = Buffer.from(settings.rootCa).toString('base64');
    const space = Buffer.from(namespace).toString('base64');
    if (data.token && data['ca.crt'] === ca && data.namespace === space && wantedUid !== undefined) return;
    if (!data.token) {
      const token = await settings.issueToken({
        namespace,
        name: accountName,
        uid: account.metadata.uid,
        secretName: name,
        secretUid: uid,
      });
      data.token = Buffer.from(token).toString('base64');
    }
    await client.update<Secret>(kinds.secrets, {
      ...secret,
      metadata: {
        ...secret.metadata,
        annotations: { ...secret.metadata.annotations, [ACCOUNT_UID]: account.metadata.uid },
      },
      data: { ...data, 'ca.crt': ca, namespace: space },
    });
  };

  const loop = controllerLoop(context, 'serviceaccount-token', [secrets, accounts], reconcile);
  secrets.onChange((now) => {
    if (now?.type === TYPE) loop.add(keyOf(now));
  });
  accounts.onChange((now, before) => {
    if (now !== undefined || before === undefined) return;
    for (const secret of secrets.byIndex('account', keyOf(before))) loop.add(keyOf(secret));
  });
  return loop;
}
