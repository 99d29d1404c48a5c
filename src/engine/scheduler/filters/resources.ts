import { type Filter, refuse, refuseForGood } from '../filter.ts';
import { allocatable, podRequests } from '../requests.ts';

/** Room for what the pod asks for, and for one more pod. */
export const resources: Filter = {
  name: 'NodeResourcesFit',
  relief: ['node', 'podGone'],
  prepare(pod) {
    const asked = Object.entries(podRequests(pod)).filter(([, amount]) => amount > 0);
    return (state) => {
      const has = allocatable(state.node);
      const reasons: string[] = [];
      let final = false;
      if (state.pods.size + 1 > (has.pods ?? Number.POSITIVE_INFINITY)) reasons.push('Too many pods');
      for (const [name, amount] of asked) {
        const total = has[name] ?? 0;
        if (amount <= total - (state.requested[name] ?? 0)) continue;
        reasons.push(`Insufficient ${name}`);
        // More than an empty node has: no preemption can help.
        if (amount > total) final = true;
      }
      if (reasons.length === 0) return undefined;
      return final ? refuseForGood(...reasons) : refuse(...reasons);
    };
  },
};
