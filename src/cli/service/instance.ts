import { CommandError } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';
import type { Context } from '../program/command.ts';
import { maskJson } from '../show/mask-json.ts';
import { listIn, objectIn } from './answered.ts';

/** An instance as `get_instance` answers it; the fields are those of the schema, and any may be missing. */
export interface ShownInstance {
  readonly instance_id?: string;
  readonly name?: string;
  readonly user_id?: string;
  readonly status?: string;
  readonly sse_enabled?: boolean;
  readonly clusters?: readonly ShownCluster[];
  readonly storage_vault_names?: readonly string[];
  readonly default_storage_vault_name?: string;
  readonly obj_info?: readonly Readonly<Record<string, unknown>>[];
}

export interface ShownCluster {
  readonly cluster_id?: string;
  readonly cluster_name?: string;
  readonly type?: string;
  readonly cluster_status?: string;
  readonly mysql_user_name?: readonly string[];
  readonly nodes?: readonly ShownNode[];
}

export interface ShownNode {
  readonly cloud_unique_id?: string;
  readonly ip?: string;
  readonly host?: string;
  readonly heartbeat_port?: number;
  readonly edit_log_port?: number;
  readonly node_type?: string;
  readonly status?: string;
}

/** An instance, without its secrets. Rejects with whatever the service refuses by. */
export async function readInstance({ client }: Context, instance_id: string): Promise<ShownInstance> {
  const { result } = await client.admin('get_instance', undefined, { query: { instance_id } });
  const instance = objectIn(result, 'get_instance');
  const clusters = instance.clusters === undefined ? [] : listIn(instance, 'clusters', 'get_instance');
  for (const cluster of clusters) if (cluster.nodes !== undefined) listIn(cluster, 'nodes', 'get_instance');
  return maskJson(instance) as ShownInstance;
}

/** A cluster of an instance by its name, or else by its id. Rejects with a CommandError when there is none. */
export async function findCluster(context: Context, instance_id: string, wanted: string): Promise<ShownCluster> {
  const { clusters = [] } = await readInstance(context, instance_id);
  const found =
    clusters.find(({ cluster_name }) => cluster_name === wanted) ??
    clusters.find(({ cluster_id }) => cluster_id === wanted);
  if (found !== undefined) return found;
  const names = clusters.map(({ cluster_name }) => cluster_name).join(', ');
  const known = names === '' ? 'it has none' : `it has ${names}`;
  throw new CommandError(
    ExitCode.NotFound,
    `instance ${instance_id} has no cluster ${JSON.stringify(wanted)}; ${known}`,
  );
}
