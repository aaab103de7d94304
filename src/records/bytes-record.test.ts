import { expect, test } from 'vitest';
import { MemoryStore } from '../../test/keys/memory-store.ts';
import { keys } from '../keys/key-table.ts';
import type { Transaction } from '../kv/store.ts';
import { readBytes, scanBytes, sizeOfWriteBytes, writeBytes } from './bytes-record.ts';
import { MalformedValueError } from './malformed-value.ts';
import { removeRecord } from './message-record.ts';
import { CHUNK_BYTES } from './split-value.ts';

const kind = keys.metaDeleteBitmap;
const rowset = { instance_id: 'i', tablet_id: 1n, rowset_id: 'r' };

function filled(): { store: MemoryStore; txn: Transaction } {
  const store = new MemoryStore();
  const txn = store.begin();
  writeBytes(txn, kind, { ...rowset, version: 2n, segment_id: 0n }, Buffer.alloc(4 * CHUNK_BYTES + 1, 'a'));
  writeBytes(txn, kind, { ...rowset, version: 2n, segment_id: 1n }, Buffer.from('b'));
  writeBytes(txn, kind, { ...rowset, version: 3n, segment_id: 0n }, Buffer.alloc(CHUNK_BYTES, 'c'));
  writeBytes(txn, kind, { ...rowset, rowset_id: 's', version: 3n, segment_id: 0n }, Buffer.from('d'));
  return { store, txn };
}

test('bytes are put together from as many chunks as they need', async () => {
  const { store, txn } = filled();
  expect(store.pairs().length).toBe(5 + 1 + 1 + 1);
  const read = await readBytes(txn, kind, { ...rowset, version: 2n, segment_id: 0n });
  expect(read?.equals(Buffer.alloc(4 * CHUNK_BYTES + 1, 'a'))).toBe(true);
  removeRecord(txn, kind, { ...rowset, version: 2n, segment_id: 0n });
  expect(store.pairs().length).toBe(3);
});

test('no bytes are not stored', async () => {
  const { txn } = filled();
  writeBytes(txn, kind, { ...rowset, version: 2n, segment_id: 1n }, Buffer.alloc(0));
  expect(await readBytes(txn, kind, { ...rowset, version: 2n, segment_id: 1n })).toBeUndefined();
});

test('a scan gives each value once and whole', async () => {
  const { txn } = filled();
  const found: string[] = [];
  for await (const { fields, value } of scanBytes(txn, kind, kind.range(rowset))) {
    found.push(`${fields.version}/${fields.segment_id} ${value.length} ${value.subarray(0, 1)}`);
  }
  expect(found).toEqual([`2/0 ${4 * CHUNK_BYTES + 1} a`, '2/1 1 b', `3/0 ${CHUNK_BYTES} c`]);
});

test('a scan refuses keys of another kind', async () => {
  const { txn } = filled();
  txn.set(kind.prefix(rowset), Buffer.from('x'));
  const scan = scanBytes(txn, kind, kind.range(rowset));
  await expect(scan.next()).rejects.toThrow(MalformedValueError);
});

test.each([0, 1, CHUNK_BYTES, 4 * CHUNK_BYTES + 1])(
  'writing %i bytes takes as much of a transaction as is said',
  (length) => {
    let size = 0;
    const txn = {
      set: (key: Uint8Array, value: Uint8Array) => (size += key.length + value.length),
      clearRange: (begin: Uint8Array, end: Uint8Array) => (size += begin.length + end.length),
    } as unknown as Transaction;
    const fields = { ...rowset, version: 2n, segment_id: 0n };
    writeBytes(txn, kind, fields, Buffer.alloc(length));
    expect(sizeOfWriteBytes(kind, fields, Buffer.alloc(length))).toBe(size);
  },
);
