import { readFileSync } from 'node:fs';
import type { MountFact } from './contract.ts';

const KERNELS_OWN =
  /^(?:proc|sysfs|cgroup2?|devpts|devtmpfs|mqueue|securityfs|debugfs|tracefs|bpf|pstore|configfs|fusectl|hugetlbfs|autofs|binfmt_misc|nsfs)$/;

/** The mounts that hold what a process uses, and those of other machines; the root is none. */
export function mountsOf(id: number, used: readonly string[]): MountFact[] {
  let text: string;
  try {
    text = readFileSync(`/proc/${id}/mountinfo`, 'utf8');
  } catch {
    return [];
  }
  const all = text.split('\n').flatMap((line): MountFact[] => {
    // proc_pid_mountinfo(5): optional fields end with a dash; then type and source.
    const fields = line.split(' ');
    const dash = fields.indexOf('-');
    const [path, type, from] = [fields[4], fields[dash + 1], fields[dash + 2]];
    if (dash < 0 || path === undefined || type === undefined || from === undefined) return [];
    return [
      {
        path: path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
        type,
        from,
      },
    ];
  });
  const holds = ({ path }: MountFact, file: string): boolean => file === path || file.startsWith(`${path}/`);
  const nearest = new Set(
    used.map((file) => all.filter((mount) => holds(mount, file)).sort((a, b) => b.path.length - a.path.length)[0]),
  );
  return all.filter(
    (mount) =>
      mount.path !== '/' &&
      !KERNELS_OWN.test(mount.type) &&
      (nearest.has(mount) || /^(?:nfs|cifs|smb|ceph|glusterfs|9p|fuse\.sshfs)/.test(mount.type)),
  );
}
