import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openDomain, rpc } from '../../test/support/fuzz/domain.ts';
import { createTablets, rowsetOf, type TabletInit, tabletOf } from '../../test/support/tablets.ts';
import { keys } from '../keys/key-table.ts';
import { writeRecord } from '../records/message-record.ts';
import { addToTabletStats, readTabletStats } from '../records/tablet-stats.ts';
import { RowsetMetaCloudPBSchema } from '../schema/gen/olap/rowset_meta_pb.ts';

const cloud_unique_id = '1:i:be';
const TABLE = 10n;
let domain: Domain;
beforeEach(async () => {
  domain = await openDomain();
  await domain.call(rpc.create_instance, { instanceId: 'i' });
});
afterEach(() => domain.dispose());

function fieldsOf(tablet_id: bigint, table_id = TABLE) {
  return { instance_id: 'i', table_id, index_id: 11n, partition_id: 12n, tablet_id };
}

/** Creates tablets with a visible rowset of 100 bytes, which the statistics say to have 999. */
async function createWithWrongStats(...tablets: TabletInit[]): Promise<void> {
  expect(await createTablets(domain, cloud_unique_id, tablets)).toBe('OK');
  await domain.store.transact(async (txn) => {
    for (const { tabletId: tablet_id = 0n, tableId } of tablets) {
      const rowset = create(RowsetMetaCloudPBSchema, rowsetOf(5n, tablet_id, { endVersion: 2n }));
      writeRecord(txn, keys.metaRowset, { instance_id: 'i', tablet_id, version: 2n }, rowset);
      addToTabletStats(txn, fieldsOf(tablet_id, tableId), { data_size: 999n, num_rows: 7n, num_segments: 1n });
    }
  });
}

async function statsOf(tabletId: bigint, tableId?: bigint) {
  const stats = await domain.store.transact((txn) => readTabletStats(txn, fieldsOf(tabletId, tableId)));
  return { size: stats?.aggregated.dataSize, counted: stats?.detached };
}

describe('get_tablet_stats', () => {
  const ask = (tablet: object, headers = {}) =>
    domain.adminAnswer('get_tablet_stats', { cloud_unique_id, tablet_idx: [tablet] }, headers);

  test('is answered in text, as the document prints it', async () => {
    await createTablets(domain, cloud_unique_id, [tabletOf(1n)]);
    const lines = [
      ...['status {', '  code: OK', '  msg: ""', '}'],
      ...['tablet_stats {', '  idx {', '    table_id: 10', '    index_id: 11', '    partition_id: 12'],
      ...['    tablet_id: 1', '  }', '  data_size: 0', '  num_rows: 0', '  num_rowsets: 1', '  num_segments: 0'],
      ...['  base_compaction_cnt: 0', '  cumulative_compaction_cnt: 0', '  cumulative_point: 2', '}', ''],
    ];
    expect(await ask({ tablet_id: 1 })).toEqual({ status: 200, contentType: 'text/plain', body: lines.join('\n') });
  });

  test('has nothing but a status for a failure', async () => {
    expect(await ask({ tablet_id: 9 })).toMatchObject({ status: 500, body: '' });
    const unknown = await domain.adminAnswer('get_tablet_stats', { cloud_unique_id: 'x' });
    expect(unknown).toMatchObject({ status: 400, body: '' });
    expect(await domain.adminAnswer('get_tablet_stats', '{')).toMatchObject({ contentType: 'application/json' });
  });

  test('is JSON for those who ask for it', async () => {
    const { status, body } = await ask({ tablet_id: 9 }, { accept: 'application/json' });
    expect([status, JSON.parse(body.toString())]).toMatchObject([
      500,
      { code: 'INTERNAL_ERROR', msg: expect.stringMatching(/tablet_id=9/) },
    ]);
  });
});

describe('fix_tablet_stats', () => {
  const fix = (table: string, caller = cloud_unique_id) =>
    domain.adminAnswer('fix_tablet_stats', undefined, {}, `cloud_unique_id=${caller}&table_id=${table}`);

  test('sets the size of each tablet of the table to that of its rowsets', async () => {
    const many = Array.from({ length: 130 }, (_, i) => tabletOf(BigInt(i + 1)));
    await createWithWrongStats(...many, tabletOf(500n, { tableId: TABLE + 1n }));
    const answer = await fix('10');
    expect(answer).toEqual({ status: 200, contentType: 'text/plain', body: 'code: OK\n' });
    for (const { tabletId = 0n } of many) {
      const counted = { data_size: 0n, num_rows: 7n, num_segments: 1n };
      expect(await statsOf(tabletId)).toMatchObject({ size: 100n, counted });
    }
    expect(await statsOf(500n, TABLE + 1n)).toMatchObject({ size: 0n, counted: { data_size: 999n } });
  });

  test('changes nothing a second time, nor of a table without tablets', async () => {
    await createWithWrongStats(tabletOf(1n));
    await fix('10');
    const once = await statsOf(1n);
    expect(await fix('10')).toMatchObject({ status: 200 });
    expect(await statsOf(1n)).toEqual(once);
    const before = await domain.version();
    expect(await fix('99')).toMatchObject({ status: 200, body: 'code: OK\n' });
    expect(await domain.version()).toBe(before);
  });

  test.each([
    ['', cloud_unique_id, 'Invalid table_id, table_id: '],
    ['abc', cloud_unique_id, 'Invalid table_id, table_id: abc'],
    ['10x', cloud_unique_id, 'Invalid table_id, table_id: 10x'],
    ['9223372036854775808', cloud_unique_id, 'Invalid table_id, table_id: 9223372036854775808'],
    ['10', '1:nobody:x', 'empty instance_id'],
    ['', '1:nobody:x', 'Invalid table_id, table_id: '],
  ])('of table %j by %s is refused', async (table, caller, message) => {
    await createWithWrongStats(tabletOf(1n));
    const before = await domain.version();
    const body = `code: INVALID_ARGUMENT\nmsg: "${message}"\n`;
    expect(await fix(table, caller)).toEqual({ status: 400, contentType: 'text/plain', body });
    expect(await domain.version()).toBe(before);
  });
});
