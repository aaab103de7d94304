import { expect, test } from 'vitest';
import { ByteBudget } from './byte-budget.ts';

const KIB = 1024;

test('a request finds room as long as all of them fit', () => {
  const budget = new ByteBudget(1024 * KIB);
  expect(budget.take(1000 * KIB)).toBe(true);
  expect(budget.take(25 * KIB)).toBe(false);
  expect(budget.take(24 * KIB)).toBe(true);
  budget.giveBack(1000 * KIB);
  expect(budget.used).toBe(24 * KIB);
  expect(budget.take(1000 * KIB)).toBe(true);
});

test('when large requests have taken all, those that hold little find room, up to an eighth more', () => {
  const budget = new ByteBudget(1024 * KIB);
  expect(budget.take(1024 * KIB)).toBe(true);
  // One that is large has it no easier for coming bit by bit.
  expect(budget.take(1 * KIB, 16 * KIB)).toBe(false);
  for (let taken = 0; taken < 128; taken += 16)
    expect(budget.take(8 * KIB, 8 * KIB) && budget.take(8 * KIB)).toBe(true);
  expect(budget.take(1)).toBe(false);
});
