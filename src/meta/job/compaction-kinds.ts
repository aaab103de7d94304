import {
  TabletCompactionJobPB_CompactionType as CompactionType,
  type TabletCompactionJobPB,
} from '../../schema/gen/cloud/job_pb.ts';
import type { TabletStatsPB } from '../../schema/gen/cloud/tablet_stats_pb.ts';

/** What a compaction that is committed does to its tablet. */
export interface CompactionCommit {
  /** Whether an output rowset takes the place of the input rowsets. */
  readonly replaces_rowsets: boolean;
  /** Which of the tablet's compactions it counts as. */
  readonly count: keyof Pick<TabletStatsPB, 'baseCompactionCnt' | 'cumulativeCompactionCnt'>;
  /** Where the time of the commit is kept. */
  readonly time: keyof Pick<
    TabletStatsPB,
    'lastBaseCompactionTimeMs' | 'lastCumuCompactionTimeMs' | 'lastFullCompactionTimeMs'
  >;
  /** What becomes of the cumulative point. Where several run side by side, an older one must not take it back. */
  readonly point: 'stays' | 'moves forward' | 'is set';
}

/** What a kind of compaction asks for, what it keeps out while it runs, and what it leaves behind. */
export interface CompactionKind {
  /** Whether its job must say when it expires. */
  readonly needs_expiration: boolean;
  /** Whether its node must know of every compaction that was committed. */
  readonly needs_fresh_cache: boolean;
  /** Whether the compactions that run are dropped when it starts. */
  readonly clears_others: boolean;
  /** What can't start beside it: its own kind or any kind where the versions meet, or everything. */
  readonly keeps_out: 'own kind' | 'any kind' | 'everything';
  /** The input versions that it may have while a schema change converts the rowsets up to a version. */
  readonly during_schema_change: 'any' | 'up to it' | 'above it' | 'none';
  /** Undefined for what can only be aborted. */
  readonly commit: CompactionCommit | undefined;
}

const ORDINARY = {
  needs_expiration: true,
  needs_fresh_cache: true,
  clears_others: false,
  keeps_out: 'own kind',
} as const;

const KINDS: Readonly<Record<CompactionType, CompactionKind>> = {
  [CompactionType.BASE]: {
    ...ORDINARY,
    during_schema_change: 'up to it',
    commit: {
      replaces_rowsets: true,
      count: 'baseCompactionCnt',
      time: 'lastBaseCompactionTimeMs',
      point: 'stays',
    },
  },
  [CompactionType.CUMULATIVE]: {
    ...ORDINARY,
    during_schema_change: 'above it',
    commit: {
      replaces_rowsets: true,
      count: 'cumulativeCompactionCnt',
      time: 'lastCumuCompactionTimeMs',
      point: 'moves forward',
    },
  },
  // Finds nothing to compact, and moves the point past it.
  [CompactionType.EMPTY_CUMULATIVE]: {
    ...ORDINARY,
    needs_expiration: false,
    during_schema_change: 'any',
    commit: {
      replaces_rowsets: false,
      count: 'cumulativeCompactionCnt',
      time: 'lastCumuCompactionTimeMs',
      point: 'is set',
    },
  },
  // Repairs the data of a tablet, so it goes first. It counts as a base compaction.
  [CompactionType.FULL]: {
    ...ORDINARY,
    clears_others: true,
    keeps_out: 'any kind',
    during_schema_change: 'none',
    commit: {
      replaces_rowsets: true,
      count: 'baseCompactionCnt',
      time: 'lastFullCompactionTimeMs',
      point: 'moves forward',
    },
  },
  // Compacts nothing: a schema change holds it while it computes delete bitmaps, which a compaction would make worthless.
  [CompactionType.STOP_TOKEN]: {
    ...ORDINARY,
    needs_fresh_cache: false,
    clears_others: true,
    keeps_out: 'everything',
    during_schema_change: 'any',
    commit: undefined,
  },
  // A job whose kind was not given, or is not known here.
  [CompactionType.UNKOWN]: { ...ORDINARY, during_schema_change: 'none', commit: undefined },
};

/** What is to be known of the kind of a compaction. */
export function kindOf({ type }: TabletCompactionJobPB): CompactionKind {
  return KINDS[type];
}
