import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openInstance, rpc, unchanged } from '../../../test/support/fuzz/domain.ts';
import { keys } from '../../keys/key-table.ts';
import { readCounter } from '../../records/counter.ts';
import { readRecord, writeRecord } from '../../records/message-record.ts';
import { RecyclePartitionPBSchema, RecyclePartitionPB_State as State } from '../../schema/gen/cloud/partition_pb.ts';
import { TabletMetaCloudPBSchema } from '../../schema/gen/olap/tablet_meta_pb.ts';
import { isSet } from '../../schema/presence.ts';

const cloudUniqueId = '1:i:fe';
let now = 1_000;
let domain: Domain;
beforeEach(async () => {
  now = 1_000;
  domain = await openInstance({ now: () => now });
});
afterEach(() => domain.dispose());

type Name = 'prepare_partition' | 'commit_partition' | 'drop_partition';
const names: Name[] = ['prepare_partition', 'commit_partition', 'drop_partition'];

function send(name: Name, partitionIds: bigint[], more: object = {}): Promise<string> {
  const request = { tableId: 10n, indexIds: [11n], partitionIds, expiration: 600n, dbId: 1n };
  return domain.status(rpc[name], { cloudUniqueId, ...request, ...more });
}

function recycled(partition_id: bigint) {
  return domain.store.transact((txn) => readRecord(txn, keys.recyclePartition, { instance_id: 'i', partition_id }));
}

function tableVersion(db_id = 1n) {
  const fields = { instance_id: 'i', db_id, table_id: 10n };
  return domain.store.transact((txn) => readCounter(txn, keys.tableVersion, fields));
}

/** A partition exists by having a tablet. */
function createTablet(index_id: bigint, partition_id: bigint) {
  const fields = { instance_id: 'i', table_id: 10n, index_id, partition_id, tablet_id: partition_id + 100n };
  return domain.store.transact(async (txn) =>
    writeRecord(txn, keys.metaTablet, fields, create(TabletMetaCloudPBSchema, { tableId: 10n })),
  );
}

function setState(partition_id: bigint, state: State | undefined) {
  const record = create(RecyclePartitionPBSchema, { tableId: 10n, ...(state !== undefined && { state }) });
  const fields = { instance_id: 'i', partition_id };
  return domain.store.transact(async (txn) => writeRecord(txn, keys.recyclePartition, fields, record));
}

describe('prepare_partition', () => {
  test('stores what the recycler needs, and a database only where one is given', async () => {
    expect(await send('prepare_partition', [31n], { indexIds: [11n, 12n] })).toBe('OK');
    const record = { tableId: 10n, indexId: [11n, 12n], creationTime: 1_000n, expiration: 600n, state: State.PREPARED };
    expect(await recycled(31n)).toMatchObject({ ...record, dbId: 1n });
    for (const [id, dbId] of [32n, 33n, 34n].map((id, i) => [id, [undefined, 0n, -1n][i]] as const)) {
      expect(await send('prepare_partition', [id], { dbId })).toBe('OK');
      expect(isSet(await recycled(id), 'dbId')).toBe(false);
    }
  });

  test('again changes nothing: the first expiration stays', async () => {
    await send('prepare_partition', [31n]);
    await unchanged(domain, send('prepare_partition', [31n], { expiration: 900n }), 'OK');
  });

  test('looks for a tablet of the first partition in the first index', async () => {
    await createTablet(11n, 31n);
    const existed = 'ALREADY_EXISTED index already existed';
    await unchanged(domain, send('prepare_partition', [31n, 32n], { indexIds: [11n, 12n] }), existed);
    expect(await send('prepare_partition', [32n, 31n])).toBe('OK');
    expect(await send('prepare_partition', [31n], { indexIds: [12n, 11n] })).toBe('OK');
  });

  test.each([
    [State.DROPPED, 'DROPPED'],
    [State.RECYCLING, 'RECYCLING'],
    [undefined, 'UNKNOWN'],
  ])('refuses all for one in state %s, and speaks of an index', async (state, name) => {
    await setState(41n, state);
    const refusal = `INVALID_ARGUMENT invalid recycle index state: ${name}`;
    await unchanged(domain, send('prepare_partition', [40n, 41n]), refusal);
  });
});

describe('commit_partition', () => {
  test('removes what the recycler would find, and raises the version of the table once', async () => {
    await send('prepare_partition', [31n, 32n]);
    expect(await send('commit_partition', [31n, 32n])).toBe('OK');
    expect([await recycled(31n), await recycled(32n)]).toEqual([undefined, undefined]);
    expect(await tableVersion()).toBe(1n);
  });

  test.each([
    [undefined, undefined],
    [0n, 1n],
    [-3n, 1n],
  ])('raises the version of the table for whatever database is given: %s', async (dbId, version) => {
    await send('prepare_partition', [31n]);
    expect(await send('commit_partition', [31n], { dbId })).toBe('OK');
    expect(await tableVersion(dbId)).toBe(version);
  });

  test('again is fine while there is a tablet, and changes nothing', async () => {
    await send('prepare_partition', [31n]);
    await send('commit_partition', [31n]);
    const recycledAnswer = 'INVALID_ARGUMENT partition has been recycled';
    await unchanged(domain, send('commit_partition', [31n]), recycledAnswer);
    await createTablet(11n, 31n);
    await unchanged(domain, send('commit_partition', [31n]), 'OK');
    await unchanged(domain, send('commit_partition', [31n], { indexIds: [12n] }), recycledAnswer);
    await unchanged(domain, send('commit_partition', [31n], { indexIds: [] }), recycledAnswer);
  });

  test('needs no index for what is prepared', async () => {
    await send('prepare_partition', [31n]);
    expect(await send('commit_partition', [31n], { indexIds: [] })).toBe('OK');
  });

  test('commits none of its partitions when one has no key and the first exists', async () => {
    await createTablet(11n, 31n);
    await send('prepare_partition', [32n]);
    await unchanged(domain, send('commit_partition', [31n, 32n]), 'OK');
    expect((await recycled(32n))?.state).toBe(State.PREPARED);
    await unchanged(domain, send('commit_partition', [32n, 31n]), 'INVALID_ARGUMENT partition has been recycled');
  });

  test.each([
    [State.DROPPED, 'DROPPED'],
    [State.RECYCLING, 'RECYCLING'],
    [undefined, 'UNKNOWN'],
  ])('refuses all for one in state %s', async (state, name) => {
    await send('prepare_partition', [31n]);
    await setState(41n, state);
    const refusal = `INVALID_ARGUMENT invalid recycle partition state: ${name}`;
    await unchanged(domain, send('commit_partition', [31n, 41n]), refusal);
  });
});

describe('drop_partition', () => {
  test('leaves any partition to the recycler, with the indexes of this request', async () => {
    await send('prepare_partition', [31n], { indexIds: [11n, 12n] });
    now = 2_000;
    expect(await send('drop_partition', [31n, 32n], { expiration: 700n })).toBe('OK');
    const expected = { indexId: [11n], creationTime: 2_000n, expiration: 700n, state: State.DROPPED, dbId: 1n };
    expect([await recycled(31n), await recycled(32n)]).toMatchObject([expected, expected]);
    expect(await tableVersion()).toBeUndefined();
  });

  test('raises the version of the table where it is asked to, and only when it dropped something', async () => {
    expect(await send('drop_partition', [31n], { needUpdateTableVersion: true })).toBe('OK');
    expect(await tableVersion()).toBe(1n);
    await setState(32n, State.RECYCLING);
    await unchanged(domain, send('drop_partition', [31n, 32n], { needUpdateTableVersion: true }), 'OK');
    expect(await send('drop_partition', [31n, 33n], { needUpdateTableVersion: true, dbId: undefined })).toBe('OK');
    expect(await tableVersion()).toBe(1n);
    expect(await send('drop_partition', [31n, 34n], { needUpdateTableVersion: true })).toBe('OK');
    expect(await tableVersion()).toBe(2n);
  });

  test('refuses all for one in no state', async () => {
    await setState(41n, undefined);
    await unchanged(
      domain,
      send('drop_partition', [40n, 41n]),
      'INVALID_ARGUMENT invalid recycle partition state: UNKNOWN',
    );
  });
});

describe.each(names)('%s', (name) => {
  const incomplete = 'INVALID_ARGUMENT empty partition_ids or index_ids or table_id';

  test('needs a caller, partitions and a table', async () => {
    await unchanged(domain, send(name, [], { cloudUniqueId: '1:nobody:fe' }), 'INVALID_ARGUMENT empty instance_id');
    await unchanged(domain, send(name, [31n], { cloudUniqueId: undefined }), 'INVALID_ARGUMENT empty instance_id');
    await unchanged(domain, send(name, []), incomplete);
    await unchanged(domain, send(name, [31n], { tableId: undefined }), incomplete);
  });

  test('needs an index, unless it commits', async () => {
    const commits = name === 'commit_partition';
    const expected = commits ? 'INVALID_ARGUMENT partition has been recycled' : incomplete;
    await unchanged(domain, send(name, [31n], { indexIds: [] }), expected);
  });
});
