/**
 * The RuntimeDefault profile, as a list of what is refused: calls that change the machine, load code into the kernel,
 * reach into other processes or namespaces, or have been the way out of containers. Refused calls answer EPERM.
 * A capability that the container was given on purpose takes its calls off the list.
 */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  '': [
    'add_key',
    'request_key',
    'keyctl',
    'get_kernel_syms',
    'create_module',
    'query_module',
    'nfsservctl',
    'uselib',
    'userfaultfd',
    'ustat',
    'sysfs',
    '_sysctl',
    'vm86',
    'vm86old',
    'move_pages',
    'io_uring_enter',
    'io_uring_register',
    'io_uring_setup',
  ],
  SYS_ADMIN: [
    'bpf',
    'fanotify_init',
    'fsconfig',
    'fsmount',
    'fsopen',
    'fspick',
    'lookup_dcookie',
    'mount',
    'mount_setattr',
    'move_mount',
    'open_tree',
    'perf_event_open',
    'pivot_root',
    'quotactl',
    'quotactl_fd',
    'setdomainname',
    'sethostname',
    'setns',
    'swapoff',
    'swapon',
    'syslog',
    'umount',
    'umount2',
    'unshare',
  ],
  SYS_BOOT: ['reboot', 'kexec_load', 'kexec_file_load'],
  SYS_MODULE: ['delete_module', 'init_module', 'finit_module'],
  SYS_PACCT: ['acct'],
  SYS_PTRACE: ['kcmp', 'pidfd_getfd', 'process_madvise', 'process_vm_readv', 'process_vm_writev'],
  SYS_RAWIO: ['iopl', 'ioperm'],
  SYS_TIME: ['settimeofday', 'stime', 'clock_settime', 'clock_settime64'],
  SYS_TTY_CONFIG: ['vhangup'],
  SYS_NICE: ['get_mempolicy', 'mbind', 'set_mempolicy'],
  DAC_READ_SEARCH: ['open_by_handle_at'],
};

/** clone() with any of these flags makes a namespace. */
const NAMESPACE_FLAGS = 0x7e020000;
const EPERM = 1;
const ENOSYS = 38;

/** The `linux.seccomp` part of an OCI bundle for a container with these capabilities (CAP_ names). */
export function defaultSeccomp(capabilities: readonly string[]): object {
  const held = new Set(capabilities);
  const refused = Object.entries(REFUSED)
    .filter(([capability]) => !held.has(`CAP_${capability}`))
    .flatMap(([, calls]) => calls);
  const syscalls: object[] = [{ names: refused, action: 'SCMP_ACT_ERRNO', errnoRet: EPERM }];
  if (!held.has('CAP_SYS_ADMIN')) {
    for (let bit = 1; bit <= 0x40000000; bit *= 2) {
      if (!(NAMESPACE_FLAGS & bit)) continue;
      syscalls.push({
        names: ['clone'],
        action: 'SCMP_ACT_ERRNO',
        errnoRet: EPERM,
        args: [{ index: 0, value: bit, valueTwo: bit, op: 'SCMP_CMP_MASKED_EQ' }],
      });
    }
    // The flags of clone3 are behind a pointer; "no such call" makes the C library fall back to clone.
    syscalls.push({ names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS });
  }
  return { defaultAction: 'SCMP_ACT_ALLOW', architectures: seccompArchitectures(), syscalls };
}

function seccompArchitectures(): string[] {
  return process.arch === 'arm64'
    ? ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM']
    : ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'];
}
