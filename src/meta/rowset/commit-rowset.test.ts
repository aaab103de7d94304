import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openInstance, rpc } from '../../../test/support/fuzz/domain.ts';
import { createTablets, type RowsetInit, rowsetOf, schemaOf, tabletOf } from '../../../test/support/tablets.ts';
import { keys } from '../../keys/key-table.ts';
import { readRecord, recordExists, writeRecord } from '../../records/message-record.ts';
import { RecycleRowsetPB_Type } from '../../schema/gen/cloud/rowset_pb.ts';
import { isSet } from '../../schema/presence.ts';

const NOW = 1_700_000_000;
const TXN = 5n;
const TABLET = 1n;
const instance_id = 'i';
const cloudUniqueId = '1:i:be';
let domain: Domain;
beforeEach(async () => {
  domain = await openInstance({ now: () => NOW });
  expect(await createTablets(domain, cloudUniqueId, [tabletOf(TABLET)])).toBe('OK');
});
afterEach(() => domain.dispose());

function prepare(rowsetMeta?: RowsetInit) {
  return domain.call(rpc.prepare_rowset, { cloudUniqueId, ...(rowsetMeta && { rowsetMeta }) });
}

function commit(rowsetMeta?: RowsetInit) {
  return domain.call(rpc.commit_rowset, { cloudUniqueId, ...(rowsetMeta && { rowsetMeta }) });
}

function temporary(tablet_id = TABLET) {
  return domain.store.transact((txn) => readRecord(txn, keys.metaRowsetTmp, { instance_id, txn_id: TXN, tablet_id }));
}

function prepared(rowset_id: string) {
  return domain.store.transact((txn) =>
    readRecord(txn, keys.recycleRowset, { instance_id, tablet_id: TABLET, rowset_id }),
  );
}

async function refused<Answer extends { status: { code: number; msg: string } }>(
  work: Promise<Answer>,
  expected: string | RegExp,
): Promise<Answer> {
  const before = await domain.version();
  const answer = await work;
  expect(answer.status.code).not.toBe(0);
  expect(answer.status.msg).toMatch(expected);
  expect(await domain.version()).toBe(before);
  return answer;
}

/** A rowset that names a schema instead of bringing it. */
function bare(more: RowsetInit): RowsetInit {
  const { tabletSchema: _, ...rowset } = rowsetOf(TXN, TABLET);
  return { ...rowset, ...more };
}

describe('a prepared rowset', () => {
  test('can be found by whoever reclaims files, until it is committed', async () => {
    expect((await prepare(rowsetOf(TXN, TABLET, { rowsetIdV2: 'a' }))).status.code).toBe(0);
    const found = await prepared('a');
    expect(found).toMatchObject({
      type: RecycleRowsetPB_Type.PREPARE,
      creationTime: BigInt(NOW),
      expiration: 4_102_444_800n,
      rowsetMeta: { txnId: TXN, numRows: 10n },
    });
    expect(isSet(found?.rowsetMeta, 'tabletSchema')).toBe(false);
    await commit(rowsetOf(TXN, TABLET, { rowsetIdV2: 'a' }));
    expect(await prepared('a')).toBeUndefined();
  });

  test('is written anew until it is committed, and refused from then on', async () => {
    await prepare(rowsetOf(TXN, TABLET, { rowsetIdV2: 'a' }));
    await prepare(rowsetOf(TXN, TABLET, { rowsetIdV2: 'a', numRows: 99n }));
    expect((await prepared('a'))?.rowsetMeta?.numRows).toBe(99n);
    await commit(rowsetOf(TXN, TABLET, { rowsetIdV2: 'a' }));
    const { existedRowsetMeta } = await refused(
      prepare(rowsetOf(TXN, TABLET, { rowsetIdV2: 'a' })),
      'rowset already exists',
    );
    expect(existedRowsetMeta).toMatchObject({ rowsetIdV2: 'a', indexId: 11n, tabletSchema: { schemaVersion: 0 } });
  });
});

describe('a committed rowset', () => {
  test('is kept for its transaction, its schema apart', async () => {
    expect((await commit(rowsetOf(TXN, TABLET, { tabletSchema: schemaOf(4) }))).status.code).toBe(0);
    const rowset = await temporary();
    expect(rowset).toMatchObject({ numRows: 10n, indexId: 11n, schemaVersion: 4 });
    expect(isSet(rowset, 'tabletSchema')).toBe(false);
    const schema = { instance_id, index_id: 11n, schema_version: 4 };
    expect(await domain.store.transact((txn) => recordExists(txn, keys.metaSchema, schema))).toBe(true);
  });

  test('of an index that it names needs no tablet', async () => {
    await commit(rowsetOf(TXN, 99n, { indexId: 77n }));
    expect(await temporary(99n)).toMatchObject({ indexId: 77n });
    await commit({ ...bare({ tabletId: 98n, schemaVersion: 3 }) });
    expect(await temporary(98n)).toMatchObject({ schemaVersion: 3 });
    expect(isSet(await temporary(98n), 'indexId')).toBe(false);
  });

  test('changes nothing when it comes again, whatever it says now', async () => {
    await commit(rowsetOf(TXN, TABLET));
    const before = await domain.version();
    const answer = await commit(rowsetOf(TXN, TABLET, { numRows: 99n }));
    expect(answer.status.code).toBe(0);
    expect(answer.existedRowsetMeta).toBeUndefined();
    expect(await domain.version()).toBe(before);
  });

  test('keeps out another one of the same transaction, with the schema of the request where the versions agree', async () => {
    await commit(rowsetOf(TXN, TABLET));
    const column = [{ uniqueId: 8, name: 'of the request', type: 'INT' }];
    const agreeing = await refused(
      commit(rowsetOf(TXN, TABLET, { rowsetIdV2: 'b', tabletSchema: schemaOf(0, { column }) })),
      'rowset already exists',
    );
    expect(agreeing.existedRowsetMeta).toMatchObject({ rowsetIdV2: 'rowset 5 of 1', tabletSchema: { column } });
    const { existedRowsetMeta } = await refused(
      commit(rowsetOf(TXN, TABLET, { rowsetIdV2: 'b', tabletSchema: schemaOf(1, { column }) })),
      'rowset already exists',
    );
    expect(existedRowsetMeta?.tabletSchema?.column.map(({ name }) => name)).toEqual(['k', 'v']);
  });

  test('is answered as far as it is known', async () => {
    await commit(bare({ schemaVersion: 9, indexId: 11n }));
    const missing = await refused(commit(bare({ schemaVersion: 9, rowsetIdV2: 'b' })), /schema_version=9: not found/);
    expect(missing.existedRowsetMeta).toMatchObject({ schemaVersion: 9, indexId: 11n });
    await domain.store.transact(async (txn) => {
      const fields = { instance_id, txn_id: TXN, tablet_id: TABLET };
      const rowset = await readRecord(txn, keys.metaRowsetTmp, fields, { editable: true });
      if (rowset) writeRecord(txn, keys.metaRowsetTmp, { ...fields, tablet_id: 99n }, rowset);
    });
    const other = await refused(commit(bare({ tabletId: 99n, schemaVersion: 0, rowsetIdV2: 'b' })), /not found/);
    expect(other.existedRowsetMeta).toMatchObject({ rowsetIdV2: 'rowset 5 of 1' });
  });
});

describe.each([
  ['prepare_rowset', rpc.prepare_rowset],
  ['commit_rowset', rpc.commit_rowset],
])('%s refuses', (_name, method) => {
  test('requests without a rowset before it looks at the caller', async () => {
    await refused(domain.call(method, {}), 'no rowset meta');
    await refused(domain.call(method, { rowsetMeta: rowsetOf(TXN, TABLET) }), 'empty instance_id');
  });

  test('rowsets without a schema', () =>
    refused(domain.call(method, { cloudUniqueId, rowsetMeta: bare({}) }), 'must have either schema or schema_version'));
});

test('a rowset with a schema of a tablet that is not there is refused', () =>
  refused(commit(rowsetOf(TXN, 99n)), /^failed to get tablet_idx, err=KeyNotFound tablet_id=99 /).then(
    ({ existedRowsetMeta }) => expect(existedRowsetMeta).toBeUndefined(),
  ));
