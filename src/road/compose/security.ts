import { type Draft, type Handler, podSecurityOf, securityOf } from './draft.ts';
import { entriesOf, flagOf, itemsOf, textOf } from './value.ts';

/** Names of users that mean the same number everywhere. */
const USERS: Readonly<Record<string, number>> = { root: 0, nobody: 65_534 };

export const user: Handler = (value, path, draft) => {
  const [name = '', group] = (textOf(value) ?? '').split(':');
  const userId = idOf(name);
  const groupId = group === undefined || group === '' ? undefined : idOf(group);
  if (userId === undefined || (group !== undefined && group !== '' && groupId === undefined)) {
    draft.report.dropped(path, value.at, {
      reason: 'Kubernetes knows users by number; the name stands in the image',
      todo: "Ask the image: docker run --rm IMAGE id, and write user: 'UID:GID'. Until then it runs as the image says.",
    });
    return;
  }
  draft.user = { userId, ...(groupId === undefined ? {} : { groupId }) };
  draft.report.mapped(path, value.at, `runAsUser ${userId}${groupId === undefined ? '' : `, runAsGroup ${groupId}`}`);
};

function idOf(word: string): number | undefined {
  if (/^\d+$/.test(word)) return Number(word);
  return Object.hasOwn(USERS, word) ? USERS[word] : undefined;
}

export const groupAdd: Handler = (value, path, draft) => {
  const ids: number[] = [];
  for (const [index, item] of itemsOf(value).entries()) {
    const id = idOf(textOf(item) ?? '');
    if (id === undefined) {
      draft.report.dropped([...path, index], item.at, {
        reason: 'Kubernetes knows groups by number',
        todo: 'Write its number.',
      });
    } else {
      ids.push(id);
      draft.report.mapped([...path, index], item.at, 'supplemental group');
    }
  }
  if (ids.length > 0) podSecurityOf(draft).supplementalGroups = ids;
};

export const capAdd: Handler = (value, path, draft) => capabilities(value, path, draft, 'add');
export const capDrop: Handler = (value, path, draft) => capabilities(value, path, draft, 'drop');

function capabilities(
  value: Parameters<Handler>[0],
  path: Parameters<Handler>[1],
  draft: Draft,
  key: 'add' | 'drop',
): void {
  const security = securityOf(draft);
  const names = itemsOf(value).map((item) => (textOf(item) ?? '').toUpperCase().replace(/^CAP_/, ''));
  security.capabilities = { ...security.capabilities, [key]: names };
  if (key === 'add' && names.includes('SYS_ADMIN')) security.allowPrivilegeEscalation = true;
  draft.report.mapped(path, value.at, `securityContext.capabilities.${key}`);
}

export const privileged: Handler = (value, path, draft) => {
  if (flagOf(value) !== true) {
    draft.report.mapped(path, value.at, 'not privileged');
    return;
  }
  securityOf(draft).privileged = true;
  // The API takes no privileged container that may not gain rights.
  securityOf(draft).allowPrivilegeEscalation = true;
  draft.report.changed(
    path,
    value.at,
    'privileged: it may do anything on its node, and many clusters refuse it',
    'Ask only for the capabilities it needs: cap_add.',
  );
};

export const readOnly: Handler = (value, path, draft) => {
  securityOf(draft).readOnlyRootFilesystem = flagOf(value) === true;
  draft.report.mapped(path, value.at, 'securityContext.readOnlyRootFilesystem');
};

export const securityOptions: Handler = (value, path, draft) => {
  const security = securityOf(draft);
  for (const [index, item] of itemsOf(value).entries()) {
    const place = [...path, index];
    const [, name = '', rest = ''] = /^([^:=]+)[:=]?(.*)$/.exec(textOf(item) ?? '') ?? [];
    const say = (what: string): void => draft.report.mapped(place, item.at, what);
    if (name === 'no-new-privileges' && rest !== 'false' && security.allowPrivilegeEscalation === true) {
      draft.report.dropped(place, item.at, { reason: 'what is privileged or has SYS_ADMIN may always gain rights' });
    } else if (name === 'no-new-privileges') {
      security.allowPrivilegeEscalation = rest === 'false';
      say('securityContext.allowPrivilegeEscalation');
    } else if (name === 'seccomp' && (rest === 'unconfined' || rest === 'builtin')) {
      security.seccompProfile = { type: rest === 'unconfined' ? 'Unconfined' : 'RuntimeDefault' };
      say('securityContext.seccompProfile');
    } else if (name === 'apparmor') {
      security.appArmorProfile =
        rest === 'unconfined' ? { type: 'Unconfined' } : { type: 'Localhost', localhostProfile: rest };
      if (rest === 'unconfined') say('securityContext.appArmorProfile');
      else
        draft.report.changed(
          place,
          item.at,
          'securityContext.appArmorProfile: the profile must be loaded on every node',
        );
    } else if (name === 'label' && /^(?:user|role|type|level):/.test(rest)) {
      const [key = '', word = ''] = rest.split(/:(.*)/);
      security.seLinuxOptions = { ...security.seLinuxOptions, [key]: word };
      say('securityContext.seLinuxOptions');
    } else {
      draft.report.dropped(place, item.at, {
        reason: name === 'seccomp' ? 'a seccomp profile must lie on the node' : 'a pod has no field for it',
        ...(name === 'seccomp' ? { todo: 'Install it with the Security Profiles operator.' } : {}),
      });
    }
  }
};

/** Those that Kubernetes holds to be safe; others a node must allow. */
const SAFE = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
]);

export const sysctls: Handler = (value, path, draft) => {
  const all = entriesOf(value).map(([name, each]) => ({ name, value: textOf(each) ?? '', each }));
  const safe = all.filter(({ name }) => SAFE.has(name));
  if (safe.length > 0) podSecurityOf(draft).sysctls = safe.map(({ name, value: text }) => ({ name, value: text }));
  for (const { name, each } of all) {
    if (SAFE.has(name)) draft.report.mapped([...path, name], each.at, 'securityContext.sysctls');
    else {
      draft.report.dropped([...path, name], each.at, {
        reason: 'a node refuses it unless it is allowed there, and the pod would not start',
        todo: 'Set it on the node, or allow it (kubelet --allowed-unsafe-sysctls) and add it to the pod.',
      });
    }
  }
};
