import { serviceShape } from './keys-service.ts';
import { dropped, either, flag, list, type MapShape, map, named, number, pairs, scalar, text } from './shape.ts';

const NAMES = /^[a-zA-Z0-9._-]+$/;
/** `true`, or the old form that also gives the name. */
const external = either(flag, map({ name: text }));
const ONE_NETWORK = 'all pods of a cluster share one network';
const ADDRESSES = 'pods get their addresses from the cluster';

/**
 * Every key of the compose specification: what it holds, and the reason of each that can have no effect on Kubernetes.
 * The handlers (`keys-*.ts` names the keys, the file of the subject says what becomes of them) speak for the rest.
 */
export const COMPOSE: MapShape = map({
  version: dropped(text, 'compose ignores it as well', 'Remove it.'),
  name: text,
  include: list(
    map(
      {
        path: list(text, { orOne: true }),
        env_file: list(text, { orOne: true }),
        project_directory: text,
      },
      { short: 'path' },
    ),
  ),
  services: named(serviceShape, { names: NAMES }),
  networks: named(
    map(
      {
        name: dropped(text, ONE_NETWORK),
        driver: dropped(text, ONE_NETWORK),
        driver_opts: dropped(named(scalar), ONE_NETWORK),
        attachable: dropped(flag, 'any pod can reach any other'),
        enable_ipv4: dropped(flag, ADDRESSES),
        enable_ipv6: dropped(flag, ADDRESSES, 'Whether pods have IPv6 is set for the cluster.'),
        external,
        internal: flag,
        ipam: dropped(
          map({
            driver: text,
            config: list(
              map({ subnet: text, ip_range: text, gateway: text, aux_addresses: named(text) }, { mayBeEmpty: true }),
            ),
            options: named(text),
          }),
          ADDRESSES,
        ),
        labels: dropped(pairs, 'there is no object that could carry them'),
      },
      { mayBeEmpty: true },
    ),
    { names: NAMES },
  ),
  volumes: named(
    map({ name: text, driver: text, driver_opts: named(scalar), external, labels: pairs }, { mayBeEmpty: true }),
    { names: NAMES },
  ),
  secrets: named(
    map(
      {
        name: text,
        environment: text,
        file: text,
        external,
        labels: dropped(pairs, 'nothing on Kubernetes reads them'),
        driver: dropped(
          text,
          'a Secret is kept by the cluster, not by a plug-in of Docker',
          'For a vault take the External Secrets operator.',
        ),
        driver_opts: dropped(named(scalar), 'a Secret is kept by the cluster, not by a plug-in of Docker'),
        template_driver: dropped(text, 'Kubernetes does not fill in templates', 'Fill it in before.'),
      },
      { mayBeEmpty: true },
    ),
    { names: NAMES },
  ),
  configs: named(
    map(
      {
        name: text,
        content: text,
        environment: text,
        file: text,
        external,
        labels: dropped(pairs, 'nothing on Kubernetes reads them'),
        template_driver: dropped(text, 'Kubernetes does not fill in templates', 'Fill it in before.'),
      },
      { mayBeEmpty: true },
    ),
    { names: NAMES },
  ),
  models: dropped(
    named(map({ name: text, model: text, context_size: number, runtime_flags: list(text) }), { names: NAMES }),
    'language models are run by Docker Desktop; Kubernetes has nothing of the kind',
    'Run a model server as a service of its own, and name its address in the environment.',
  ),
});
