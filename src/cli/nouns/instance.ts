import { choice } from '../../config/kind.ts';
import { command, type Noun } from '../program/command.ts';
import { flag, optional, required } from '../program/value.ts';
import { readInstance, type ShownInstance } from '../service/instance.ts';
import { listAll } from '../service/own-operation.ts';
import { givenVault, vaultOptions, vaultSecrets } from '../service/vault-options.ts';
import { field, listReport } from '../show/list.ts';
import { done, type Report } from '../show/report.ts';
import { fieldsText, tableText } from '../show/table.ts';
import { clusterColumns } from './cluster-columns.ts';
import { instanceArgument, nameKind, pageOptions } from './values.ts';

const create = command({
  name: 'create',
  summary: 'Create an instance',
  details:
    'Its first vault is a bucket (--bucket and its kin) or an HDFS (--hdfs and its kin). The keys of a bucket are read from files or the environment, or asked for.',
  arguments: { instance: required(nameKind('INSTANCE'), 'The id that it gets: letters, digits, _ and -') },
  options: {
    name: required(nameKind('NAME'), 'Its name: a letter, then letters, digits and _'),
    user_id: required(nameKind('USER'), 'Whose it is: a letter, then letters, digits and _'),
    sse: flag('Have object storage encrypt what is stored there'),
    ...vaultOptions,
  },
  secrets: vaultSecrets,
  calls_service: true,
  examples: [
    {
      does: 'On a bucket; the two keys are asked for',
      line: 'nereus instance create demo --name demo_warehouse --user-id ann --bucket warehouse --prefix demo --s3-endpoint s3.eu-central-1.amazonaws.com --region eu-central-1',
    },
    {
      does: 'The same in a script',
      line: 'nereus instance create demo --name demo_warehouse --user-id ann --bucket warehouse --s3-endpoint 10.0.0.9:9000 --region any --ak-file /run/secrets/ak --sk-file /run/secrets/sk',
    },
    {
      does: 'On an HDFS',
      line: 'nereus instance create demo --name demo_warehouse --user-id ann --hdfs hdfs://10.0.0.9:8020 --hdfs-user doris --prefix demo',
    },
  ],
  run: async ({ instance, name, user_id, sse, ...given }, context) => {
    const vault = await givenVault(given, context);
    const facts = { instance_id: instance, name, user_id, ...(sse && { sse_enabled: true }), ...(vault && { vault }) };
    await context.client.admin('create_instance', facts);
    return done(`created instance ${instance}`, { instance_id: instance });
  },
});

const get = command({
  name: 'get',
  summary: 'Show an instance with its clusters',
  details: 'Secrets are shown as ******.',
  arguments: { instance: instanceArgument },
  calls_service: true,
  examples: [
    { does: 'For people', line: 'nereus instance get demo' },
    { does: 'One fact for a script', line: 'nereus instance get demo --json | jq -r .instance.status' },
  ],
  run: async ({ instance }, context) => shownInstance(await readInstance(context, instance)),
});

const list = command({
  name: 'list',
  summary: 'List the instances',
  details: "Those that are dropped are among them until they are recycled. Doris's own service does not know this.",
  options: pageOptions,
  calls_service: true,
  examples: [
    { does: 'All of them', line: 'nereus instance list --limit 100000' },
    { does: 'Their ids, for a script', line: 'nereus instance list --json | jq -r ".instances[].instance_id"' },
  ],
  run: async ({ limit, after }, context) => {
    const listed = await listAll(context, 'list_instances', { name: 'instances', limit, after, query: {} });
    return listReport('instances', INSTANCE_COLUMNS, listed);
  },
});

type Json = Readonly<Record<string, unknown>>;

const INSTANCE_COLUMNS = [
  field('INSTANCE', 'instance_id'),
  field('NAME', 'name', { may_be_cut: true }),
  field('USER', 'user_id', { may_be_cut: true }),
  { title: 'STATUS', of: ({ status, damaged }: Json) => (damaged ? 'DAMAGED' : String(status)) },
  field('COMPUTE', 'compute_clusters', { right: true }),
  field('FE', 'frontends', { right: true }),
  field('BE', 'backends', { right: true }),
  field('VAULTS', 'vaults', { right: true }),
];

const drop = command({
  name: 'drop',
  summary: 'Drop an instance',
  details: 'The recycler deletes its data and its metadata after that, for good.',
  arguments: { instance: instanceArgument },
  calls_service: true,
  asks: true,
  examples: [
    { does: 'With a question before', line: 'nereus instance drop demo' },
    { does: 'In a script', line: 'nereus instance drop demo --yes' },
  ],
  run: async ({ instance }, context) => {
    await context.confirm(`Drop instance ${instance}? All of its data will be deleted, which can't be undone.`);
    await context.client.admin('drop_instance', { instance_id: instance });
    return done(`dropped instance ${instance}`, { instance_id: instance });
  },
});

const status = command({
  name: 'status',
  summary: 'Show the status of an instance, or set it',
  arguments: {
    instance: instanceArgument,
    status: optional(choice('NORMAL', 'OVERDUE'), 'The status that it gets: NORMAL or OVERDUE'),
  },
  calls_service: true,
  examples: [
    { does: 'Show it', line: 'nereus instance status demo' },
    { does: 'Set it', line: 'nereus instance status demo OVERDUE' },
  ],
  run: async ({ instance, status }, context) => {
    if (status === undefined) {
      const { status: shown = 'NORMAL' } = await readInstance(context, instance);
      return { json: { instance_id: instance, status: shown }, text: () => shown };
    }
    await context.client.admin('set_instance_status', { instance_id: instance, op: `SET_${status}` });
    return done(`instance ${instance} is ${status} now`, { instance_id: instance, status });
  },
});

const sse = command({
  name: 'sse',
  summary: 'Have object storage encrypt what an instance stores, or no more',
  arguments: { instance: instanceArgument, switch: required(choice('on', 'off'), 'on or off') },
  calls_service: true,
  examples: [{ does: 'Turn it on', line: 'nereus instance sse demo on' }],
  run: async ({ instance, switch: to }, context) => {
    const operation = to === 'on' ? 'enable_instance_sse' : 'disable_instance_sse';
    await context.client.admin(operation, { instance_id: instance });
    return done(`encryption by the object storage is ${to} for instance ${instance}`, {
      instance_id: instance,
      sse_enabled: to === 'on',
    });
  },
});

/** `nereus instance`. */
export const instance: Noun = {
  name: 'instance',
  summary: 'Instances: what one Doris warehouse is to the service',
  commands: [create, get, list, drop, status, sse],
};

function shownInstance(shown: ShownInstance): Report {
  const { instance_id, name, user_id, status, sse_enabled, storage_vault_names = [], clusters = [] } = shown;
  const fields = {
    ...{ instance: instance_id, name, user: user_id, status, 'sse enabled': sse_enabled },
    ...{ vaults: storage_vault_names.join(', ') || 'none', 'default vault': shown.default_storage_vault_name },
    clusters: clusters.length === 0 ? 'none' : clusters.length,
  };
  return {
    json: { instance: shown },
    text: (width) => {
      const table = clusters.length === 0 ? '' : `\n\n${tableText(clusterColumns, clusters, width)}`;
      return fieldsText(fields) + table;
    },
  };
}
