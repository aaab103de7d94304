import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openDomain, rpc } from '../../../test/support/fuzz/domain.ts';
import { createTablets, DB_ID, PLACE, schemaOf, type TabletInit, tabletOf } from '../../../test/support/tablets.ts';
import { keys } from '../../keys/key-table.ts';
import { readRecord } from '../../records/message-record.ts';
import { addToTabletStats, readTabletStats } from '../../records/tablet-stats.ts';
import { decodeFields } from '../../schema/encoded-fields.ts';
import { RecycleIndexPB_State as IndexState } from '../../schema/gen/cloud/index_pb.ts';
import { ObjectStoreInfoPB_Provider as Provider } from '../../schema/gen/cloud/object_store_pb.ts';
import { RecyclePartitionPB_State as PartitionState } from '../../schema/gen/cloud/partition_pb.ts';
import { AlterObjStoreInfoRequest_Operation as Operation } from '../../schema/gen/cloud/vault_pb.ts';
import { isSet } from '../../schema/presence.ts';

const instance_id = 'i';
const cloudUniqueId = '1:i:fe';
let domain: Domain;
beforeEach(async () => {
  domain = await openDomain();
  const names = { bucket: 'b', prefix: 'p', endpoint: 'e', externalEndpoint: 'x', region: 'r' };
  const objInfo = { ak: 'ak', sk: 'sk', ...names, provider: Provider.S3 };
  expect(await domain.status(rpc.create_instance, { instanceId: 'i', vault: { objInfo } })).toBe('OK');
});
afterEach(() => domain.dispose());

function add(...tablets: TabletInit[]): Promise<string> {
  return createTablets(domain, cloudUniqueId, tablets);
}

async function get(tabletId: bigint) {
  return decodeFields(rpc.get_tablet.response, await domain.call(rpc.get_tablet, { cloudUniqueId, tabletId }));
}

function fieldsOf(tablet_id: bigint) {
  return { instance_id, table_id: 10n, index_id: 11n, partition_id: 12n, tablet_id };
}

async function refused(status: Promise<string>, expected: string | RegExp): Promise<void> {
  const before = await domain.version();
  expect(await status).toMatch(expected);
  expect(await domain.version()).toBe(before);
}

describe('a tablet', () => {
  test('comes back with its schema, of the version that it says', async () => {
    expect(await add(tabletOf(1n, { schema: schemaOf(3), ttlSeconds: 5n }))).toBe('OK');
    const { tabletMeta } = await get(1n);
    expect(tabletMeta).toMatchObject({ ...PLACE, tabletId: 1n, ttlSeconds: 5n, schemaVersion: 3, rsMetas: [] });
    expect(tabletMeta?.schema).toMatchObject({ schemaVersion: 3, column: [{ name: 'k' }, { name: 'v' }] });
  });

  test('is found by its id, with its database where one was given', async () => {
    await add(tabletOf(1n));
    await domain.call(rpc.create_tablets, { cloudUniqueId, tabletMetas: [tabletOf(2n)] });
    const [one, two] = await domain.store.transact((txn) =>
      Promise.all([1n, 2n].map((tablet_id) => readRecord(txn, keys.metaTabletIndex, { instance_id, tablet_id }))),
    );
    expect(one).toMatchObject({ ...PLACE, dbId: DB_ID, tabletId: 1n });
    expect([isSet(one, 'dbId'), isSet(two, 'dbId')]).toEqual([true, false]);
  });

  test('has one rowset in its statistics, and none that loads have added', async () => {
    await add(tabletOf(1n, { rsMetas: [] }));
    const stats = await domain.store.transact((txn) => readTabletStats(txn, fieldsOf(1n)));
    expect(stats?.aggregated).toMatchObject({ idx: { tabletId: 1n }, numRowsets: 1n, cumulativePoint: 2n });
    expect(isSet(stats?.aggregated, 'dataSize')).toBe(false);
  });

  test('has its first rowset at its end version, with its schema apart', async () => {
    await add(tabletOf(1n, { schema: schemaOf(3), schemaVersion: 4 }));
    const [rowset] = await domain.store.transact((txn) =>
      Promise.all([readRecord(txn, keys.metaRowset, { instance_id, tablet_id: 1n, version: 1n })]),
    );
    expect(rowset).toMatchObject({ rowsetIdV2: 'first of 1', indexId: 11n, schemaVersion: 4 });
    expect(isSet(rowset, 'tabletSchema')).toBe(false);
  });

  test('that is created again is written anew, and keeps what loads have added', async () => {
    await add(tabletOf(1n, { ttlSeconds: 5n }));
    await domain.store.transact(async (txn) => addToTabletStats(txn, fieldsOf(1n), { num_rows: 7n }));
    await add(tabletOf(1n));
    expect(isSet((await get(1n)).tabletMeta, 'ttlSeconds')).toBe(false);
    const stats = await domain.store.transact((txn) => readTabletStats(txn, fieldsOf(1n)));
    expect(stats?.detached.num_rows).toBe(7n);
  });

  test('may have no ids at all', async () => {
    expect(await add({ schema: schemaOf() })).toBe('OK');
    const { tabletMeta } = await get(0n);
    expect(tabletMeta?.schema?.column.length).toBe(2);
    expect(isSet(tabletMeta, 'tabletId')).toBe(false);
  });
});

describe('a schema', () => {
  const other = schemaOf(0, { column: [{ uniqueId: 9, name: 'other', type: 'INT' }] });

  test('is stored once for an index, the first of each version', async () => {
    await add(tabletOf(1n), tabletOf(2n, { schema: other }), tabletOf(3n, { schema: other, indexId: 99n }));
    await add(tabletOf(4n, { schema: other }), tabletOf(5n, { schema: { ...other, schemaVersion: 1 } }));
    const columns = [];
    for (const id of [1n, 2n, 3n, 4n, 5n]) columns.push((await get(id)).tabletMeta?.schema?.column[0]?.name);
    expect(columns).toEqual(['k', 'k', 'other', 'k', 'other']);
  });

  test('may be named by its version alone, before or after it is stored', async () => {
    const { schema: _, ...bare } = tabletOf(1n);
    expect(await add({ ...bare, schemaVersion: 7 })).toBe('OK');
    const missing = await get(1n);
    expect(missing).toMatchObject({ status: { msg: 'failed to get schema, err=not found' } });
    expect(missing.tabletMeta).toMatchObject({ tabletId: 1n, schemaVersion: 7 });
    await add(tabletOf(2n, { schema: schemaOf(7) }));
    expect((await get(1n)).tabletMeta?.schema?.column.length).toBe(2);
  });

  test('has decimals of the type that backends know', async () => {
    const column = [{ uniqueId: 1, name: 'd', type: 'DECIMAL128' }];
    await add(tabletOf(1n, { schema: schemaOf(0, { column }) }));
    expect((await get(1n)).tabletMeta?.schema?.column[0]?.type).toBe('DECIMAL128I');
  });

  test('of megabytes comes back whole', async () => {
    const column = Array.from({ length: 3000 }, (_, i) => ({ uniqueId: i, name: 'n'.repeat(200), type: 'INT' }));
    await add(tabletOf(1n, { schema: schemaOf(0, { column }) }));
    expect((await get(1n)).tabletMeta?.schema?.column.length).toBe(3000);
  });
});

describe('refused', () => {
  const noSchema: TabletInit = { ...PLACE, tabletId: 2n };

  test('are requests without tablets, and callers that nobody knows', async () => {
    await refused(add(), 'INVALID_ARGUMENT no tablet meta');
    await refused(createTablets(domain, '1:nobody:fe', [tabletOf(1n)]), 'INVALID_ARGUMENT empty instance_id');
    await refused(createTablets(domain, '1:nobody:fe', []), 'INVALID_ARGUMENT no tablet meta');
  });

  test('as a whole are requests with one bad tablet', async () => {
    await refused(
      add(tabletOf(1n), noSchema, tabletOf(3n)),
      'INVALID_ARGUMENT tablet_meta must have either schema or schema_version',
    );
    expect(await domain.status(rpc.get_tablet, { cloudUniqueId, tabletId: 1n })).toMatch(/^TABLET_NOT_FOUND/);
  });

  test('as a whole are requests with more tablets than a transaction can have', async () => {
    const schema = schemaOf(0, { column: [{ uniqueId: 1, name: 'n'.repeat(1000), type: 'INT' }] });
    const many = Array.from({ length: 20_000 }, (_, i) => tabletOf(BigInt(i), { tableName: 't'.repeat(300), schema }));
    await refused(add(...many), /at most \d+ are allowed/);
  });

  test('are tablets that are not there', async () => {
    const answer = await get(9n);
    expect(answer.status?.msg).toMatch(/^failed to get tablet_idx, err=KeyNotFound tablet_id=9 key=01/);
    expect(answer.tabletMeta).toEqual(expect.objectContaining({ rsMetas: [] }));
    expect((await domain.call(rpc.get_tablet, { tabletId: 9n })).status.msg).toBe('empty instance_id');
  });
});

describe('the vault of new tablets', () => {
  const request = (storageVaultName: string) => ({ cloudUniqueId, storageVaultName, tabletMetas: [tabletOf(1n)] });

  test('is the one that is named, or the default', async () => {
    const name = 'built_in_storage_vault';
    const answered = { storageVaultId: '1', storageVaultName: name };
    expect(await domain.call(rpc.create_tablets, request(name))).toMatchObject(answered);
    await refused(
      domain.status(rpc.create_tablets, request('')),
      'INVALID_ARGUMENT You must supply at least one default vault',
    );
    await domain.call(rpc.alter_storage_vault, { cloudUniqueId, op: Operation.SET_DEFAULT_VAULT, vault: { name } });
    expect(await domain.call(rpc.create_tablets, request(''))).toMatchObject(answered);
  });

  test('must be there', () =>
    refused(
      domain.status(rpc.create_tablets, request('nowhere')),
      'INVALID_ARGUMENT failed to get vault id, vault name=nowhere',
    ));
});

describe('tablets of what is being recycled', () => {
  const put = (kind: typeof keys.recycleIndex | typeof keys.recyclePartition, id: object, state: number) =>
    domain.store.transact(async (txn) => {
      const { schema } = kind.shape.value;
      txn.set(kind.encode({ instance_id, ...id } as never), toBinary(schema, create(schema, { tableId: 10n, state })));
    });

  test('are refused, whichever of them it is', async () => {
    await put(keys.recycleIndex, { index_id: 21n }, IndexState.RECYCLING);
    await put(keys.recyclePartition, { partition_id: 22n }, PartitionState.RECYCLING);
    const inIndex = add(tabletOf(1n), tabletOf(2n, { indexId: 21n }));
    await refused(inIndex, 'INVALID_ARGUMENT index 21 is being recycled, and gets no more tablets');
    const inPartition = add(tabletOf(1n), tabletOf(2n, { partitionId: 22n }));
    await refused(inPartition, 'INVALID_ARGUMENT partition 22 is being recycled, and gets no more tablets');
  });

  test.each([IndexState.PREPARED, IndexState.DROPPED])('are created in one of state %j', async (state) => {
    await put(keys.recycleIndex, { index_id: 11n }, state);
    await put(keys.recyclePartition, { partition_id: 12n }, state);
    expect(await add(tabletOf(1n))).toBe('OK');
  });
});
