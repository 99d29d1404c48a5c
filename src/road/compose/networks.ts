import type { PodSpec } from '../../engine/kinds/index.ts';
import type { Draft, Handler } from './draft.ts';
import { labelFor } from './names.ts';
import { childOf, entriesOf, itemsOf, textOf } from './value.ts';

const POLICY = 'To keep parts apart write a NetworkPolicy.';

/** Which networks a service is in: on Kubernetes all parts are in one, and reach each other by name. */
export const networks: Handler = (value, path, draft) => {
  const { report } = draft;
  for (const [name, attachment] of entriesOf(value)) {
    if (name.startsWith('x-')) continue;
    const place = [...path, name];
    const services = [...draft.whole.project.services.values()];
    const all = name === 'default' || services.every((service) => childOf(service, 'networks', name) !== undefined);
    const outcome = all ? 'mapped' : 'changed';
    const what = all
      ? 'every part reaches every other by its name'
      : 'parts of other networks reach it too: all pods share one network';
    if (entriesOf(attachment).length > 0) report.heading(place, attachment.at, outcome, what, all ? undefined : POLICY);
    else if (all) report.mapped(place, attachment.at, what);
    else report.changed(place, attachment.at, what, POLICY);
    for (const [index, item] of itemsOf(childOf(attachment, 'aliases')).entries()) {
      const alias = textOf(item) ?? '';
      const label = labelFor(alias);
      draft.aliases.add(label);
      const at = [...place, 'aliases', index];
      if (label === alias) draft.report.mapped(at, item.at, `Service ${label}`);
      else
        draft.report.changed(
          at,
          item.at,
          `Service ${label}: ${alias} cannot be a name on Kubernetes`,
          `Call it ${label}.`,
        );
    }
  }
};

export const networkMode: Handler = (value, path, draft) => {
  const mode = textOf(value) ?? '';
  const { report } = draft;
  if (mode === 'host') {
    draft.pod.hostNetwork = true;
    draft.pod.dnsPolicy = 'ClusterFirstWithHostNet';
    report.changed(
      path,
      value.at,
      'uses the network of its node: its ports must be free there, and only one runs on each',
      'If it only wants to be reached, remove network_mode and publish ports.',
    );
  } else if (mode === 'none') {
    report.dropped(path, value.at, {
      reason: 'a pod always has a network',
      todo: 'To cut it off write a NetworkPolicy that allows nothing.',
    });
  } else if (mode.startsWith('service:') || mode.startsWith('container:')) {
    report.dropped(path, value.at, {
      reason: 'only containers of one pod share a network',
      todo: 'Let it reach the other by its name, or make the two one pod by hand.',
    });
  } else if (mode === 'bridge' || mode === 'default' || mode === '') {
    report.mapped(path, value.at, 'a pod has a network of its own, and reaches all others');
  } else {
    report.dropped(path, value.at, { reason: 'all pods of a cluster share one network', todo: POLICY });
  }
};

/** Names of other machines, as entries of /etc/hosts. */
export const extraHosts: Handler = (value, path, draft) => {
  const byAddress = new Map<string, string[]>();
  for (const [host, entry] of entriesOf(value)) {
    const place = [...path, host];
    const addresses = entry.is === 'list' ? itemsOf(entry).map((each) => textOf(each) ?? '') : [textOf(entry) ?? ''];
    for (const written of addresses) {
      const address = written.trim().replace(/^\[|\]$/g, '');
      if (!/^[0-9a-fA-F.:]+$/.test(address)) {
        const isGateway = address === 'host-gateway';
        draft.report.dropped(place, entry.at, {
          reason: isGateway ? 'a pod has no address for the laptop it was started from' : `${address} is no address`,
          todo: isGateway
            ? 'Run what it needs there as a service, or give an address that the cluster reaches.'
            : 'Write an IP address.',
        });
        continue;
      }
      byAddress.set(address, [...(byAddress.get(address) ?? []), host]);
      draft.report.mapped(place, entry.at, `entry of /etc/hosts: ${address}`);
    }
  }
  if (byAddress.size > 0) draft.pod.hostAliases = [...byAddress].map(([ip, hostnames]) => ({ ip, hostnames }));
};

/** The cluster's own DNS is asked first, or parts would not find each other. */
export const dns: Handler = (value, path, draft) => {
  const servers = itemsOf(value).map((item) => textOf(item) ?? '');
  // Three are the most that a resolver asks, and the cluster's is one of them.
  const kept = servers.slice(0, 2);
  const config = dnsConfigOf(draft);
  config.nameservers = kept;
  draft.report.changed(
    path,
    value.at,
    `asked after the cluster's own DNS${servers.length > kept.length ? `; only ${kept.join(' and ')}` : ''}`,
  );
};

export const dnsSearch: Handler = (value, path, draft) => {
  const config = dnsConfigOf(draft);
  config.searches = itemsOf(value)
    .map((item) => textOf(item) ?? '')
    .filter((word) => word !== '.');
  draft.report.mapped(path, value.at, "searched after the cluster's own domains");
};

export const dnsOptions: Handler = (value, path, draft) => {
  const config = dnsConfigOf(draft);
  config.options = itemsOf(value).map((item) => {
    const [name = '', option] = (textOf(item) ?? '').split(':');
    return option === undefined ? { name } : { name, value: option };
  });
  draft.report.mapped(path, value.at, 'options of the resolver');
};

export const hostname: Handler = (value, path, draft) => {
  const said = textOf(value) ?? '';
  const name = labelFor(said.split('.')[0] ?? '', 63);
  draft.pod.hostname = name;
  if (name === said) draft.report.mapped(path, value.at, 'host name of the pod');
  else draft.report.changed(path, value.at, `host name ${name}: Kubernetes takes one word of a-z, 0-9 and -`);
};

export const containerName: Handler = (value, path, draft) => {
  const said = textOf(value) ?? '';
  const name = labelFor(said);
  const isOwn = name === draft.name;
  if (!isOwn) draft.aliases.add(name);
  const wording = isOwn
    ? 'pods have names of their own; it is reached by its name'
    : `pods have names of their own; it is reached as ${name} too`;
  if (name === said) draft.report.mapped(path, value.at, wording);
  else draft.report.changed(path, value.at, `${wording}: ${said} cannot be a name on Kubernetes`);
};

function dnsConfigOf(draft: Draft): NonNullable<PodSpec['dnsConfig']> {
  draft.pod.dnsConfig ??= {};
  return draft.pod.dnsConfig;
}
