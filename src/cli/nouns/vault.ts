import { CommandError, usage } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';
import type { Context } from '../program/command.ts';
import { command, type Noun } from '../program/command.ts';
import { flag, required } from '../program/value.ts';
import { objectIn } from '../service/answered.ts';
import { givenVault, vaultOptions, vaultSecrets } from '../service/vault-options.ts';
import { maskJson } from '../show/mask-json.ts';
import { done } from '../show/report.ts';
import { type Column, tableText } from '../show/table.ts';
import { callerOf, instanceArgument, nameKind } from './values.ts';

const vaultArgument = required(nameKind('VAULT'), 'The name of the vault');

const add = command({
  name: 'add',
  summary: 'Add a vault to an instance',
  details:
    'It is a bucket (--bucket and its kin) or an HDFS (--hdfs and its kin). The keys of a bucket are read from files or the environment, or asked for.',
  arguments: { instance: instanceArgument, vault: vaultArgument },
  options: { default: flag('Make it the vault of tables that name none'), ...vaultOptions },
  secrets: vaultSecrets,
  calls_service: true,
  examples: [
    {
      does: 'A bucket; the two keys are asked for',
      line: 'nereus vault add demo cold --bucket cold-data --s3-endpoint s3.eu-central-1.amazonaws.com --region eu-central-1',
    },
    { does: 'An HDFS', line: 'nereus vault add demo lake --hdfs hdfs://10.0.0.9:8020 --hdfs-user doris --prefix lake' },
  ],
  run: async ({ instance, vault, default: byDefault, ...given }, context) => {
    const place = await givenVault(given, context);
    if (place === undefined) throw usage('--bucket or --hdfs is needed: where the vault is');
    const operation = 'hdfs_info' in place ? 'add_hdfs_vault' : 'add_s3_vault';
    await context.client.admin(operation, {
      cloud_unique_id: callerOf(instance),
      vault: { name: vault, ...place },
      ...(byDefault && { set_as_default_storage_vault: true }),
    });
    return done(`added vault ${vault} to instance ${instance}`, { instance_id: instance, vault });
  },
});

const list = command({
  name: 'list',
  summary: 'List the vaults of an instance, and its object stores of before there were vaults',
  details: 'Secrets are shown as ******.',
  arguments: { instance: instanceArgument },
  calls_service: true,
  examples: [{ does: 'All of them', line: 'nereus vault list demo' }],
  run: async ({ instance }, context) => {
    const { vaults, object_stores, default_vault } = await readVaults(context, instance);
    return {
      json: { vaults, object_stores, default_vault },
      text: (width) => {
        const rows = [...vaults, ...object_stores.map((obj_info) => ({ id: obj_info.id, obj_info }))];
        return rows.length === 0 ? 'no vaults' : tableText(columnsOf(default_vault), rows, width);
      },
    };
  },
});

const drop = command({
  name: 'drop',
  summary: 'Drop a vault of an instance',
  details: 'One on object storage is not dropped by the service, since its files could not be found again.',
  arguments: { instance: instanceArgument, vault: vaultArgument },
  calls_service: true,
  asks: true,
  examples: [{ does: 'In a script', line: 'nereus vault drop demo lake --yes' }],
  run: async ({ instance, vault: name }, context) => {
    const { vaults } = await readVaults(context, instance);
    const found = vaults.find((vault) => vault.name === name);
    if (found === undefined) throw new CommandError(ExitCode.NotFound, `instance ${instance} has no vault ${name}`);
    await context.confirm(`Drop vault ${name} of instance ${instance}? What lies there will not be found again.`);
    const operation = found.hdfs_info === undefined ? 'drop_s3_vault' : 'drop_hdfs_vault';
    await context.client.admin(operation, { cloud_unique_id: callerOf(instance), vault: { name } });
    return done(`dropped vault ${name} of instance ${instance}`, { instance_id: instance, vault: name });
  },
});

/** `nereus vault`. */
export const vault: Noun = {
  name: 'vault',
  summary: 'Vaults: where an instance stores its data',
  commands: [add, list, drop],
};

interface ShownStore {
  readonly id?: string;
  readonly bucket?: string;
  readonly prefix?: string;
  readonly endpoint?: string;
  readonly provider?: string;
}

interface ShownVault {
  readonly id?: string | undefined;
  readonly name?: string;
  readonly obj_info?: ShownStore;
  readonly hdfs_info?: { readonly prefix?: string; readonly build_conf?: { readonly fs_name?: string } };
}

/** What the service answers has the keys in the clear: they go no further. */
async function readVaults({ client }: Context, instance: string) {
  const { result } = await client.admin('get_obj_store_info', { cloud_unique_id: callerOf(instance) });
  const { storage_vault, obj_info, default_storage_vault_name } = maskJson(objectIn(result, 'get_obj_store_info')) as {
    readonly storage_vault?: readonly ShownVault[];
    readonly obj_info?: readonly ShownStore[];
    readonly default_storage_vault_name?: string;
  };
  return {
    vaults: storage_vault ?? [],
    object_stores: obj_info ?? [],
    default_vault: default_storage_vault_name ?? '',
  };
}

function columnsOf(byDefault: string): Column<ShownVault>[] {
  return [
    { title: 'VAULT', of: ({ name }) => name },
    { title: 'ID', of: ({ id }) => id },
    { title: 'KIND', of: ({ hdfs_info, obj_info }) => (hdfs_info ? 'HDFS' : (obj_info?.provider ?? 'S3')) },
    { title: 'PLACE', of: ({ hdfs_info, obj_info }) => hdfs_info?.build_conf?.fs_name ?? obj_info?.endpoint },
    { title: 'BUCKET', of: ({ obj_info }) => obj_info?.bucket },
    { title: 'PREFIX', of: ({ hdfs_info, obj_info }) => hdfs_info?.prefix ?? obj_info?.prefix },
    { title: 'DEFAULT', of: ({ name }) => (name !== undefined && name === byDefault ? 'yes' : undefined) },
  ];
}
