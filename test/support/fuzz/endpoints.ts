import type { AnyMethod } from '../../../src/rpc/method.ts';
import { type Methods, methods } from '../../../src/rpc/methods.ts';
import { COMMIT_BODIES } from './bodies/commit.ts';
import { COPY_BODIES } from './bodies/copy.ts';
import { DELETE_BITMAP_BODIES } from './bodies/delete-bitmap.ts';
import { INDEX_PARTITION_BODIES } from './bodies/index-partition.ts';
import { JOB_BODIES } from './bodies/job.ts';
import { ROUTINE_LOAD_BODIES } from './bodies/routine-load.ts';
import { ROWSET_BODIES, TABLET_BODIES } from './bodies/tablet.ts';
import { TXN_BODIES } from './bodies/txn.ts';
import { VERSION_BODIES } from './bodies/version.ts';
import { OPERATIONS } from './operations.ts';
import { QUERIES } from './queries.ts';
import { asCaller, type Body, callerOf, externalStage, hdfsInfo, internalStage, name, type World } from './world.ts';

/** An operation or a method with requests that are right, or nearly so. */
export interface Endpoint {
  /** As in the path behind `/MetaService/`. */
  readonly path: string;
  readonly kind: 'admin' | 'rpc';
  /** Whether it may change the store. */
  readonly writes: boolean;
  /** Whether a call may commit several times. */
  readonly inSteps: boolean;
  /** Whether its answers have secrets in them on purpose. */
  readonly givesSecrets: boolean;
  /** What its body holds; undefined for operations that have their parameters in the query. */
  readonly request: AnyMethod['request'] | undefined;
  readonly bodies: (world: World) => readonly Body[];
  readonly queries: (world: World) => readonly string[];
}

/** The methods that no operation of the admin API stands for. */
const METHODS_ALONE: Partial<Record<keyof Methods, (world: World) => readonly Body[]>> = {
  ...COMMIT_BODIES,
  ...COPY_BODIES,
  ...VERSION_BODIES,
  ...ROUTINE_LOAD_BODIES,
  ...INDEX_PARTITION_BODIES,
  ...JOB_BODIES,
  ...DELETE_BITMAP_BODIES,
  ...TXN_BODIES,
  ...TABLET_BODIES,
  ...ROWSET_BODIES,
  get_instance: asCaller(() => ({})),
  get_iam: asCaller(() => ({})),
  create_stage: asCaller((world) => ({
    stage: world.serial() % 2 === 0 ? internalStage() : externalStage(world, name('stage', world)),
  })),
  drop_stage: ({ legacy }) => [
    { cloud_unique_id: callerOf(legacy), type: 'EXTERNAL', stage_name: 'ext_stage' },
    {
      cloud_unique_id: callerOf(legacy),
      type: 'INTERNAL',
      mysql_user_name: 'user1',
      mysql_user_id: 'id1',
      reason: 'x',
    },
  ],
  alter_storage_vault: asCaller((world) => {
    const op = ['SET_DEFAULT_VAULT', 'UNSET_DEFAULT_VAULT', 'ADD_BUILT_IN_VAULT', 'ALTER_HDFS_VAULT'][
      world.serial() % 4
    ];
    const { build_conf } = hdfsInfo(world) as { build_conf: Body };
    const { fs_name: _, ...alterable } = build_conf;
    return { op, vault: { name: 'built_in_storage_vault', hdfs_info: { build_conf: alterable } } };
  }),
};

const GIVES_SECRETS = ['get_instance', 'get_obj_store_info', 'show_storage_vaults', 'get_stage', 'get_iam'];

/** Every endpoint of the service. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...Object.entries(OPERATIONS).map(([operation, { method, bodies }]) =>
    endpoint(`http/${operation}`, { request: method.request, bodies }),
  ),
  ...Object.entries(QUERIES).map(([operation, queries]) => endpoint(`http/${operation}`, { queries })),
  ...Object.values(methods).map((method) =>
    endpoint(method.name, { request: method.request, bodies: bodiesOf(method), inSteps: 'runInSteps' in method }),
  ),
];

function endpoint(
  path: string,
  parts: Partial<Pick<Endpoint, 'request' | 'bodies' | 'queries' | 'inSteps'>>,
): Endpoint {
  const name = path.replace('http/', '');
  return {
    path,
    kind: path.startsWith('http/') ? 'admin' : 'rpc',
    writes: name === 'get_delete_bitmap_update_lock' || !/^(get|show|decode|encode|filter)_/.test(name),
    inSteps: false,
    givesSecrets: GIVES_SECRETS.includes(name),
    request: undefined,
    bodies: () => [],
    queries: () => [''],
    ...parts,
  };
}

/** What the operations that stand for a method send to it, and what no operation sends. */
function bodiesOf(method: AnyMethod): (world: World) => Body[] {
  return (world) => [
    ...Object.values(OPERATIONS)
      .filter((operation) => operation.method === method)
      .flatMap(({ op, bodies }) => bodies(world).map((body) => (op === undefined ? body : { ...body, op }))),
    ...(METHODS_ALONE[method.name as keyof Methods]?.(world) ?? []),
  ];
}
