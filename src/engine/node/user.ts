import type { Image } from '../images/index.ts';
import type { Pod } from '../kinds/index.ts';
import { ConfigError } from './environment.ts';
import { readLayerFile } from './layer-files.ts';
import { type AnyContainer, podLabel } from './pod-spec.ts';

export interface ContainerUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  /** From /etc/passwd; `/` when it says nothing. */
  readonly home: string;
}

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/**
 * Who a container runs as: its security context, the pod's, then the image's USER, looked up in the image's own
 * /etc/passwd and /etc/group. @throws ConfigError when runAsNonRoot forbids it
 */
export async function containerUser(pod: Pod, container: AnyContainer, image: Image): Promise<ContainerUser> {
  const podContext = pod.spec.securityContext ?? {};
  const context = container.securityContext ?? {};
  const wantedUid = context.runAsUser ?? podContext.runAsUser;
  const wantedGid = context.runAsGroup ?? podContext.runAsGroup;
  const nonRoot = context.runAsNonRoot ?? podContext.runAsNonRoot ?? false;
  const [imageUser = '', imageGroup] = image.config.user.split(':');
  const named = wantedUid === undefined && imageUser !== '' && !/^\d+$/.test(imageUser);
  if (nonRoot) refuseRoot(pod, container, wantedUid, named ? imageUser : undefined, imageUser);

  const accounts = parsePasswd(await readLayerFile(image.layerDirectories, '/etc/passwd'));
  const entry =
    wantedUid !== undefined
      ? accounts.find((account) => account.uid === wantedUid)
      : accounts.find((account) => (named ? account.name === imageUser : account.uid === Number(imageUser || 0)));
  if (named && !entry) throw new ConfigError(`failed to generate user string: no users found for ${imageUser}`);
  const uid = wantedUid ?? entry?.uid ?? Number(imageUser || 0);
  const groups = parseGroups(await readLayerFile(image.layerDirectories, '/etc/group'));
  const groupOfImage = imageGroup && wantedUid === undefined ? groupId(groups, imageGroup) : undefined;
  const gid = wantedGid ?? groupOfImage ?? entry?.gid ?? 0;
  const ofAccount =
    podContext.supplementalGroupsPolicy === 'Strict' || !entry
      ? []
      : groups.filter((group) => group.members.includes(entry.name)).map((group) => group.gid);
  const fsGroup = podContext.fsGroup === undefined ? [] : [podContext.fsGroup];
  const additional = [...new Set([gid, ...ofAccount, ...fsGroup, ...(podContext.supplementalGroups ?? [])])];
  return { uid, gid, additionalGids: additional, home: entry?.home || (uid === 0 ? '/root' : '/') };
}

function refuseRoot(
  pod: Pod,
  container: AnyContainer,
  uid: number | undefined,
  name: string | undefined,
  imageUser: string,
): void {
  const where = `(pod: "${podLabel(pod)}", container: ${container.name})`;
  if (uid !== undefined) {
    if (uid === 0) throw new ConfigError(`container's runAsUser breaks non-root policy ${where}`);
    return;
  }
  if (name !== undefined) {
    throw new ConfigError(
      `container has runAsNonRoot and image has non-numeric user (${name}), cannot verify user is non-root ${where}`,
    );
  }
  if (Number(imageUser || 0) === 0)
    throw new ConfigError(`container has runAsNonRoot and image will run as root ${where}`);
}

function parsePasswd(text = ''): PasswdEntry[] {
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid, , home = ''] = line.split(':');
    return name && uid !== undefined && /^\d+$/.test(uid)
      ? [{ name, uid: Number(uid), gid: Number(gid ?? 0), home }]
      : [];
  });
}

interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

function parseGroups(text = ''): Group[] {
  return text.split('\n').flatMap((line) => {
    const [name, , gid, members = ''] = line.split(':');
    return name && gid !== undefined && /^\d+$/.test(gid)
      ? [{ name, gid: Number(gid), members: members.trim().split(',').filter(Boolean) }]
      : [];
  });
}

function groupId(groups: readonly Group[], wanted: string): number {
  if (/^\d+$/.test(wanted)) return Number(wanted);
  const group = groups.find(({ name }) => name === wanted);
  if (!group) throw new ConfigError(`failed to generate user string: no groups found for ${wanted}`);
  return group.gid;
}
