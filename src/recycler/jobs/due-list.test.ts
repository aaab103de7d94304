import { describe, expect, test } from 'vitest';
import { DueList } from './due-list.ts';

const any = () => true;

describe('who is due', () => {
  test('comes in the order in which they are, and not before', () => {
    const list = new DueList();
    for (const [id, at_ms] of Object.entries({ late: 30, early: 10, middle: 20 })) list.add(id, at_ms);
    expect(list.next(any)).toBe(10);
    expect(list.take(9, any)).toBeUndefined();
    expect([list.take(25, any), list.take(25, any), list.take(25, any)].map((due) => due?.instance_id)).toEqual([
      'early',
      'middle',
      undefined,
    ]);
    expect([list.size, list.has('late'), list.next(any)]).toEqual([1, true, 30]);
  });

  test('waits while it is not free, and lets others go first', () => {
    const list = new DueList();
    list.add('busy', 10);
    list.add('free', 20);
    const isFree = (id: string) => id !== 'busy';
    expect(list.next(isFree)).toBe(20);
    expect(list.take(30, isFree)?.instance_id).toBe('free');
    expect(list.take(30, isFree)).toBeUndefined();
    expect(list.take(30, any)?.instance_id).toBe('busy');
  });

  test('is so at the earlier of two times, and whoever asked last stays heard', () => {
    const list = new DueList();
    list.add('one', 50);
    list.add('one', 10, 7);
    list.add('one', 90);
    list.add('one', 90, 8);
    list.add('one', 90, 3);
    expect(list.take(10, any)).toEqual({ instance_id: 'one', at_ms: 10, asked_ms: 8 });
    expect(list.size).toBe(0);
  });
});
