/** How far a tablet was compacted: how often, and the version before which the compacted rowsets lie. */
export interface CompactionState {
  readonly baseCompactions: bigint;
  readonly cumulativeCompactions: bigint;
  readonly cumulativePoint: bigint;
}

/** Versions, the last one included. */
export interface VersionRange {
  readonly start: bigint;
  readonly end: bigint;
}

/** The last version that a range may end with. */
export const LAST_VERSION = 2n ** 63n - 2n;

/**
 * The versions of which a caller needs the rowsets: those that it asks for, and those whose rowsets were replaced by
 * compactions since it last knew the tablet. `known` must not be ahead of `current`. In order, without overlaps, and with
 * a gap between any two.
 */
export function rangesToSync(wanted: VersionRange, known: CompactionState, current: CompactionState): VersionRange[] {
  const ranges = [wanted];
  // A base compaction may have replaced whatever lies before the point.
  if (known.baseCompactions < current.baseCompactions) ranges.push({ start: 0n, end: current.cumulativePoint - 1n });
  if (known.cumulativeCompactions < current.cumulativeCompactions) {
    ranges.push({ start: known.cumulativePoint, end: endOfCumulativeCompactions(known, current) });
  }
  return mergeRanges(ranges);
}

/** A single compaction that moved the point replaced what lies before it; of others nobody knows how far they went. */
function endOfCumulativeCompactions(known: CompactionState, current: CompactionState): bigint {
  const single = known.cumulativeCompactions + 1n === current.cumulativeCompactions;
  return single && known.cumulativePoint < current.cumulativePoint ? current.cumulativePoint - 1n : LAST_VERSION;
}

/** The same versions in order, with ranges that overlap or touch made one, and without empty ones. */
function mergeRanges(ranges: readonly VersionRange[]): VersionRange[] {
  const merged: VersionRange[] = [];
  const filled = ranges.filter(({ start, end }) => start <= end);
  for (const range of filled.toSorted((a, b) => (a.start < b.start ? -1 : 1))) {
    const last = merged.at(-1);
    if (last === undefined || last.end + 1n < range.start) merged.push(range);
    else merged[merged.length - 1] = { start: last.start, end: range.end > last.end ? range.end : last.end };
  }
  return merged;
}
