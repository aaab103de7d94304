import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Entry, openBitmaps, TABLET, type TestBitmaps, versionsOf } from '../../../test/support/bitmaps.ts';
import { rpc } from '../../../test/support/fuzz/domain.ts';
import { newSeed, Random } from '../../../test/support/random.ts';

const ROWSETS = ['r', 'r1', 'r10', 'r\0', ''];
const LOCKS = [5n, 6n, -1n, -2n];

let bitmaps: TestBitmaps;
beforeEach(async () => {
  bitmaps = await openBitmaps();
});
afterEach(() => bitmaps.domain.dispose());

/** What a tablet should have, by what its updates promise. */
class Model {
  readonly stored = new Map<string, Entry>();
  pending: readonly Entry[] = [];

  update(lockId: bigint, unlock: boolean, entries: readonly Entry[]): void {
    if (!unlock) for (const entry of this.pending) this.stored.delete(placeOf(entry));
    if (lockId > 0n) this.pending = entries;
    for (const entry of entries) {
      if (entry[3] === '') this.stored.delete(placeOf(entry));
      else this.stored.set(placeOf(entry), entry);
    }
  }

  remove(rowset: string, begin: bigint, end: bigint): void {
    for (const entry of this.in(rowset, begin, end)) this.stored.delete(placeOf(entry));
  }

  /** In the order in which they are answered. */
  in(rowset: string, begin: bigint, end: bigint): Entry[] {
    const found = [...this.stored.values()].filter(
      ([of, version]) => of === rowset && version >= begin && version <= end,
    );
    return found.sort((a, b) => Number(a[1] - b[1]) || a[2] - b[2]);
  }
}

function placeOf([rowset, version, segment]: Entry): string {
  return JSON.stringify([rowset, String(version), segment]);
}

function randomEntry(random: Random): Entry {
  const length = random.weighted([
    [1, 0],
    [8, 3],
    [1, 90_000],
    [1, 200_001],
  ]);
  const bitmap = String.fromCharCode(97 + random.int(26)).repeat(length);
  return [random.pick(ROWSETS), BigInt(random.int(5)), random.int(3), bitmap];
}

test('whatever updates and removals a tablet has seen, it has the bitmaps that they left', async () => {
  const random = new Random(newSeed());
  const model = new Model();
  for (let i = 0; i < 80; i++) {
    const rowset = random.pick(ROWSETS);
    const [begin = 0n, end = 0n] = [random.int(5), random.int(5)].sort().map(BigInt);
    if (random.chance(0.2)) {
      const request = { ...TABLET, ...versionsOf([[rowset, begin, end]]) };
      expect(await bitmaps.domain.status(rpc.remove_delete_bitmap, request)).toBe('OK');
      model.remove(rowset, begin, end);
    } else {
      const entries = Array.from({ length: random.int(6) }, () => randomEntry(random));
      const unlock = random.chance(0.3);
      const lockId = unlock ? random.pick([-3n, ...LOCKS]) : random.pick(LOCKS);
      if (!unlock) await bitmaps.lock(lockId);
      expect(await bitmaps.update(entries, { lockId, unlock })).toBe('OK');
      model.update(lockId, unlock, entries);
    }
    const all = ROWSETS.map((each) => [each, 0n, 9n] as const);
    expect(await bitmaps.get(...all)).toEqual(all.flatMap((each) => model.in(...each)));
    expect(await bitmaps.get([rowset, begin, end])).toEqual(model.in(rowset, begin, end));
  }
});
