import type { PodSecurityContext, SecurityContext } from '../../engine/kinds/index.ts';
import type { Part } from '../model/index.ts';

/** Without rights it does not need. An image whose user is not known keeps it; runAsNonRoot is asked where a number proves it. */
export function podRights(part: Part): PodSecurityContext {
  const seccompProfile = { type: 'RuntimeDefault' };
  const { user } = part;
  if (!user || user.userId === 0) return { seccompProfile };
  const writes = part.mounts.some(({ from }) => from.is === 'volume' || from.is === 'own');
  return {
    runAsNonRoot: true,
    runAsUser: user.userId,
    ...(user.groupId === undefined ? {} : { runAsGroup: user.groupId }),
    // A claim belongs to root when it is new.
    ...(writes ? { fsGroup: user.groupId ?? user.userId, fsGroupChangePolicy: 'OnRootMismatch' } : {}),
    seccompProfile,
  };
}

export function containerRights(part: Part): SecurityContext {
  // An image that starts as root may need root's usual means to step down (nginx, entrypoints with gosu).
  if (!part.user || part.user.userId === 0) return { allowPrivilegeEscalation: false };
  return { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
}
