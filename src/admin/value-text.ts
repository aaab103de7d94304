import { create, type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import { parseKeyParts } from '../keys/codec.ts';
import type { KeyType } from '../keys/key-types.ts';
import type { KeyValue } from '../kv/store.ts';
import { VERSIONSTAMP_BYTES } from '../kv/store.ts';
import { counterFromValue } from '../records/counter.ts';
import { keepMatchingFields } from '../records/matching-fields.ts';
import { type DetachedStats, mergeTabletStats, noDetachedStats } from '../records/tablet-stats.ts';
import { txnIdFromVersionstamp } from '../records/txn-id.ts';
import { missingRequired } from '../schema/check-required.ts';
import { TabletStatsPBSchema } from '../schema/gen/cloud/tablet_stats_pb.ts';
import { writeProtobufJson } from '../schema/json/write-protobuf-json.ts';

/** Prints what the pairs of a value hold, as the key type says; undefined when they don't hold such a value. */
export function describeValue(type: KeyType, pairs: readonly KeyValue[]): string | undefined {
  switch (type.reader) {
    case 'message':
      return type.schema && describeMessage(type.schema, Buffer.concat(pairs.map((pair) => pair.value)));
    case 'label':
      return type.schema && describeLabel(type.schema, pairs);
    case 'tablet statistics':
      return describeTabletStats(pairs);
    case 'bitmap':
      return describeBitmap(Buffer.concat(pairs.map((pair) => pair.value)));
  }
}

function describeMessage(schema: DescMessage, value: Uint8Array): string | undefined {
  const { bytes, whole } = keepMatchingFields(schema, value);
  if (!whole) return undefined;
  const message = fromBinary(schema, bytes);
  return missingRequired(schema, message) === undefined ? writeProtobufJson(schema, message) : undefined;
}

/** The message, and a line with the transaction id that the stamp behind it makes. */
function describeLabel(schema: DescMessage, pairs: readonly KeyValue[]): string | undefined {
  const [pair, ...others] = pairs;
  if (pair === undefined || others.length > 0 || pair.value.length < VERSIONSTAMP_BYTES) return undefined;
  const length = pair.value.length - VERSIONSTAMP_BYTES;
  const txnId = txnIdFromVersionstamp(pair.value.subarray(length));
  const message = describeMessage(schema, pair.value.subarray(0, length));
  return txnId === undefined || message === undefined ? undefined : `${message}\ntxn_id=${txnId}`;
}

/** Two hex digits for the first byte, and as many as it takes for each other one: that is what the reference prints. */
function describeBitmap(value: Buffer): string | undefined {
  const [first, ...others] = value;
  if (first === undefined) return undefined;
  return first.toString(16).padStart(2, '0') + others.map((byte) => byte.toString(16)).join('');
}

/** The statistics as they are stored, what the counters hold, and the sum of both, a line each. */
function describeTabletStats(pairs: readonly KeyValue[]): string {
  const [first, ...counters] = pairs;
  if (first === undefined) return 'stats_kvs not found\n';
  const aggregated = fromBinary(TabletStatsPBSchema, keepMatchingFields(TabletStatsPBSchema, first.value).bytes);
  const lines = [`aggregated_stats: ${writeProtobufJson(TabletStatsPBSchema, aggregated)}\n`];
  const detached = readCounters(counters);
  if (typeof detached === 'number') {
    lines.push(`failed to get detached_stats, ret=${detached}\n`);
  } else {
    const nothing: MessageShape<typeof TabletStatsPBSchema> = create(TabletStatsPBSchema);
    const alone = mergeTabletStats({ aggregated: nothing, detached });
    lines.push(`detached_stats: ${writeProtobufJson(TabletStatsPBSchema, alone)}\n`);
    const merged = mergeTabletStats({ aggregated, detached });
    lines.push(`merged_stats: ${writeProtobufJson(TabletStatsPBSchema, merged)}\n`);
  }
  return lines.join('');
}

const COUNTER_KEY_PARTS = 8;
const NOT_A_COUNTER_KEY = -1;
const NO_COUNTER_NAME = -2;
const NOT_A_COUNTER = -3;

/**
 * What the pairs after the statistics count, or the reference's number for what is wrong with one of them. Here the pairs
 * may be any that share a prefix, so the keys are looked at by their parts alone.
 */
function readCounters(pairs: readonly KeyValue[]): DetachedStats | number {
  const detached = noDetachedStats();
  for (const pair of pairs) {
    const parts = parseKeyParts(pair.key);
    if ('problem' in parts || parts.value.length !== COUNTER_KEY_PARTS) return NOT_A_COUNTER_KEY;
    const name = parts.value.at(-1);
    if (name?.type !== 'bytes') return NO_COUNTER_NAME;
    const count = counterFromValue(pair.value);
    if (count === undefined) return NOT_A_COUNTER;
    const field = COUNTER_FIELDS.get(name.value.toString('latin1'));
    if (field !== undefined) detached[field] = count;
  }
  return detached;
}

const COUNTER_FIELDS: ReadonlyMap<string, keyof DetachedStats> = new Map([
  ['data_size', 'data_size'],
  ['num_rows', 'num_rows'],
  ['num_rowsets', 'num_rowsets'],
  ['num_segs', 'num_segments'],
]);
