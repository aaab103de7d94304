import { type Body, callerOf, type World } from '../world.ts';

const FAR = 4_102_444_800;
/** Tablets that other requests create; the last one is a new tablet that schema changes make. */
const [COMPACTED, CHANGED, MADE] = [1001, 1002, 1101];
const UNKNOWN_TABLET = 1009;

/** Requests of jobs: compactions of all kinds that meet, with input and output rowsets that are there, and schema changes. */
export const JOB_BODIES = {
  start_tablet_job: (world: World) => [
    ...KINDS.map((type, i) => of(world, COMPACTED, { compaction: [compaction(`c${i}`, type)] })),
    of(world, COMPACTED, { compaction: [compaction('r', 'CUMULATIVE', [world.serial() % 9, 9])] }),
    of(world, CHANGED, { compaction: [compaction('x', 'BASE', [9, 1]), compaction('y', 'FULL')] }),
    of(world, UNKNOWN_TABLET, { compaction: [compaction('u', 'BASE')] }),
    of(world, CHANGED, { schema_change: schemaChange('s') }),
    of(world, CHANGED, { schema_change: { ...schemaChange('t'), alter_version: world.serial() % 4 } }),
  ],
  finish_tablet_job: (world: World) => [
    ...ACTIONS.map((action) => ({ ...of(world, COMPACTED, { compaction: [finished('c2', 'CUMULATIVE')] }), action })),
    ...KINDS.map((type, i) => commit(of(world, COMPACTED, { compaction: [finished(`c${i}`, type)] }))),
    commit(of(world, CHANGED, { schema_change: { ...schemaChange('s'), alter_version: 2 } })),
    commit(of(world, CHANGED, { schema_change: { ...schemaChange('t'), ...CONVERTED } })),
    { ...of(world, CHANGED, { schema_change: schemaChange('t') }), action: 'ABORT' },
  ],
};

/** Requests of the tool that aborts compactions. */
export function abortedJobs(world: World): Body[] {
  const ids = ['c1', 'c2', 7, 'nobody'];
  return [
    ...ids.map((id) => of(world, COMPACTED, { compaction: [{ id }] })),
    of(world, COMPACTED, { compaction: [{ id: 'c1' }, { id: 'c2' }] }),
    of(world, UNKNOWN_TABLET, { compaction: [{ id: 'c1' }] }),
  ];
}

const KINDS = ['UNKOWN', 'BASE', 'CUMULATIVE', 'EMPTY_CUMULATIVE', 'FULL', 'STOP_TOKEN'];
const ACTIONS = ['LEASE', 'ABORT', 'UNKONWN'];
const CONVERTED = { alter_version: 3, txn_ids: [1], output_versions: [3], delete_bitmap_lock_initiator: 9 };

function of({ s3 }: World, tablet_id: number, jobs: Body): Body {
  return { cloud_unique_id: callerOf(s3), job: { idx: { tablet_id }, ...jobs } };
}

function commit(body: Body): Body {
  return { ...body, action: 'COMMIT' };
}

function compaction(id: string, type: string, input_versions: number[] = []): Body {
  const counts = { base_compaction_cnt: 1000, cumulative_compaction_cnt: 1000 };
  return { id, type, initiator: '127.0.0.1:8060', ...counts, expiration: FAR, lease: FAR, input_versions };
}

function finished(id: string, type: string): Body {
  const versions = { input_versions: [0, 1], output_versions: [1], output_rowset_ids: ['out'], txn_id: [1] };
  return { ...compaction(id, type), ...versions, num_input_rows: 5, num_output_rows: 3, output_cumulative_point: 2 };
}

function schemaChange(id: string): Body {
  return { id, initiator: '127.0.0.1:8060', expiration: FAR, new_tablet_idx: { tablet_id: MADE } };
}
