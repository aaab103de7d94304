import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openInstance, rpc } from '../../../test/support/fuzz/domain.ts';
import { createTablets, type RowsetInit, rowsetOf, schemaOf, tabletOf } from '../../../test/support/tablets.ts';
import { keys } from '../../keys/key-table.ts';
import { readRecord, writeRecord } from '../../records/message-record.ts';
import { decodeFields } from '../../schema/encoded-fields.ts';
import { GetRowsetRequest_SchemaOp as SchemaOp } from '../../schema/gen/cloud/rowset_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { isSet } from '../../schema/presence.ts';

const TABLET = 1n;
const INDEX = 11n;
/** Of the schemas with variant columns. */
const VERSION = 2;
const instance_id = 'i';
const cloudUniqueId = '1:i:be';
let domain: Domain;

async function open(settings = {}): Promise<void> {
  domain = await openInstance({ settings });
  expect(await createTablets(domain, cloudUniqueId, [tabletOf(TABLET)])).toBe('OK');
}
beforeEach(() => open());
afterEach(() => domain.dispose());

const K = { uniqueId: 0, name: 'k', type: 'INT' };
const V = { uniqueId: 1, name: 'v', type: 'VARIANT' };
const A = { uniqueId: -1, name: 'v.a', type: 'INT', parentUniqueId: 1 };
const B = { uniqueId: -1, name: 'v.b', type: 'STRING', parentUniqueId: 1 };
const S = { uniqueId: -1, name: 'v.s', type: 'INT' };
const DECLARED_INDEX = { indexId: 5n, indexName: 'i' };
const INDEX_OF_A = { indexId: 5n, indexName: 'i', indexSuffixName: 'v.a', properties: { x: '1', y: '2' } };

function variant(txnId: bigint, schema: object, more: RowsetInit = {}): RowsetInit {
  return rowsetOf(txnId, TABLET, { tabletSchema: schemaOf(VERSION, schema), hasVariantTypeInSchema: true, ...more });
}

function commit(rowsetMeta: RowsetInit): Promise<string> {
  return domain.status(rpc.commit_rowset, { cloudUniqueId, rowsetMeta });
}

function temporary(txn_id: bigint) {
  const fields = { instance_id, txn_id, tablet_id: TABLET };
  return domain.store.transact((txn) => readRecord(txn, keys.metaRowsetTmp, fields));
}

async function dictionary(indexId = INDEX) {
  const answer = await domain.call(rpc.get_schema_dict, { cloudUniqueId, indexId });
  return decodeFields(rpc.get_schema_dict.response, answer).schemaDict;
}

async function names(): Promise<Record<string, string>> {
  const columns = Object.entries((await dictionary())?.columnDict ?? {});
  return Object.fromEntries(columns.map(([number, { name }]) => [number, name]));
}

async function numbersOf(txnId: bigint) {
  const { columnDictKeyList, sparseColumnDictKeyList, indexInfoDictKeyList } =
    (await temporary(txnId))?.schemaDictKeyList ?? {};
  return { columns: columnDictKeyList, sparse: sparseColumnDictKeyList, indexes: indexInfoDictKeyList };
}

describe('what variant columns bring', () => {
  test('is numbered from 1 in the order in which it comes, and the schema keeps what was declared', async () => {
    const column = [K, { ...V, sparseColumns: [S] }, A, B];
    expect(await commit(variant(5n, { column, index: [DECLARED_INDEX, INDEX_OF_A] }))).toBe('OK');
    expect(await names()).toEqual({ 1: 'v.a', 2: 'v.b', 3: 'v.s' });
    expect(await dictionary()).toMatchObject({
      currentColumnDictId: 3n,
      currentIndexDictId: 1n,
      columnDict: { 3: { parentUniqueId: 1, uniqueId: -1 } },
      indexDict: { 1: INDEX_OF_A },
    });
    expect(await numbersOf(5n)).toEqual({ columns: [1, 2], sparse: [3], indexes: [1] });
    const fields = { instance_id, index_id: INDEX, schema_version: VERSION };
    const stored = await domain.store.transact((txn) => readRecord(txn, keys.metaSchema, fields));
    expect(stored?.column.map(({ name }) => name)).toEqual(['k', 'v']);
    expect(await temporary(5n)).toMatchObject({ indexId: INDEX, schemaVersion: VERSION, hasVariantTypeInSchema: true });
  });

  test('keeps its number, and what is new goes on behind it', async () => {
    await commit(variant(5n, { column: [K, V, B], index: [INDEX_OF_A] }));
    const before = await dictionary();
    await commit(variant(6n, { column: [K, V, B], index: [INDEX_OF_A] }));
    expect(await dictionary()).toEqual(before);
    const properties = { y: '2', x: '1' };
    await commit(variant(7n, { column: [K, V, A, B, { ...B, name: 'v.c' }], index: [{ ...INDEX_OF_A, properties }] }));
    expect(await numbersOf(7n)).toEqual({ columns: [2, 1, 3], sparse: [], indexes: [1] });
    expect(await names()).toEqual({ 1: 'v.b', 2: 'v.a', 3: 'v.c' });
    expect((await dictionary())?.currentIndexDictId).toBe(1n);
  });

  test('may be nothing: then the rowset says so, and there is no dictionary', async () => {
    await commit(variant(5n, { column: [K, V] }));
    expect(await numbersOf(5n)).toEqual({ columns: [], sparse: [], indexes: [] });
    expect(isSet(await temporary(5n), 'schemaDictKeyList')).toBe(true);
    expect(await names()).toEqual({});
  });

  test('is one dictionary for each index', async () => {
    await commit(variant(5n, { column: [K, V, A] }));
    await commit(variant(6n, { column: [K, V, B] }, { indexId: 77n }));
    expect(await names()).toEqual({ 1: 'v.a' });
    expect((await dictionary(77n))?.columnDict).toMatchObject({ 1: { name: 'v.b' } });
  });

  test('is left to a backend that numbers it itself', async () => {
    const schemaDictKeyList = { columnDictKeyList: [7] };
    await commit(variant(5n, { column: [K, V] }, { schemaDictKeyList }));
    expect(await numbersOf(5n)).toEqual({ columns: [7], sparse: [], indexes: [] });
  });

  test('stays in the schema of rowsets that say nothing of variant columns', async () => {
    await commit(rowsetOf(5n, TABLET, { tabletSchema: schemaOf(3, { column: [K, V, A] }) }));
    expect(await names()).toEqual({});
    expect(isSet(await temporary(5n), 'schemaDictKeyList')).toBe(false);
  });
});

describe('a dictionary that would become too large is refused, and nothing is written', () => {
  async function refused(status: Promise<string>, expected: string): Promise<void> {
    const before = await domain.version();
    expect(await status).toBe(expected);
    expect(await domain.version()).toBe(before);
  }

  test('by its bytes', async () => {
    await domain.dispose();
    await open({ schema_dict_kv_size_limit: 1024 });
    const limit = 'reached the limited size threshold of SchemaDictKeyList 1024';
    await refused(
      commit(variant(5n, { column: [K, V, { ...A, name: 'n'.repeat(1024) }] })),
      `INVALID_ARGUMENT Failed to write dictionary for saving, txn_id=5, ${limit}`,
    );
  });

  test('by its columns', async () => {
    await domain.dispose();
    await open({ schema_dict_key_count_limit: 1 });
    expect(await commit(variant(5n, { column: [K, V, A] }))).toBe('OK');
    await refused(
      commit(variant(6n, { column: [K, V, A, B] })),
      'INVALID_ARGUMENT Reached max column size limit 1, txn_id=6',
    );
    expect(await commit(variant(6n, { column: [K, V, A] }))).toBe('OK');
  });
});

describe('a rowset that is answered', () => {
  /** Makes the rowset of a transaction visible, as it stands. */
  async function publish(txnId: bigint, version: bigint): Promise<void> {
    const rowset = await temporary(txnId);
    if (!rowset) throw new Error(`no rowset of ${txnId}`);
    const visible = Object.assign(rowset, { startVersion: version, endVersion: version });
    const fields = { instance_id, tablet_id: TABLET, version };
    await domain.store.transact(async (txn) => writeRecord(txn, keys.metaRowset, fields, visible));
  }

  async function get(schemaOp?: SchemaOp) {
    const known = { baseCompactionCnt: 0n, cumulativeCompactionCnt: 0n, cumulativePoint: 2n };
    const request = { cloudUniqueId, idx: { tabletId: TABLET }, ...known, startVersion: 2n, endVersion: -1n };
    const answer = await domain.call(rpc.get_rowset, { ...request, ...(schemaOp !== undefined && { schemaOp }) });
    return decodeFields(rpc.get_rowset.response, answer);
  }

  test.each([[undefined], [SchemaOp.FILL_WITH_DICT], [SchemaOp.NO_DICT]])(
    'has its schema back as it came, with schema_op %s',
    async (op) => {
      const column = [K, { ...V, sparseColumns: [S] }, A, B];
      await commit(variant(5n, { column, index: [DECLARED_INDEX, INDEX_OF_A] }));
      await commit(variant(6n, { column: [K, V, B] }));
      await publish(5n, 2n);
      await publish(6n, 3n);
      await publish(5n, 4n);
      const { rowsetMeta, schemaDict } = await get(op);
      const whole = { column: [K, { ...V, sparseColumns: [S] }, A, B], index: [DECLARED_INDEX, INDEX_OF_A] };
      expect(rowsetMeta).toMatchObject([
        { tabletSchema: whole },
        { tabletSchema: { column: [K, V, B], index: [DECLARED_INDEX] } },
        { tabletSchema: whole },
      ]);
      expect(schemaDict).toMatchObject({ columnDict: {}, indexDict: {} });
    },
  );

  test('has its declared schema where the caller takes the dictionary', async () => {
    await commit(variant(5n, { column: [K, V, A] }));
    await publish(5n, 2n);
    const { rowsetMeta, schemaDict } = await get(SchemaOp.RETURN_DICT);
    expect(rowsetMeta[0]?.tabletSchema?.column.map(({ name }) => name)).toEqual(['k', 'v']);
    expect(rowsetMeta[0]?.schemaDictKeyList?.columnDictKeyList).toEqual([1]);
    expect(schemaDict).toMatchObject({ columnDict: { 1: A }, currentColumnDictId: 1n });
  });

  test('has no dictionary beside it where no rowset needs one', async () => {
    await commit(rowsetOf(5n, TABLET));
    await publish(5n, 2n);
    expect(isSet(await get(SchemaOp.RETURN_DICT), 'schemaDict')).toBe(false);
  });

  test('whose part of the schema is gone is an error', async () => {
    await commit(variant(5n, { column: [K, V] }, { schemaDictKeyList: { columnDictKeyList: [7] } }));
    await publish(5n, 2n);
    const { status, rowsetMeta, stats } = await get();
    expect(status).toMatchObject({ code: MetaServiceCode.SCHEMA_DICT_NOT_FOUND });
    expect([rowsetMeta.length, stats?.numRowsets]).toEqual([0, 1n]);
  });

  test('that an update wrote keeps its declared schema, and is filled up all the same', async () => {
    await commit(variant(5n, { column: [K, V, A] }));
    const updated = variant(5n, { column: [K, V, A, B] }, { numRows: 99n });
    const answer = await domain.call(rpc.update_tmp_rowset, { cloudUniqueId, rowsetMeta: updated });
    expect(answer.existedRowsetMeta).toMatchObject({ numRows: 10n, schemaVersion: VERSION });
    const stored = await temporary(5n);
    expect(stored).toMatchObject({ numRows: 99n, tabletSchema: { column: [K, V] } });
    expect([isSet(stored, 'schemaVersion'), isSet(stored, 'indexId')]).toEqual([false, false]);
    expect(await numbersOf(5n)).toMatchObject({ columns: [1, 2] });
    await publish(5n, 2n);
    const { rowsetMeta } = await get();
    expect(rowsetMeta[0]?.tabletSchema?.column.map(({ name }) => name)).toEqual(['k', 'v', 'v.a', 'v.b']);
  });

  test('beside a refusal of another one has its whole schema, too', async () => {
    await commit(variant(5n, { column: [K, V, A] }));
    const other = variant(5n, { column: [K, V, B] }, { rowsetIdV2: 'other' });
    const { status, existedRowsetMeta } = await domain.call(rpc.commit_rowset, { cloudUniqueId, rowsetMeta: other });
    expect(status.code).toBe(MetaServiceCode.ALREADY_EXISTED);
    expect(existedRowsetMeta?.tabletSchema?.column.map(({ name }) => name)).toEqual(['k', 'v', 'v.a']);
    expect(await names()).toEqual({ 1: 'v.a' });
  });
});

test('a dictionary is asked for by its index', async () => {
  const status = (request: object) => domain.status(rpc.get_schema_dict, request);
  expect(await status({ cloudUniqueId })).toBe('INVALID_ARGUMENT missing index_id in request');
  expect(await status({ indexId: INDEX })).toBe('INVALID_ARGUMENT empty instance_id');
  expect(await dictionary(99n)).toMatchObject({ columnDict: {}, indexDict: {} });
});
