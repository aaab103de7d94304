import { toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Entry,
  openBitmaps,
  TABLET,
  type TestBitmaps,
  versionsOf,
  type Wanted,
} from '../../../test/support/bitmaps.ts';
import { rpc } from '../../../test/support/fuzz/domain.ts';
import { keys } from '../../keys/key-table.ts';
import { writeBytes } from '../../records/bytes-record.ts';
import { GetDeleteBitmapResponseSchema } from '../../schema/gen/cloud/delete_bitmap_pb.ts';

let bitmaps: TestBitmaps;
beforeAll(async () => {
  bitmaps = await openBitmaps();
});
afterAll(() => bitmaps.domain.dispose());

const ROWSETS = ['', 'a', 'a\u0000', 'aa', 'ab', 'b', '\uff5e', '\u{1f600}', 'z'];
const versions = fc.bigInt({ min: -1n, max: 4n });
const bitmap = fc.tuple(fc.constantFrom(...ROWSETS), versions, fc.nat({ max: 2 }));
const wanted: fc.Arbitrary<Wanted> = fc.tuple(fc.constantFrom(...ROWSETS), versions, versions);

test('whatever is asked for, in whatever order and however often, all of it is found and nothing else', async () => {
  let tablet = 1_000n;
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(bitmap, { maxLength: 25, selector: String }),
      fc.array(wanted, { maxLength: 30 }),
      async (stored, asked) => {
        tablet += 3n;
        await store(tablet, stored);
        expect(await found(tablet, asked)).toEqual(asked.flatMap((one) => expected(stored, one)));
      },
    ),
    { numRuns: 200 },
  );
});

type Stored = readonly [rowset: string, version: bigint, segment: number];

async function store(tablet_id: bigint, stored: readonly Stored[]): Promise<void> {
  await bitmaps.domain.store.transact(async (txn) => {
    // What stands beside the tablet is not to be found.
    for (const tablet of [tablet_id - 1n, tablet_id, tablet_id + 1n]) {
      for (const [rowset_id, version, segment] of tablet === tablet_id ? stored : [['a', 1n, 0] as const]) {
        const fields = { instance_id: 'i', tablet_id: tablet, rowset_id, version, segment_id: BigInt(segment) };
        writeBytes(txn, keys.metaDeleteBitmap, fields, Buffer.from(`${rowset_id}/${version}/${segment}`));
      }
    }
  });
}

function expected(stored: readonly Stored[], [rowset, begin, end]: Wanted): Entry[] {
  const matching = stored.filter(([id, version]) => id === rowset && version >= begin && version <= end);
  const inOrder = matching.toSorted((one, other) => Number(one[1] - other[1]) || one[2] - other[2]);
  return inOrder.map(([id, version, segment]) => [id, version, segment, `${id}/${version}/${segment}`]);
}

async function found(tabletId: bigint, asked: readonly Wanted[]): Promise<Entry[]> {
  const answer = await bitmaps.domain.call(rpc.get_delete_bitmap, { ...TABLET, tabletId, ...versionsOf(asked) });
  const textOf = (i: number) => Buffer.from(answer.segmentDeleteBitmaps[i] ?? []).toString();
  return answer.rowsetIds.map((id, i) => [id, answer.versions[i] ?? -9n, answer.segmentIds[i] ?? -9, textOf(i)]);
}

test('what takes many transactions to read is the same as in one', async () => {
  const stored = Array.from({ length: 30 }, (_, i): Entry => [`r${i % 3}`, 2n, i, String(i % 10).repeat(900_000)]);
  for (const entry of stored) await bitmaps.update([entry], { lockId: 5n, unlock: true });
  const answer = await bitmaps.domain.call(rpc.get_delete_bitmap, {
    ...TABLET,
    ...versionsOf([
      ['r2', 0n, 9n],
      ['none', 0n, 9n],
      ['r0', 0n, 9n],
    ]),
  });
  const expectedOf = (rowset: string) => stored.filter(([id]) => id === rowset);
  const all = [...expectedOf('r2'), ...expectedOf('r0')];
  expect(answer.segmentIds).toEqual(all.map(([, , segment]) => segment));
  expect(answer.segmentDeleteBitmaps.map((bytes) => Buffer.from(bytes).toString())).toEqual(
    all.map(([, , , text]) => text),
  );
  expect(toBinary(GetDeleteBitmapResponseSchema, answer).length).toBeGreaterThan(16 * 1024 * 1024);
});
