import type { TabletStatsPB } from '../../schema/gen/cloud/tablet_stats_pb.ts';

/** What the start of a job answers. */
export interface StartedJob {
  /** Up to which version the schema change converts rowsets. */
  readonly alterVersion?: bigint;
}

/** What the end of a job answers. */
export interface FinishedJob {
  /** Also beside an error: as they would have been. */
  readonly stats?: TabletStatsPB;
  /** Up to which version a recorded schema change converts rowsets, or -1. */
  readonly alterVersion?: bigint;
}
