import { clone } from '@bufbuild/protobuf';
import type { TabletCompactionJobPB, TabletSchemaChangeJobPB } from '../../schema/gen/cloud/job_pb.ts';
import { type TabletStatsPB, TabletStatsPBSchema } from '../../schema/gen/cloud/tablet_stats_pb.ts';
import type { RowsetMetaCloudPB } from '../../schema/gen/olap/rowset_meta_pb.ts';
import type { CompactionCommit } from './compaction-kinds.ts';

/** What a job adds to a tablet: bytes, and numbers of things. All may be negative. */
interface StatsDelta {
  readonly dataSize: bigint;
  readonly numRows: bigint;
  readonly numRowsets: bigint;
  readonly numSegments: bigint;
}

/** The aggregated statistics after a compaction that was committed `now`, in seconds since 1970. */
export function statsAfterCompaction(
  before: TabletStatsPB,
  compaction: TabletCompactionJobPB,
  { count, time, point, replaces_rowsets }: CompactionCommit,
  now: bigint,
): TabletStatsPB {
  const after = replaces_rowsets ? added(before, deltaOfCompaction(compaction)) : clone(TabletStatsPBSchema, before);
  after[count] = sum(before[count], 1n);
  after[time] = now * 1000n;
  const given = compaction.outputCumulativePoint;
  if (point === 'is set' || (point === 'moves forward' && given > before.cumulativePoint)) {
    after.cumulativePoint = given;
  }
  return after;
}

/**
 * The aggregated statistics of a schema change's new tablet after its commit, given the rowsets that its output replaces.
 * Of their sizes the data counts and the indexes don't, as in Doris, so the size of these stays.
 */
export function statsAfterSchemaChange(
  before: TabletStatsPB,
  change: TabletSchemaChangeJobPB,
  replaced: readonly RowsetMetaCloudPB[],
): TabletStatsPB {
  const total = (of: (rowset: RowsetMetaCloudPB) => bigint) => replaced.reduce((all, rowset) => all + of(rowset), 0n);
  const after = added(before, {
    dataSize: change.sizeOutputRowsets - total((rowset) => rowset.dataDiskSize),
    numRows: change.numOutputRows - total((rowset) => rowset.numRows),
    numRowsets: change.numOutputRowsets - BigInt(replaced.length),
    numSegments: change.numOutputSegments - total((rowset) => rowset.numSegments),
  });
  after.cumulativePoint = change.outputCumulativePoint;
  return after;
}

/** What a compaction says that it added. It is not compared with the rowsets themselves. */
function deltaOfCompaction(compaction: TabletCompactionJobPB): StatsDelta {
  return {
    dataSize: compaction.sizeOutputRowsets - compaction.sizeInputRowsets,
    numRows: compaction.numOutputRows - compaction.numInputRows,
    numRowsets: compaction.numOutputRowsets - compaction.numInputRowsets,
    numSegments: compaction.numOutputSegments - compaction.numInputSegments,
  };
}

function added(before: TabletStatsPB, delta: StatsDelta): TabletStatsPB {
  const after = clone(TabletStatsPBSchema, before);
  after.dataSize = sum(before.dataSize, delta.dataSize);
  after.numRows = sum(before.numRows, delta.numRows);
  after.numRowsets = sum(before.numRowsets, delta.numRowsets);
  after.numSegments = sum(before.numSegments, delta.numSegments);
  return after;
}

/** Wraps around, as the counters of loads do: whatever numbers a node sends, the sum is one that can be stored. */
function sum(a: bigint, b: bigint): bigint {
  return BigInt.asIntN(64, a + b);
}
