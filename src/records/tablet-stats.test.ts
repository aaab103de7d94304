import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../test/keys/memory-store.ts';
import { keys } from '../keys/key-table.ts';
import { TabletStatsPBSchema } from '../schema/gen/cloud/tablet_stats_pb.ts';
import { isSet } from '../schema/presence.ts';
import { addToCounter, counterFromValue, readCounter, readCounters } from './counter.ts';
import { MalformedValueError } from './malformed-value.ts';
import { writeRecord } from './message-record.ts';
import { addToTabletStats, mergeTabletStats, readTabletStats, removeTabletStats } from './tablet-stats.ts';

const at = { instance_id: 'i', table_id: 1n, index_id: 2n, partition_id: 3n, tablet_id: 4n };
const aggregated = create(TabletStatsPBSchema, {
  idx: { tabletId: 4n },
  dataSize: -50n,
  numRowsets: 1n,
  cumulativePoint: 2n,
});

describe('counters', () => {
  const table = { instance_id: 'i', db_id: 1n, table_id: 2n };

  test('add up from nothing, below zero too', async () => {
    const txn = new MemoryStore().begin();
    expect(await readCounter(txn, keys.tableVersion, table)).toBeUndefined();
    addToCounter(txn, keys.tableVersion, table, 3n);
    addToCounter(txn, keys.tableVersion, table, -5n);
    expect(await readCounter(txn, keys.tableVersion, table)).toBe(-2n);
    expect(await readCounters(txn, keys.tableVersion, [{ ...table, table_id: 9n }, table])).toEqual([undefined, -2n]);
  });

  test('are eight bytes, the lowest first', async () => {
    expect(counterFromValue(Buffer.from('0102000000000000', 'hex'))).toBe(513n);
    expect(counterFromValue(Buffer.from('ffffffffffffffff', 'hex'))).toBe(-1n);
    expect(counterFromValue(Buffer.alloc(7))).toBeUndefined();
    const txn = new MemoryStore().begin();
    txn.set(keys.tableVersion.encode(table), Buffer.alloc(9));
    await expect(readCounter(txn, keys.tableVersion, table)).rejects.toThrow(MalformedValueError);
  });
});

describe("a tablet's statistics", () => {
  test('are those that were written and what was added since', async () => {
    const txn = new MemoryStore().begin();
    writeRecord(txn, keys.statsTablet, at, aggregated);
    writeRecord(txn, keys.statsTablet, { ...at, tablet_id: 5n }, create(TabletStatsPBSchema, { numRows: 99n }));
    addToTabletStats(txn, at, { data_size: 100n, num_rows: 10n, num_rowsets: 1n, num_segments: 2n });
    addToTabletStats(txn, at, { num_rowsets: 1n });
    const stats = await readTabletStats(txn, at);
    expect(stats?.detached).toEqual({ data_size: 100n, num_rows: 10n, num_rowsets: 2n, num_segments: 2n });
    expect(stats?.aggregated).toEqual(aggregated);
    expect(stats && mergeTabletStats(stats)).toMatchObject({
      idx: { tabletId: 4n },
      dataSize: 50n,
      numRows: 10n,
      numRowsets: 3n,
      numSegments: 2n,
      cumulativePoint: 2n,
    });
  });

  test('are set in the sum even where they are zero', async () => {
    const txn = new MemoryStore().begin();
    writeRecord(txn, keys.statsTablet, at, create(TabletStatsPBSchema));
    const stats = await readTabletStats(txn, at);
    const merged = stats && mergeTabletStats(stats);
    expect([isSet(merged, 'numRows'), isSet(merged, 'cumulativePoint')]).toEqual([true, false]);
    expect(isSet(stats?.aggregated, 'numRows'), 'what was read is left alone').toBe(false);
  });

  test('touch only the counters that are named', async () => {
    const store = new MemoryStore();
    addToTabletStats(store.begin(), at, { num_rowsets: 1n, num_rows: 0n });
    const written = [keys.statsTabletNumRows, keys.statsTabletNumRowsets].map((kind) => kind.encode(at));
    expect(store.pairs().map((pair) => pair.key)).toEqual(written);
  });

  test('are gone as a whole, and nothing else is', async () => {
    const store = new MemoryStore();
    const txn = store.begin();
    for (const tablet_id of [3n, 4n, 5n]) {
      writeRecord(txn, keys.statsTablet, { ...at, tablet_id }, aggregated);
      addToTabletStats(txn, { ...at, tablet_id }, { num_rowsets: 1n });
    }
    removeTabletStats(txn, at);
    expect(await readTabletStats(txn, at)).toBeUndefined();
    expect(store.pairs().length).toBe(4);
  });

  test('are malformed when only counters are left, or one is no number', async () => {
    const txn = new MemoryStore().begin();
    addToTabletStats(txn, at, { num_rowsets: 1n });
    await expect(readTabletStats(txn, at)).rejects.toThrow(MalformedValueError);
    writeRecord(txn, keys.statsTablet, at, aggregated);
    txn.set(keys.statsTabletNumRows.encode(at), Buffer.from('1'));
    await expect(readTabletStats(txn, at)).rejects.toThrow(MalformedValueError);
  });
});
