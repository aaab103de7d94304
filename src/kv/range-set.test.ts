import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RangeSet } from './range-set.ts';

const KEYS = 'abcdefgh';
const bound = fc.constantFrom(...KEYS);

test('holds exactly the keys that were added, as few ranges that don’t touch', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(bound, bound), { maxLength: 12 }), (added) => {
      const set = new RangeSet();
      const naive = new Set<string>();
      for (const [begin, end] of added) {
        set.add(begin, end);
        for (const key of KEYS) {
          if (begin <= key && key < end) {
            naive.add(key);
          }
        }
      }
      for (const key of KEYS) {
        expect(set.contains(key)).toBe(naive.has(key));
        for (const end of KEYS) {
          const some = [...KEYS].some((one) => key <= one && one < end && naive.has(one));
          expect(set.intersects(key, end)).toBe(some);
        }
      }
      const ranges = set.ranges();
      expect(ranges.every(({ begin, end }) => begin < end)).toBe(true);
      expect(ranges.every(({ begin }, i) => i === 0 || (ranges[i - 1]?.end ?? '') < begin)).toBe(true);
      expect(set.empty).toBe(naive.size === 0);
    }),
  );
});
