import type { TabletCompactionJobPB } from '../../schema/gen/cloud/job_pb.ts';
import { isSet } from '../../schema/presence.ts';

/** Versions, both ends included. */
export interface VersionRange {
  readonly first: bigint;
  readonly last: bigint;
}

/** The input versions of a compaction; undefined where they are not known, be it that they make no range. */
export function inputVersions({ inputVersions: given }: TabletCompactionJobPB): VersionRange | undefined {
  const [first, last] = given;
  return given.length === 2 && first !== undefined && last !== undefined && first <= last ? { first, last } : undefined;
}

/** The input versions by which a new compaction may run beside others; undefined where it wants to run alone. */
export function versionsToCompare(compaction: TabletCompactionJobPB): VersionRange | undefined {
  const ignored = isSet(compaction, 'checkInputVersionsRange') && !compaction.checkInputVersionsRange;
  return ignored ? undefined : inputVersions(compaction);
}

export function rangesMeet(a: VersionRange, b: VersionRange): boolean {
  return a.first <= b.last && b.first <= a.last;
}
