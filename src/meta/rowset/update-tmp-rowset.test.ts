import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Domain, openInstance, rpc } from '../../../test/support/fuzz/domain.ts';
import { createTablets, type RowsetInit, rowsetOf, schemaOf, tabletOf } from '../../../test/support/tablets.ts';
import { keys } from '../../keys/key-table.ts';
import { readRecord, recordExists } from '../../records/message-record.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { isSet } from '../../schema/presence.ts';

const TXN = 5n;
const TABLET = 1n;
const instance_id = 'i';
const cloudUniqueId = '1:i:be';
let domain: Domain;
beforeEach(async () => {
  domain = await openInstance();
  expect(await createTablets(domain, cloudUniqueId, [tabletOf(TABLET)])).toBe('OK');
});
afterEach(() => domain.dispose());

function update(rowsetMeta?: RowsetInit) {
  return domain.call(rpc.update_tmp_rowset, { cloudUniqueId, ...(rowsetMeta && { rowsetMeta }) });
}

async function refused(work: ReturnType<typeof update>, code: MetaServiceCode, msg: string): Promise<void> {
  const before = await domain.version();
  const answer = await work;
  expect(answer.status).toMatchObject({ code, msg });
  expect(answer.existedRowsetMeta).toBeUndefined();
  expect(await domain.version()).toBe(before);
}

test('an update takes the whole place of a rowset, which is answered as it was', async () => {
  await domain.call(rpc.commit_rowset, { cloudUniqueId, rowsetMeta: rowsetOf(TXN, TABLET, { resourceId: 'r' }) });
  const answer = await update(rowsetOf(TXN, TABLET, { rowsetIdV2: 'other', numRows: 99n, tabletSchema: schemaOf(3) }));
  expect(answer.status.code).toBe(MetaServiceCode.OK);
  expect(answer.existedRowsetMeta).toMatchObject({ rowsetIdV2: 'rowset 5 of 1', numRows: 10n, resourceId: 'r' });
  const fields = { instance_id, txn_id: TXN, tablet_id: TABLET };
  const stored = await domain.store.transact((txn) => readRecord(txn, keys.metaRowsetTmp, fields));
  expect(stored).toMatchObject({ rowsetIdV2: 'other', numRows: 99n, tabletSchema: { schemaVersion: 3 } });
  expect([isSet(stored, 'resourceId'), isSet(stored, 'schemaVersion')]).toEqual([false, false]);
  const schema = { instance_id, index_id: 11n, schema_version: 3 };
  expect(await domain.store.transact((txn) => recordExists(txn, keys.metaSchema, schema))).toBe(false);
});

test('the schema that an updated rowset keeps is answered to another one of its transaction', async () => {
  await domain.call(rpc.commit_rowset, { cloudUniqueId, rowsetMeta: rowsetOf(TXN, TABLET) });
  await update(rowsetOf(TXN, TABLET, { tabletSchema: schemaOf(3) }));
  const rowsetMeta = rowsetOf(TXN, TABLET, { rowsetIdV2: 'other' });
  const { status, existedRowsetMeta } = await domain.call(rpc.commit_rowset, { cloudUniqueId, rowsetMeta });
  expect(status.code).toBe(MetaServiceCode.ALREADY_EXISTED);
  expect(existedRowsetMeta).toMatchObject({ indexId: 11n, schemaVersion: 3, tabletSchema: { schemaVersion: 3 } });
});

test('an update needs a rowset to update', () =>
  refused(update(rowsetOf(TXN, TABLET)), MetaServiceCode.ROWSET_META_NOT_FOUND, "can't find the rowset"));

test('an update needs a rowset with a schema, and a caller, in this order', async () => {
  const { tabletSchema: _, ...bare } = rowsetOf(TXN, TABLET);
  await refused(update(), MetaServiceCode.INVALID_ARGUMENT, 'no rowset meta');
  await refused(
    domain.call(rpc.update_tmp_rowset, { rowsetMeta: bare }),
    MetaServiceCode.INVALID_ARGUMENT,
    'empty instance_id',
  );
  const missing = 'rowset_meta must have either schema or schema_version';
  await refused(update(bare), MetaServiceCode.INVALID_ARGUMENT, missing);
});
