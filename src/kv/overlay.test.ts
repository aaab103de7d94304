import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ABSENT, Overlay, type PendingWrite } from './overlay.ts';

const KEYS = 'abcdefgh';
const key = fc.constantFrom(...KEYS);

type Step =
  | { kind: 'put'; key: string; value: number }
  | { kind: 'clear-range'; begin: string; end: string }
  /** Asks for the order, which is kept from then on. */
  | { kind: 'look' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key, value: fc.nat(9) }),
  fc.record({ kind: fc.constant('clear-range' as const), begin: key, end: key }),
  fc.record({ kind: fc.constant('look' as const) }),
);

test('shows the last write to each key, in order', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const overlay = new Overlay();
      const naive = new Map<string, PendingWrite>();
      const written = new Set<string>();
      for (const one of steps) {
        if (one.kind === 'put') {
          const write: PendingWrite = { kind: 'value', value: Uint8Array.of(one.value) };
          overlay.put(one.key, write);
          naive.set(one.key, write);
          written.add(one.key);
        } else if (one.kind === 'clear-range') {
          overlay.clearRange(one.begin, one.end);
          for (const inside of [...KEYS].filter((letter) => one.begin <= letter && letter < one.end)) {
            naive.set(inside, ABSENT);
            written.delete(inside);
          }
        } else {
          overlay.keysIn('a', 'z');
        }
      }
      for (const letter of KEYS) {
        expect(overlay.get(letter)).toEqual(naive.get(letter));
        expect(overlay.touches(letter, `${letter}\0`)).toBe(naive.has(letter));
      }
      expect(overlay.keysIn('c', 'g')).toEqual([...written].filter((one) => 'c' <= one && one < 'g').sort());
      expect([...overlay.writes()].map(([one]) => one)).toEqual([...written].sort());
      expect(overlay.empty).toBe(naive.size === 0);
    }),
  );
});
