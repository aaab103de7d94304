import { type Body, callerOf, type World } from '../world.ts';

const PLACE = { table_id: 10, index_id: 110, partition_id: 11 };
/** The tablets that requests create, and one that they don't. */
const TABLETS = [1001, 1002, 1003];
const UNKNOWN_TABLET = 1009;
const NOT_COMPACTED = { base_compaction_cnt: 0, cumulative_compaction_cnt: 0, cumulative_point: 2 };

/** Requests of tablets, with schemas of two versions, and of their statistics. */
export const TABLET_BODIES = {
  create_tablets: (world: World) => [
    { ...caller(world), db_id: 1, tablet_metas: TABLETS.map((id) => tablet(id)) },
    { ...caller(world), tablet_metas: [{ ...tablet(1101), tablet_state: 'PB_NOTREADY' }] },
    { ...caller(world), storage_vault_name: 'built_in_storage_vault', tablet_metas: [tablet(1001, 1)] },
    { ...caller(world), storage_vault_name: '', tablet_metas: [tablet(1002, 1)] },
    { ...caller(world), tablet_metas: [{ ...PLACE, tablet_id: 1003, schema_version: 7 }] },
    { ...caller(world), tablet_metas: [tablet(1001), { ...PLACE, tablet_id: 1004 }] },
  ],
  get_tablet: (world: World) => [...TABLETS, UNKNOWN_TABLET].map((tablet_id) => ({ ...caller(world), tablet_id })),
  update_tablet: (world: World) => [
    { ...caller(world), tablet_meta_infos: TABLETS.map((tablet_id) => ({ tablet_id, ttl_seconds: 5 })) },
    { ...caller(world), tablet_meta_infos: [{ tablet_id: 1002, disable_auto_compaction: true }] },
    { ...caller(world), tablet_meta_infos: [{ tablet_id: 1001 }, { tablet_id: UNKNOWN_TABLET }] },
  ],
  update_tablet_schema: (world: World) => [
    { ...caller(world), tablet_id: 1001, tablet_schema: schema(2) },
    { ...caller(world), tablet_id: 1003, tablet_schema: schema() },
  ],
  get_tablet_stats: (world: World) => [
    { ...caller(world), tablet_idx: TABLETS.map((tablet_id) => ({ tablet_id })) },
    { ...caller(world), tablet_idx: [{ ...PLACE, tablet_id: 1001 }, { tablet_id: UNKNOWN_TABLET }] },
    { ...caller(world), tablet_idx: [{ tablet_id: 1001 }, { ...PLACE, tablet_id: UNKNOWN_TABLET }] },
  ],
};

/** Requests of rowsets: of two transactions, for tablets that are there and not, written again as themselves and as others. */
export const ROWSET_BODIES = {
  prepare_rowset: (world: World) => [
    { ...caller(world), rowset_meta: rowset(1001, 'a') },
    { ...caller(world), rowset_meta: rowset(UNKNOWN_TABLET, 'b') },
    { ...caller(world), rowset_meta: { ...rowset(1001, 'c'), load_id: { hi: 1, lo: 2 } } },
    { ...caller(world), rowset_meta: rowset(1002, 'd'), tablet_job_id: 'job' },
  ],
  commit_rowset: (world: World) => [
    { ...caller(world), rowset_meta: rowset(1001, 'a') },
    { ...caller(world), rowset_meta: rowset(1001, 'other') },
    { ...caller(world), rowset_meta: { ...rowset(1002, 'v', variantSchema()), has_variant_type_in_schema: true } },
    { ...caller(world), rowset_meta: { ...rowset(1003, 'n'), tablet_schema: undefined, schema_version: 3 } },
    { ...caller(world), rowset_meta: { ...rowset(1002, 'd'), txn_id: 2 }, tablet_job_id: 'job' },
    { ...caller(world), rowset_meta: rowset(1101, 'converted') },
  ],
  update_tmp_rowset: (world: World) => [
    { ...caller(world), rowset_meta: { ...rowset(1001, 'a'), num_rows: 2 } },
    { ...caller(world), rowset_meta: { ...rowset(1002, 'v', variantSchema()), has_variant_type_in_schema: true } },
    { ...caller(world), rowset_meta: rowset(UNKNOWN_TABLET, 'b') },
  ],
  get_rowset: (world: World) => [
    ...[...TABLETS, UNKNOWN_TABLET].map((tablet_id) => ({ ...caller(world), ...NOT_COMPACTED, idx: { tablet_id } })),
    { ...caller(world), ...NOT_COMPACTED, idx: { tablet_id: 1001 }, start_version: 2, end_version: -1 },
    { ...caller(world), ...NOT_COMPACTED, idx: { tablet_id: 1001 }, end_version: 9, schema_op: 'RETURN_DICT' },
    { ...caller(world), ...NOT_COMPACTED, idx: { tablet_id: 1001 }, cumulative_point: 99 },
  ],
  get_schema_dict: (world: World) => [{ ...caller(world), index_id: PLACE.index_id }, caller(world)],
};

function caller({ s3 }: World): Body {
  return { cloud_unique_id: callerOf(s3) };
}

function schema(schema_version = 0): Body {
  const column = [
    { unique_id: 0, name: 'k', type: 'DECIMAL128', is_key: true },
    { unique_id: 1, name: 'v', type: 'VARIANT', default_value: 'W10=' },
  ];
  return { column, schema_version };
}

function variantSchema(): Body {
  const [k, v] = schema().column as Body[];
  const sparse = { unique_id: -1, name: 'v.s', type: 'INT' };
  return {
    ...schema(),
    column: [k, { ...v, sparse_columns: [sparse] }, { unique_id: -1, name: 'v.a', type: 'INT', parent_unique_id: 1 }],
    index: [{ index_id: 5, index_suffix_name: 'v.a', properties: { parser: 'none' } }],
  };
}

function tablet(tablet_id: number, schema_version = 0): Body {
  const first = { rowset_id: 0, rowset_id_v2: `first${tablet_id}`, tablet_id, start_version: 0, end_version: 1 };
  return { ...PLACE, tablet_id, schema: schema(schema_version), rs_metas: [first] };
}

function rowset(tablet_id: number, rowset_id_v2: string, tablet_schema: Body = schema()): Body {
  const sizes = { num_rows: 1, num_segments: 1, total_disk_size: 10, data_disk_size: 10, txn_expiration: 4102444800 };
  return { rowset_id: 0, tablet_id, txn_id: 1, partition_id: 11, rowset_id_v2, tablet_schema, ...sizes };
}
