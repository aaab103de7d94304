import type { TabletCompactionJobPB } from '../../schema/gen/cloud/job_pb.ts';
import { kindOf } from './compaction-kinds.ts';
import { inputVersions, rangesMeet, type VersionRange, versionsToCompare } from './version-range.ts';

/**
 * The first of the running compactions that a new one can't run beside, if there is one. It may be the new one itself,
 * started before. A compaction whose input versions are not known meets all others.
 */
export function firstInTheWay(
  running: readonly TabletCompactionJobPB[],
  wanted: TabletCompactionJobPB,
): TabletCompactionJobPB | undefined {
  return running.find((job) => isInTheWay(job, wanted));
}

/**
 * The input versions of all compactions that a new one must not meet, first and last by turns, so that its node may try
 * others. Empty where other versions would not help: the new one, or the one in its way, meets all.
 */
export function versionsToAvoid(
  running: readonly TabletCompactionJobPB[],
  wanted: TabletCompactionJobPB,
  inTheWay: TabletCompactionJobPB,
): bigint[] {
  if (!rangeTaken(inTheWay) || !versionsToCompare(wanted)) return [];
  return running
    .filter((job) => keepsOut(job, wanted))
    .flatMap((job) => {
      const range = inputVersions(job);
      return range ? [range.first, range.last] : [];
    });
}

function isInTheWay(job: TabletCompactionJobPB, wanted: TabletCompactionJobPB): boolean {
  if (!keepsOut(job, wanted)) return false;
  const [taken, asked] = [rangeTaken(job), versionsToCompare(wanted)];
  return !taken || !asked || rangesMeet(taken, asked);
}

/** The versions that a running compaction takes; undefined for all of them. */
function rangeTaken(job: TabletCompactionJobPB): VersionRange | undefined {
  return kindOf(job).keeps_out === 'everything' ? undefined : inputVersions(job);
}

/** Whether the kind of a running compaction keeps out that of a new one, whatever their versions. */
function keepsOut(job: TabletCompactionJobPB, wanted: TabletCompactionJobPB): boolean {
  const { keeps_out } = kindOf(job);
  if (keeps_out === 'everything') return true;
  return !kindOf(wanted).clears_others && (keeps_out === 'any kind' || job.type === wanted.type);
}
