import { expect, test } from 'vitest';
import { peakHeap } from '../../../bench/recycler/peak-heap.ts';
import { INSTANCE_ID, pathOf, plantRecycled, VAULT } from '../../../bench/recycler/plant.ts';
import { recycleRowsets } from '../../../src/recycler/sweeps/recycle-rowsets.ts';
import { openDomain, rpc } from '../../support/fuzz/domain.ts';
import { storedPairs } from '../../support/fuzz/stored-pairs.ts';
import { MemoryBucket } from '../../support/objects/memory-bucket.ts';
import { MemoryObjectStore } from '../../support/objects/memory-object-store.ts';
import { runSweep } from '../../support/recycler/sweep-context.ts';

const ROWSETS = 100_000;
const MOST_HEAP_MIB = 250;

test('a hundred thousand rowsets go with their objects, and take little memory', async () => {
  const domain = await openDomain();
  try {
    expect(await domain.status(rpc.create_instance, { instanceId: INSTANCE_ID })).toBe('OK');
    const bucket = new MemoryBucket();
    const place = new MemoryObjectStore('memory', bucket, 'p');
    for (let i = 0; i < ROWSETS; i++) await place.put(pathOf(i), Buffer.from('data'));
    await plantRecycled(domain.store, ROWSETS);
    const heap = peakHeap();
    const { progress } = await runSweep(recycleRowsets, domain, {
      instance_id: INSTANCE_ID,
      stores: { [VAULT]: place },
    });
    expect(heap.stop()).toBeLessThan(MOST_HEAP_MIB);
    expect(progress.numbers).toMatchObject({ deleted: ROWSETS, failed: 0, objects: ROWSETS });
    expect(bucket.size).toBe(0);
    const left = (await storedPairs(domain.store)).filter(({ key }) => Buffer.from(key).includes('rowset'));
    expect(left).toEqual([]);
  } finally {
    await domain.dispose();
  }
});
