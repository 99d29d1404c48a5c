import { deviceOf, isExternal } from './claim.ts';
import type { ComposeValue } from './contract.ts';
import type { Whole } from './draft.ts';
import { configKey } from './names.ts';
import { childOf, entriesOf, flagOf, isNothing, textOf } from './value.ts';

/** What became of the definitions below networks, volumes, secrets and configs. */
export function reportDefinitions(whole: Whole): void {
  for (const [name, value] of entriesOf(whole.project.root.entries.get('networks'))) network(name, value, whole);
  for (const [name, value] of entriesOf(whole.project.root.entries.get('volumes'))) volume(name, value, whole);
  for (const section of ['secrets', 'configs'] as const) {
    for (const [name, value] of entriesOf(whole.project.root.entries.get(section)))
      content(section, name, value, whole);
  }
}

function network(name: string, value: ComposeValue, { report }: Whole): void {
  if (name.startsWith('x-')) return;
  const path = ['networks', name];
  const internal = childOf(value, 'internal');
  if (internal && flagOf(internal) === true) {
    report.dropped([...path, 'internal'], internal.at, {
      reason: 'pods reach the world outside as the cluster allows it',
      todo: 'To keep them from it write a NetworkPolicy without egress.',
    });
  } else if (internal)
    report.mapped([...path, 'internal'], internal.at, 'pods reach the world outside as the cluster allows it');
  const external = childOf(value, 'external');
  if (external && isExternal(value)) {
    report.dropped([...path, 'external'], external.at, {
      reason: 'all pods of a cluster share one network',
      todo: 'What runs in that network besides is reached by NAME.NAMESPACE if it is in the cluster, else by its address.',
    });
  } else if (external) report.mapped([...path, 'external'], external.at, 'the network is the own one');
  if (isNothing(value) || (value.is === 'map' && value.entries.size === 0)) {
    report.mapped(path, value.at, 'all pods of a cluster share one network');
  }
}

function volume(name: string, value: ComposeValue, { report, volumeUses }: Whole): void {
  if (name.startsWith('x-')) return;
  const path = ['volumes', name];
  if (!volumeUses.has(name)) {
    report.dropped(path, value.at, { reason: 'no service that runs uses it', todo: 'Remove it.' });
    return;
  }
  const what = isExternal(value) ? 'made elsewhere' : 'told where services mount it';
  if (isNothing(value) || (value.is === 'map' && value.entries.size === 0)) report.mapped(path, value.at, what);
  else report.heading(path, value.at, 'mapped', what);
  const said = (key: string, what: string): void => {
    const each = childOf(value, key);
    if (each && !isNothing(each)) report.mapped([...path, key], each.at, what);
  };
  const given = childOf(value, 'name');
  if (given && isExternal(value)) said('name', 'name of the claim');
  else if (given) report.changed([...path, 'name'], given.at, 'claims are named by wherry');
  said('external', isExternal(value) ? 'the claim must be there' : 'the volume is the own one');
  const driver = childOf(value, 'driver');
  if (driver && textOf(driver) === 'local') said('driver', "the cluster's storage class");
  else if (driver && !isNothing(driver)) {
    report.dropped([...path, 'driver'], driver.at, {
      reason: `${textOf(driver)} is a plug-in of Docker`,
      todo: 'Install the CSI driver for that storage, and name its storage class in the claim.',
    });
  }
  for (const [key, each] of entriesOf(value).filter(([key]) => key === 'labels')) {
    report.dropped([...path, key], each.at, { reason: 'nothing on Kubernetes reads them' });
  }
  options(path, value, { report });
}

function options(path: string[], value: ComposeValue, { report }: Pick<Whole, 'report'>): void {
  const type = textOf(childOf(value, 'driver_opts', 'type'));
  for (const [key, each] of entriesOf(childOf(value, 'driver_opts'))) {
    const place = [...path, 'driver_opts', key];
    const text = textOf(each) ?? '';
    if (key === 'size' || (key === 'o' && /^size=[^,]+$/.test(text)))
      report.mapped(place, each.at, 'size of the claim');
    else if (key === 'type' && type === 'tmpfs') report.mapped(place, each.at, 'in memory');
    else if (key === 'device' && type === 'tmpfs') report.mapped(place, each.at, 'in memory');
    else if (key === 'device' && (type === 'nfs' || text.startsWith(':'))) {
      report.dropped(place, each.at, {
        reason: 'the claim is a new, empty one',
        todo: 'For that NFS export write a PersistentVolume, and a claim for it.',
      });
    } else if (key === 'device') {
      report.dropped(place, each.at, {
        reason: `what ${deviceOf(value) ?? text} holds stays on this machine; the claim begins empty`,
        todo: 'Copy it into the claim once, or into the image.',
      });
    } else report.dropped(place, each.at, { reason: 'it is an option of a storage driver of Docker' });
  }
}

function content(section: 'secrets' | 'configs', name: string, value: ComposeValue, { report, sets }: Whole): void {
  if (name.startsWith('x-')) return;
  const path = [section, name];
  const id = `${section}:${name}`;
  const set = sets.nameOf(id);
  if (set === undefined) {
    report.dropped(path, value.at, { reason: 'no service that runs uses it', todo: 'Remove it.' });
    return;
  }
  const kind = sets.hasSecret(id) ? 'Secret' : 'ConfigMap';
  const key = configKey(name);
  const noun = kind === 'Secret' ? 'secret generic' : 'configmap';
  if (isExternal(value)) {
    report.changed(
      path,
      value.at,
      `${kind} ${set}, made elsewhere, with the key ${key}`,
      `kubectl create ${noun} ${set} --from-file=${key}=PATH`,
    );
    return;
  }
  if (sets.isExternal(id)) {
    report.changed(
      path,
      value.at,
      `${kind} ${set} with the key ${key} must be made: ${textOf(childOf(value, 'file'))} is not there`,
      `kubectl create ${noun} ${set} --from-file=${key}=PATH`,
    );
    return;
  }
  for (const [field, each] of entriesOf(value)) {
    if (['file', 'environment', 'content'].includes(field))
      report.mapped([...path, field], each.at, `${kind} ${set}, key ${key}`);
    else if (field === 'name')
      report.changed([...path, field], each.at, `${kind} ${set}: it is named after its key here`);
    else if (field === 'external') report.mapped([...path, field], each.at, `${kind} ${set} is the own one`);
  }
}
