import type { Capabilities, PodSpec, SecurityContext } from '../../engine/kinds/index.ts';
import type { ContainerView, PolicyRule, Subject } from './contract.ts';

const WITH_PODS = [
  'Pod',
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'Job',
  'CronJob',
];
/** Each is as good as being root on the node, or nearly. */
const MIGHTY = new Set([
  'ALL',
  'SYS_ADMIN',
  'SYS_MODULE',
  'SYS_PTRACE',
  'SYS_RAWIO',
  'NET_ADMIN',
  'BPF',
  'DAC_READ_SEARCH',
]);
/** What an image needs that starts as root, takes its data folder over and steps down. */
const TO_STEP_DOWN = new Set(['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETGID', 'SETUID']);

/** What a pod may do to its node and its neighbours. */
export const RIGHTS_RULES: readonly PolicyRule[] = [
  {
    id: 'privileged',
    severity: 'error',
    kinds: WITH_PODS,
    what: 'a container with all rights of the node',
    why: 'Whoever gets into it owns the machine and everything that runs there.',
    fix: 'Take privileged away; name the one capability that is needed in capabilities.add.',
    *find(subject) {
      for (const { container, path } of containersOf(subject))
        if (container.securityContext?.privileged)
          yield {
            path: [...path, 'securityContext', 'privileged'],
            message: `container ${container.name} is privileged`,
          };
    },
  },
  {
    id: 'privilege-escalation',
    severity: 'warning',
    kinds: WITH_PODS,
    what: 'a container whose programs may gain rights they did not start with',
    why: 'A set-uid program in the image is a way to root.',
    fix: 'Add securityContext: {allowPrivilegeEscalation: false}.',
    *find(subject) {
      for (const { container, path } of containersOf(subject))
        if (container.securityContext?.allowPrivilegeEscalation !== false && !container.securityContext?.privileged)
          yield { path, message: `container ${container.name} may gain rights` };
    },
  },
  {
    id: 'runs-as-root',
    severity: 'warning',
    kinds: WITH_PODS,
    what: 'a container that runs as root, or may',
    why: 'A fault in the app or the kernel then goes as far as root goes.',
    fix: 'Give the image a numeric user and add securityContext: {runAsNonRoot: true, runAsUser: 10001}.',
    *find(subject) {
      const pod = subject.pod?.spec.securityContext;
      for (const { container, path } of containersOf(subject)) {
        const user = container.securityContext?.runAsUser ?? pod?.runAsUser;
        const never = container.securityContext?.runAsNonRoot ?? pod?.runAsNonRoot;
        if (never === true || (user !== undefined && user > 0)) continue;
        const steps = stepsDown(container.securityContext);
        yield {
          path,
          message:
            user === 0
              ? `container ${container.name} runs as root`
              : `container ${container.name} may run as root: nothing says that it does not`,
          ...(steps && {
            severity: 'note' as const,
            fix: 'Its rights are only those to step down to a user of its own; where the image allows it, add runAsNonRoot: true and an fsGroup.',
          }),
        };
      }
    },
  },
  {
    id: 'capabilities',
    severity: 'error',
    kinds: WITH_PODS,
    what: 'a capability that is as good as root on the node',
    why: 'With it a program gets out of its container.',
    fix: 'Take it away; most apps need none: capabilities: {drop: [ALL]}.',
    *find(subject) {
      for (const { container, path } of containersOf(subject)) {
        for (const [index, name] of (container.securityContext?.capabilities?.add ?? []).entries())
          if (MIGHTY.has(name.replace(/^CAP_/, '')))
            yield {
              path: [...path, 'securityContext', 'capabilities', 'add', index],
              message: `container ${container.name} has the capability ${name}`,
            };
      }
    },
  },
  {
    id: 'capabilities-kept',
    severity: 'note',
    kinds: WITH_PODS,
    what: "a container that keeps the runtime's fourteen capabilities",
    why: 'Hardly an app needs one of them.',
    fix: 'Add securityContext: {capabilities: {drop: [ALL]}} and add back what is missed.',
    *find(subject) {
      for (const { container, path } of containersOf(subject))
        if (!dropsAll(container.securityContext?.capabilities) && !container.securityContext?.privileged)
          yield { path, message: `container ${container.name} keeps the default capabilities` };
    },
  },
  {
    id: 'seccomp-missing',
    severity: 'note',
    kinds: WITH_PODS,
    what: 'a pod without a filter of system calls',
    why: 'The filter costs nothing and shuts out most ways through the kernel.',
    fix: 'Add securityContext: {seccompProfile: {type: RuntimeDefault}} to the pod.',
    *find(subject) {
      const { pod } = subject;
      if (!pod || pod.spec.securityContext?.seccompProfile) return;
      if (pod.containers.some(({ container }) => !container.securityContext?.seccompProfile))
        yield { path: pod.path, message: 'no seccomp profile' };
    },
  },
  {
    id: 'host-path',
    severity: 'warning',
    kinds: WITH_PODS,
    what: "a folder of the node's own disk",
    why: 'The pod then belongs to that node, and may read or spoil what is there.',
    fix: 'Use a PersistentVolumeClaim for data, emptyDir for scratch, a ConfigMap for files.',
    *find(subject) {
      for (const [index, volume] of (subject.pod?.spec.volumes ?? []).entries())
        if (volume.hostPath)
          yield {
            path: [...(subject.pod?.path ?? []), 'volumes', index, 'hostPath'],
            message: `volume ${volume.name} is ${volume.hostPath.path} of the node`,
            ...(/^\/(?:$|etc|root|proc|sys|var\/run|run)(?:\/|$)/.test(volume.hostPath.path)
              ? { severity: 'error' as const }
              : {}),
          };
    },
  },
  {
    id: 'host-namespaces',
    severity: 'warning',
    kinds: WITH_PODS,
    what: "the node's own network, processes or memory",
    why: 'The pod sees and reaches what is meant for the node alone, and its ports clash with others.',
    fix: 'Take the field away; use a Service or an Ingress to be reached.',
    *find(subject) {
      for (const field of ['hostNetwork', 'hostPID', 'hostIPC'] as const satisfies (keyof PodSpec)[])
        if (subject.pod?.spec[field]) yield { path: [...subject.pod.path, field], message: `${field} is on` };
    },
  },
  {
    id: 'token-mounted',
    severity: 'note',
    kinds: WITH_PODS,
    what: 'credentials for the API that the app does not ask for',
    why: 'Whoever gets into the app has them too.',
    fix: 'Add automountServiceAccountToken: false to the pod, unless the app speaks to Kubernetes.',
    *find(subject) {
      const { pod } = subject;
      // A pod with an account of its own was given it to use it.
      if (!pod || pod.spec.automountServiceAccountToken !== undefined) return;
      if (pod.spec.serviceAccountName === undefined || pod.spec.serviceAccountName === 'default')
        yield { path: pod.path, message: "the namespace's credentials are mounted" };
    },
  },
];

function containersOf(subject: Subject): readonly ContainerView[] {
  return subject.pod?.containers ?? [];
}

function dropsAll(capabilities: Capabilities | undefined): boolean {
  return (capabilities?.drop ?? []).some((name) => name.toUpperCase() === 'ALL');
}

function stepsDown(context: SecurityContext | undefined): boolean {
  if (!dropsAll(context?.capabilities) || context?.allowPrivilegeEscalation !== false) return false;
  return (context.capabilities?.add ?? []).every((name) => TO_STEP_DOWN.has(name));
}
