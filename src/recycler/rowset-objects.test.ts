import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataWorld, tabletsOf } from '../../test/support/recycler/data-world.ts';
import { RowsetStatePB as RowsetState } from '../schema/gen/olap/rowset_meta_pb.ts';
import { recycleRowsets } from './sweeps/recycle-rowsets.ts';
import { recycleTmpRowsets } from './sweeps/recycle-tmp-rowsets.ts';

const DAY = 24 * 3600;
const [tablet] = tabletsOf(1n, 1);
let world: DataWorld;

beforeEach(async () => {
  world = await DataWorld.open();
  await world.createIndex([tablet]);
});
afterEach(() => world.dispose());

describe('a rowset to which a partial update may have added segments', () => {
  const BEGUN = { rowsetState: RowsetState.BEGIN_PARTIAL_UPDATE };
  const pathOf = (txnId: bigint, segment: number) => `data/${tablet.tabletId}/r${txnId}_${segment}.dat`;

  test('goes with those that its metadata does not count, once it is replaced', async () => {
    const txnId = await world.load([tablet], BEGUN);
    await world.put(pathOf(txnId, 1));
    await world.compact(tablet, 2n, 2n, { rowsetIdV2: 'output' });
    world.now += DAY;
    const { progress } = await world.sweep(recycleRowsets);
    expect(progress.numbers).toMatchObject({ deleted: 1, objects: 2, failed: 0 });
    expect(world.paths).toEqual([`data/${tablet.tabletId}/output_0.dat`]);
  });

  test.each([0, 1])('goes with them when its load was aborted, and had written %i before', async (segments) => {
    const txnId = await world.begin(tablet.tableId);
    await world.write(world.rowset(txnId, tablet, { ...BEGUN, numSegments: BigInt(segments) }));
    await world.put(pathOf(txnId, segments));
    await world.abort(txnId);
    world.now += 30 * DAY;
    const { progress } = await world.sweep(recycleTmpRowsets);
    expect(progress.numbers).toMatchObject({ deleted: 1, objects: segments + 1, failed: 0 });
    expect(world.paths).toEqual([]);
  });
});
