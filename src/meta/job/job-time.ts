import type { TabletCompactionJobPB } from '../../schema/gen/cloud/job_pb.ts';

/** Whether a job has expired. One without an expiration never does. `now` is in seconds since 1970. */
export function hasExpired({ expiration }: { readonly expiration: bigint }, now: bigint): boolean {
  return expiration > 0n && expiration < now;
}

/** Whether nobody works on a compaction any more: it has expired, or its node stopped renewing its lease. */
export function isAbandoned(compaction: TabletCompactionJobPB, now: bigint): boolean {
  return hasExpired(compaction, now) || (compaction.lease > 0n && compaction.lease < now);
}
