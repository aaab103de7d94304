import { clone, fromBinary } from '@bufbuild/protobuf';
import type { FieldsToEncode, KeyRange } from '../keys/key-kind.ts';
import { keys } from '../keys/key-table.ts';
import { collectRange } from '../kv/collect-range.ts';
import type { KeyValue, ReadOptions, Transaction } from '../kv/store.ts';
import { type TabletStatsPB, TabletStatsPBSchema } from '../schema/gen/cloud/tablet_stats_pb.ts';
import { counterFromValue } from './counter.ts';
import { MalformedValueError } from './malformed-value.ts';

/** Where the statistics of a tablet stand. */
export type TabletStatsFields = FieldsToEncode<typeof keys.statsTablet.shape>;

/** What loads add to a tablet. It is kept in counters of its own, so that loads at the same time don't conflict. */
export interface DetachedStats {
  data_size: bigint;
  num_rows: bigint;
  num_rowsets: bigint;
  num_segments: bigint;
}

/** A tablet's statistics in their two parts. */
export interface TabletStats {
  /** What creating the tablet and its jobs have written; sizes and counts may be negative by themselves. */
  readonly aggregated: TabletStatsPB;
  readonly detached: DetachedStats;
}

const COUNTERS = {
  data_size: keys.statsTabletDataSize,
  num_rows: keys.statsTabletNumRows,
  num_rowsets: keys.statsTabletNumRowsets,
  num_segments: keys.statsTabletNumSegments,
} as const;
const COUNTER_NAMES = Object.keys(COUNTERS) as (keyof DetachedStats)[];

/** All keys of a tablet's statistics. */
export function tabletStatsRange(fields: TabletStatsFields): KeyRange {
  return keys.statsTablet.range(fields);
}

/** A tablet's statistics, or undefined when it has none. Throws a MalformedValueError. */
export async function readTabletStats(
  txn: Transaction,
  fields: TabletStatsFields,
  options?: ReadOptions,
): Promise<TabletStats | undefined> {
  const { begin, end } = tabletStatsRange(fields);
  const [first, ...counters] = await collectRange(txn, begin, end, options);
  if (first === undefined) return undefined;
  if (first.key.length !== begin.length) throw new MalformedValueError(keys.statsTablet.name, begin);
  return { aggregated: parseAggregated(first), detached: detachedFromPairs(counters) };
}

/**
 * As `readTabletStats`, for whoever changes the aggregated part and reads the counters only to answer them: another
 * change of that part is a conflict, a load is not. Throws a MalformedValueError.
 */
export async function readTabletStatsToChange(
  txn: Transaction,
  fields: TabletStatsFields,
): Promise<TabletStats | undefined> {
  const [stats] = await Promise.all([
    readTabletStats(txn, fields, { snapshot: true }),
    txn.get(keys.statsTablet.encode(fields)),
  ]);
  return stats;
}

/** Adds to the counters that `delta` names, and leaves the others alone. */
export function addToTabletStats(txn: Transaction, fields: TabletStatsFields, delta: Partial<DetachedStats>): void {
  for (const name of COUNTER_NAMES) {
    const amount = delta[name];
    if (amount !== undefined) txn.add(COUNTERS[name].encode(fields), amount);
  }
}

/** Removes a tablet's statistics with their counters. */
export function removeTabletStats(txn: Transaction, fields: TabletStatsFields): void {
  const { begin, end } = tabletStatsRange(fields);
  txn.clearRange(begin, end);
}

/** The sum of both parts, as a message of its own. Its sizes and counts are always set. */
export function mergeTabletStats({ aggregated, detached }: TabletStats): TabletStatsPB {
  const merged = clone(TabletStatsPBSchema, aggregated);
  merged.dataSize = BigInt.asIntN(64, aggregated.dataSize + detached.data_size);
  merged.numRows = BigInt.asIntN(64, aggregated.numRows + detached.num_rows);
  merged.numRowsets = BigInt.asIntN(64, aggregated.numRowsets + detached.num_rowsets);
  merged.numSegments = BigInt.asIntN(64, aggregated.numSegments + detached.num_segments);
  return merged;
}

/** No additions at all. */
export function noDetachedStats(): DetachedStats {
  return { data_size: 0n, num_rows: 0n, num_rowsets: 0n, num_segments: 0n };
}

/** What the pairs after that of the statistics themselves hold. Throws a MalformedValueError. */
function detachedFromPairs(pairs: readonly KeyValue[]): DetachedStats {
  const detached = noDetachedStats();
  for (const pair of pairs) {
    const name = COUNTER_NAMES.find((each) => COUNTERS[each].decode(pair.key) !== undefined);
    // A newer service may count more than this one knows.
    if (name === undefined) continue;
    const value = counterFromValue(pair.value);
    if (value === undefined) throw new MalformedValueError(COUNTERS[name].name, pair.key);
    detached[name] = value;
  }
  return detached;
}

function parseAggregated(pair: KeyValue): TabletStatsPB {
  try {
    return fromBinary(TabletStatsPBSchema, pair.value);
  } catch (cause) {
    throw new MalformedValueError(keys.statsTablet.name, pair.key, { cause });
  }
}
