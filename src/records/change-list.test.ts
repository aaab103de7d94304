import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TemporaryStore, temporaryStore } from '../../test/support/kv/temporary-store.ts';
import { keys } from '../keys/key-table.ts';
import { type ChangeList, readChanges, writeChange } from './change-list.ts';
import { MalformedValueError } from './malformed-value.ts';

const kind = keys.systemNodeChanges;

describe('a change list', () => {
  let temporary: TemporaryStore;
  beforeEach(async () => {
    temporary = await temporaryStore();
  });
  afterEach(() => temporary.dispose());

  const read = (): Promise<ChangeList> => temporary.store.transact((txn) => readChanges(txn, kind, {}));
  const change = (subject: string): Promise<void> =>
    temporary.store.transact(async (txn) => writeChange(txn, kind, {}, await readChanges(txn, kind, {}), subject));

  test('says what was changed since a stamp', async () => {
    const never = await read();
    expect(never.stamp).toHaveLength(0);
    await change('a');
    const first = await read();
    for (const subject of ['b', 'ü', 'b']) await change(subject);
    const last = await read();
    expect(last.since(first.stamp)).toEqual(new Set(['b', 'ü']));
    expect(last.since(last.stamp)).toEqual(new Set());
    expect(first.since(last.stamp)).toBeUndefined();
    expect(last.since(never.stamp)).toBeUndefined();
    expect(Buffer.compare(first.stamp, last.stamp)).toBe(-1);
  });

  test('forgets the oldest of many changes', async () => {
    await change('first');
    const first = await read();
    for (let i = 0; i < 31; i++) await change(`${i}`);
    expect((await read()).since(first.stamp)?.size).toBe(31);
    await change('one more');
    expect((await read()).since(first.stamp)).toBeUndefined();
  });

  test('forgets what is beyond its length, but never the newest', async () => {
    const long = 'x'.repeat(1_900);
    await change(long);
    const first = await read();
    await change(`${long}1`);
    expect((await read()).since(first.stamp)).toEqual(new Set([`${long}1`]));
    await change(`${long}2`);
    expect((await read()).since(first.stamp)).toBeUndefined();
    await change('y'.repeat(5_000));
    const last = await read();
    expect(last.since(last.stamp)).toEqual(new Set());
  });

  test.each(['00', '00000000000000000001', '00000000000000000001000161ff', '000000000000000000010002' + '61'])(
    '%s is malformed',
    async (hex) => {
      const key = kind.encode({});
      await temporary.store.transact(async (txn) => txn.set(key, Buffer.from(hex, 'hex')));
      const damaged = await read();
      expect(() => damaged.since(Buffer.alloc(10, 0xff))).toThrow(MalformedValueError);
    },
  );
});
