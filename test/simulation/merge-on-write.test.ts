import { expect, test } from 'vitest';
import { TxnStatusPB } from '../../src/schema/gen/cloud/txn_pb.ts';
import { checkObserved } from '../support/simulation/checks.ts';
import { bitmapsOf, type DeleteBitmap, rowsWrittenAgain } from '../support/simulation/delete-bitmap.ts';
import { mergedRows } from '../support/simulation/merged-rows.ts';
import { Model, newPart, newPartition, newTable, newTablet } from '../support/simulation/model.ts';
import type { Observed } from '../support/simulation/observed.ts';
import { keysSeenTwice, type Segments, visibleRows } from '../support/simulation/rows.ts';

const row = (key: number, value: string) => ({ key, value });
const bitmap = (rowset_id: string, version: bigint, segment: number, ...rows: number[]): DeleteBitmap => ({
  ...{ rowset_id, version, segment, rows },
});

/** Two loads to a tablet, of which the second writes key 1 again, and what a sound service shows of them. */
function twoLoads() {
  const model = new Model();
  const table = newTable(model.newId(), true);
  const partition = newPartition(model, table);
  const tablet = newTablet(model, { id: model.newId(), dropped: false }, partition, true);
  partition.tablets.push(tablet);
  table.partitions.push(partition);
  model.tables.push(table);
  model.rows.set('a', [[row(1, 'first'), row(2, 'first')]]);
  model.rows.set('b', [[row(1, 'second')], [row(3, 'second')]]);
  for (const [i, rowset_id] of ['a', 'b'].entries()) {
    const id = model.newId();
    const part = newPart(id, [partition]);
    part.rowsets.push({ rowset_id, tablet, txn_id: id });
    part.versions.set(partition, BigInt(i + 2));
    const load = { id, label: rowset_id, table, routine_rows: 0n, parts: [part] };
    model.loads.set(id, { ...load, outcome: 'visible', forgotten: false });
  }
  const sized = { dataDiskSize: 0n, numRows: 0n, numSegments: 0n };
  const rowset = (rowset_id: string, start: bigint, end: bigint) => ({
    ...{ rowset_id, startVersion: start, endVersion: end },
    ...sized,
  });
  const status = TxnStatusPB.TXN_STATUS_VISIBLE;
  const observed = (...bitmaps: DeleteBitmap[]): Observed => ({
    tables: new Map([[table.id, { version: 2n, routine_rows: 0n }]]),
    versions: new Map([[partition.id, 3n]]),
    rowsets: new Map([[tablet.id, [rowset('', 0n, 1n), rowset('a', 2n, 2n), rowset('b', 3n, 3n)]]]),
    stats: new Map([[tablet.id, { dataSize: 0n, numRows: 0n, numRowsets: 3n, numSegments: 0n }]]),
    txns: new Map([...model.loads.values()].map(({ id, label }) => [id, { id, label, status }])),
    bitmaps: new Map([[tablet.id, bitmaps]]),
  });
  return { model, tablet, observed };
}

test.each<[string, DeleteBitmap[], string[]]>([
  ['nothing of a tablet with the last row of each key', [bitmap('a', 3n, 0, 0)], []],
  ['a delete bitmap that is lost', [], ['key 1 is visible twice']],
  ['one of a version that comes later', [bitmap('a', 4n, 0, 0)], ['key 1 is visible twice']],
  ['one of the wrong row', [bitmap('a', 3n, 0, 1)], ['key 1 is visible twice', 'key 2 is lost instead of first']],
  ['one of the new rows', [bitmap('b', 3n, 0, 0)], ['key 1 is first instead of second']],
  ['one too many', [bitmap('a', 3n, 0, 0), bitmap('b', 3n, 1, 0)], ['key 3 is lost instead of second']],
])('the checks find %s', (_, bitmaps, problems) => {
  const { model, tablet, observed } = twoLoads();
  const where = `tablet ${tablet.id} of partition ${tablet.partition.id}: `;
  expect(checkObserved(model, observed(...bitmaps))).toEqual(problems.map((problem) => where + problem));
});

test('the checks find a row that nobody wrote, and a transaction that was to be forgotten', () => {
  const { model, observed } = twoLoads();
  const [first] = model.loads.values();
  if (first !== undefined) first.outcome = 'aborted';
  expect(checkObserved(model, observed(bitmap('a', 3n, 0, 0))).join('\n')).toContain('key 2 was written by nobody');
  if (first !== undefined) first.forgotten = true;
  expect(checkObserved(model, observed()).join('\n')).toContain(
    `transaction ${first?.id} is there, though its label was cleaned`,
  );
});

test('of a key that is in several segments of a rowset, the last one stays', () => {
  const segments: Segments = [[row(1, 'x'), row(2, 'x')], [row(2, 'y')], [row(1, 'z'), row(2, 'z')]];
  const bitmaps = bitmapsOf(rowsWrittenAgain('a', segments, 2n));
  const rows = new Map([['a', segments]]);
  expect(keysSeenTwice(visibleRows(rows, ['a'], bitmaps, 1n))).toEqual([2, 1]);
  expect(visibleRows(rows, ['a'], bitmaps, 2n).map(({ value }) => value)).toEqual(['z', 'z']);
});

test('a compaction leaves out what is deleted, and finds what is deleted later in its output', () => {
  const { model, tablet } = twoLoads();
  const inputs = [
    { rowsetIdV2: 'a', endVersion: 2n },
    { rowsetIdV2: 'b', endVersion: 3n },
  ];
  const merged = mergedRows(model, { tablet, bitmaps: [bitmap('a', 3n, 0, 0)] }, inputs);
  expect(merged?.segments).toEqual([[row(1, 'second'), row(2, 'first'), row(3, 'second')]]);
  const later = [bitmap('a', 3n, 0, 0), bitmap('a', 5n, 0, 1), bitmap('b', 6n, 1, 0), bitmap('c', 6n, 0, 0)];
  expect(merged?.deletedOf('out', later)).toEqual([
    { rowset_id: 'out', segment: 0, row: 1, version: 5n },
    { rowset_id: 'out', segment: 0, row: 2, version: 6n },
  ]);
});
