import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openInstance, rpc } from '../../../test/support/fuzz/domain.ts';
import { createTablets, type RowsetInit, rowsetOf, schemaOf, tabletOf } from '../../../test/support/tablets.ts';
import { keys } from '../../keys/key-table.ts';
import { writeRecord } from '../../records/message-record.ts';
import { decodeFields } from '../../schema/encoded-fields.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { TabletStatsPBSchema } from '../../schema/gen/cloud/tablet_stats_pb.ts';
import { RowsetMetaCloudPBSchema } from '../../schema/gen/olap/rowset_meta_pb.ts';
import { isSet } from '../../schema/presence.ts';

const TABLET = 1n;
const cloudUniqueId = '1:i:be';
const NEW_TABLET = { baseCompactionCnt: 0n, cumulativeCompactionCnt: 0n, cumulativePoint: 2n };
let domain: Domain;
beforeEach(async () => {
  domain = await openInstance();
  expect(await createTablets(domain, cloudUniqueId, [tabletOf(TABLET)])).toBe('OK');
});
afterEach(() => domain.dispose());

async function get(request: object = {}, tabletId = TABLET) {
  const wanted = { cloudUniqueId, idx: { tabletId }, ...NEW_TABLET, startVersion: 0n, endVersion: -1n, ...request };
  return decodeFields(rpc.get_rowset.response, await domain.call(rpc.get_rowset, wanted));
}

/** Makes rowsets visible, as they are. */
function put(...rowsets: RowsetInit[]): Promise<void> {
  return domain.store.transact(async (txn) => {
    for (const given of rowsets) {
      const rowset = create(RowsetMetaCloudPBSchema, given);
      const fields = { instance_id: 'i', tablet_id: rowset.tabletId, version: rowset.endVersion };
      writeRecord(txn, keys.metaRowset, fields, rowset);
    }
  });
}

/** A visible rowset whose schema is stored apart. */
function visible(start: number, end: number, more: RowsetInit = {}): RowsetInit {
  const { tabletSchema: _, ...rowset } = rowsetOf(BigInt(end), TABLET);
  return { ...rowset, startVersion: BigInt(start), endVersion: BigInt(end), indexId: 11n, schemaVersion: 0, ...more };
}

function setStats(stats: object): Promise<void> {
  const fields = { instance_id: 'i', table_id: 10n, index_id: 11n, partition_id: 12n, tablet_id: TABLET };
  return domain.store.transact(async (txn) =>
    writeRecord(txn, keys.statsTablet, fields, create(TabletStatsPBSchema, stats)),
  );
}

async function versions(request: object): Promise<string[]> {
  const { rowsetMeta } = await get(request);
  return rowsetMeta.map(({ startVersion, endVersion }) => `${startVersion}-${endVersion}`);
}

describe('rowsets', () => {
  beforeEach(() => put(visible(2, 2), visible(3, 5), visible(6, 6), visible(7, 7)));

  test.each([
    ['all', {}, ['0-1', '2-2', '3-5', '6-6', '7-7']],
    ['2 on', { startVersion: 2n }, ['2-2', '3-5', '6-6', '7-7']],
    ['0', { startVersion: 0n, endVersion: 0n }, []],
    ['1', { startVersion: 1n, endVersion: 1n }, ['0-1']],
    ['3 to 4', { startVersion: 3n, endVersion: 4n }, []],
    ['3 to 5', { startVersion: 3n, endVersion: 5n }, ['3-5']],
    ['4 to 6', { startVersion: 4n, endVersion: 6n }, ['3-5', '6-6']],
    ['6 to 2', { startVersion: 6n, endVersion: 2n }, []],
    ['8 on', { startVersion: 8n }, []],
    ['-9 to the last', { startVersion: -9n, endVersion: 2n ** 63n - 1n }, ['0-1', '2-2', '3-5', '6-6', '7-7']],
    ['none given', { startVersion: undefined, endVersion: undefined }, []],
  ])('of the versions %s are found by their end versions', async (_which, request, expected) => {
    expect(await versions(request)).toEqual(expected);
  });

  test('come with those that compactions replaced since the caller knew the tablet', async () => {
    await setStats({ baseCompactionCnt: 1n, cumulativeCompactionCnt: 2n, cumulativePoint: 6n });
    const known = { baseCompactionCnt: 1n, cumulativeCompactionCnt: 2n, cumulativePoint: 6n };
    const asked = { startVersion: 7n, endVersion: 7n, ...known };
    expect(await versions(asked)).toEqual(['7-7']);
    expect(await versions({ ...asked, baseCompactionCnt: 0n })).toEqual(['0-1', '2-2', '3-5', '7-7']);
    expect(await versions({ ...asked, cumulativeCompactionCnt: 1n, cumulativePoint: 3n })).toEqual(['3-5', '7-7']);
    expect(await versions({ ...asked, cumulativeCompactionCnt: 0n, cumulativePoint: 3n })).toEqual([
      ...['3-5', '6-6', '7-7'],
    ]);
  });

  test('are no others than those of the tablet, whatever else the request says of its place', async () => {
    await createTablets(domain, cloudUniqueId, [tabletOf(2n)]);
    const { rowsetMeta, stats } = await get({ idx: { tabletId: 2n, tableId: 99n, indexId: 99n } });
    expect(rowsetMeta.map(({ rowsetIdV2 }) => rowsetIdV2)).toEqual(['first of 2']);
    expect(stats).toMatchObject({ idx: { tabletId: 2n, tableId: 10n }, numRowsets: 1n });
  });

  test('come by the thousand with one schema', async () => {
    await put(...Array.from({ length: 2_000 }, (_, i) => visible(i + 8, i + 8)));
    const { rowsetMeta } = await get();
    expect(rowsetMeta.length).toBe(2_005);
    expect(rowsetMeta.every(({ tabletSchema }) => tabletSchema?.column.length === 2)).toBe(true);
  });
});

describe('a schema', () => {
  const column = (name: string) => ({ column: [{ uniqueId: 3, name, type: 'INT' }] });

  test('is that of the version that a rowset names', async () => {
    await createTablets(domain, cloudUniqueId, [tabletOf(2n, { schema: schemaOf(4, column('z')) })]);
    await put(visible(2, 2, { schemaVersion: 4 }), visible(3, 3));
    const { rowsetMeta } = await get({ startVersion: 2n });
    expect(rowsetMeta).toMatchObject([
      { indexId: 11n, schemaVersion: 4, tabletSchema: column('z') },
      { indexId: 11n, schemaVersion: 0, tabletSchema: { column: [{ name: 'k' }, { name: 'v' }] } },
    ]);
  });

  test('that a rowset kept is its own, and that of others of the version', async () => {
    const kept = { tabletSchema: schemaOf(7, column('kept')), schemaVersion: 1, indexId: 99n };
    await put(visible(2, 2, { schemaVersion: 7 }), visible(3, 3, kept), visible(4, 4, { schemaVersion: 0 }));
    const { rowsetMeta } = await get({ startVersion: 2n });
    expect(rowsetMeta).toMatchObject([
      { indexId: 11n, schemaVersion: 7, tabletSchema: column('kept') },
      { indexId: 11n, schemaVersion: 7, tabletSchema: column('kept') },
      { indexId: 11n, schemaVersion: 0, tabletSchema: { column: [{ name: 'k' }, { name: 'v' }] } },
    ]);
  });

  test('that is not stored, or not named, is an error, beside which only the statistics are', async () => {
    await put(visible(2, 2, { schemaVersion: 8 }));
    const unsaved = await get({ startVersion: 0n });
    expect(unsaved.status).toMatchObject({
      code: MetaServiceCode.KV_TXN_GET_ERR,
      msg: 'failed to get schema, schema_version=8, rowset_version=[2-2]: KeyNotFound',
    });
    const { schemaVersion: _, ...bare } = visible(2, 2);
    await put(bare);
    const unnamed = await get({ startVersion: 2n });
    expect(unnamed.status).toMatchObject({
      code: MetaServiceCode.INVALID_ARGUMENT,
      msg: 'rowset_meta must have either schema or schema_version, rowset_version=[2-2]',
    });
    for (const answer of [unsaved, unnamed]) {
      expect(answer.rowsetMeta).toEqual([]);
      expect(answer.stats).toMatchObject({ numRowsets: 1n });
    }
  });
});

describe('refused', () => {
  const { cumulativePoint: _, ...withoutPoint } = NEW_TABLET;

  test.each([
    ['none', { idx: {} }, 'no valid tablet_id given'],
    ['0', { idx: { tabletId: 0n } }, 'no valid tablet_id given'],
    ['-1', { idx: { tabletId: -1n } }, 'no valid tablet_id given'],
    ['no index', { idx: undefined }, 'no valid tablet_id given'],
    [
      'one that is not there',
      { idx: { tabletId: 9n } },
      /^failed to get tablet_idx, err=KeyNotFound tablet_id=9 key=01/,
    ],
    ['of a caller whom nobody knows', { cloudUniqueId: '1:nobody:be', idx: {} }, 'empty instance_id'],
  ])('is the tablet %s', async (_which, request, message) => {
    const answer = await get(request);
    expect(answer.status?.msg).toMatch(message);
    expect(isSet(answer, 'stats')).toBe(false);
  });

  test('are requests that leave out how far the tablet was compacted', async () => {
    const request = { cloudUniqueId, idx: { tabletId: TABLET } };
    for (const known of [{}, withoutPoint]) {
      const status = domain.status(rpc.get_rowset, { ...request, ...known });
      expect(await status).toBe('INVALID_ARGUMENT no valid compaction_cnt or cumulative_point given');
    }
  });

  test.each([
    ['base', { baseCompactionCnt: 1n }, 'req_bc_cnt=1, bc_cnt=0, req_cc_cnt=0, cc_cnt=0, req_cp=2, cp=2'],
    ['cumulative', { cumulativeCompactionCnt: 1n }, 'req_bc_cnt=0, bc_cnt=0, req_cc_cnt=1, cc_cnt=0, req_cp=2, cp=2'],
    ['point', { cumulativePoint: 3n }, 'req_bc_cnt=0, bc_cnt=0, req_cc_cnt=0, cc_cnt=0, req_cp=3, cp=2'],
  ])('is a caller that is ahead of the tablet: %s', async (_what, ahead, counts) => {
    const { status, stats, rowsetMeta } = await get(ahead);
    expect(status).toMatchObject({ code: MetaServiceCode.INVALID_ARGUMENT });
    expect(status?.msg).toBe(`no valid compaction_cnt or cumulative_point given. ${counts}`);
    expect([stats?.numRowsets, rowsetMeta]).toEqual([1n, []]);
  });

  test('is a tablet without statistics', async () => {
    await domain.store.transact(async (txn) => {
      const { begin, end } = keys.statsTablet.range({ instance_id: 'i' });
      txn.clearRange(begin, end);
    });
    expect((await get()).status).toMatchObject({
      code: MetaServiceCode.TABLET_NOT_FOUND,
      msg: 'tablet stats not found, tablet_id=1',
    });
  });
});
