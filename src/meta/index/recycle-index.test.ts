import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openInstance, rpc, unchanged } from '../../../test/support/fuzz/domain.ts';
import { keys } from '../../keys/key-table.ts';
import { readCounter } from '../../records/counter.ts';
import { readRecord, writeRecord } from '../../records/message-record.ts';
import { RecycleIndexPBSchema, RecycleIndexPB_State as State } from '../../schema/gen/cloud/index_pb.ts';
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

type Name = 'prepare_index' | 'commit_index' | 'drop_index';
const names: Name[] = ['prepare_index', 'commit_index', 'drop_index'];

function send(name: Name, indexIds: bigint[], more: object = {}): Promise<string> {
  return domain.status(rpc[name], { cloudUniqueId, tableId: 10n, indexIds, expiration: 500n, dbId: 1n, ...more });
}

function recycled(index_id: bigint) {
  return domain.store.transact((txn) => readRecord(txn, keys.recycleIndex, { instance_id: 'i', index_id }));
}

function tableVersion() {
  const fields = { instance_id: 'i', db_id: 1n, table_id: 10n };
  return domain.store.transact((txn) => readCounter(txn, keys.tableVersion, fields));
}

/** An index exists by having a tablet. */
function createTablet(index_id: bigint, table_id = 10n) {
  const fields = { instance_id: 'i', table_id, index_id, partition_id: 12n, tablet_id: index_id + 100n };
  return domain.store.transact(async (txn) =>
    writeRecord(txn, keys.metaTablet, fields, create(TabletMetaCloudPBSchema, { tableId: table_id })),
  );
}

function setState(index_id: bigint, state: State | undefined) {
  const record = create(RecycleIndexPBSchema, { tableId: 10n, ...(state !== undefined && { state }) });
  const fields = { instance_id: 'i', index_id };
  return domain.store.transact(async (txn) => writeRecord(txn, keys.recycleIndex, fields, record));
}

describe('prepare_index', () => {
  test('stores what the recycler needs, with the fields that the request left out', async () => {
    expect(await send('prepare_index', [11n])).toBe('OK');
    const record = await recycled(11n);
    expect(record).toMatchObject({ tableId: 10n, creationTime: 1_000n, expiration: 500n, state: State.PREPARED });
    expect(await domain.status(rpc.prepare_index, { cloudUniqueId, tableId: 0n, indexIds: [-5n] })).toBe('OK');
    const sparse = await recycled(-5n);
    expect(sparse).toMatchObject({ tableId: 0n, expiration: 0n });
    expect([isSet(sparse, 'tableId'), isSet(sparse, 'expiration')]).toEqual([true, true]);
  });

  test('again changes nothing: the first expiration stays', async () => {
    await send('prepare_index', [11n]);
    now = 2_000;
    await unchanged(domain, send('prepare_index', [11n, 11n], { expiration: 900n }), 'OK');
    expect(await send('prepare_index', [11n, 12n], { expiration: 900n })).toBe('OK');
    expect(await recycled(11n)).toMatchObject({ creationTime: 1_000n, expiration: 500n });
    expect(await recycled(12n)).toMatchObject({ creationTime: 2_000n, expiration: 900n });
  });

  test('looks for a tablet of the first index, of the table that is given', async () => {
    await createTablet(11n);
    await unchanged(domain, send('prepare_index', [11n, 13n]), 'ALREADY_EXISTED index already existed');
    expect(await send('prepare_index', [13n, 11n])).toBe('OK');
    expect(await send('prepare_index', [11n], { tableId: 9n })).toBe('OK');
  });

  test.each([
    [State.DROPPED, 'DROPPED'],
    [State.RECYCLING, 'RECYCLING'],
    [State.UNKNOWN, 'UNKNOWN'],
    [undefined, 'UNKNOWN'],
  ])('refuses all for one in state %s', async (state, name) => {
    await setState(21n, state);
    await unchanged(
      domain,
      send('prepare_index', [20n, 21n, 22n]),
      `INVALID_ARGUMENT invalid recycle index state: ${name}`,
    );
  });
});

describe('commit_index', () => {
  test('removes what the recycler would find', async () => {
    await send('prepare_index', [11n, 12n]);
    expect(await send('commit_index', [11n, 12n], { tableId: 9n })).toBe('OK');
    expect([await recycled(11n), await recycled(12n)]).toEqual([undefined, undefined]);
    expect(await tableVersion()).toBeUndefined();
  });

  test.each([
    [{ isNewTable: true }, 1n],
    [{ isNewTable: false }, undefined],
    [{ isNewTable: true, dbId: undefined }, undefined],
  ])('begins the version of a new table: %j', async (more, version) => {
    await send('prepare_index', [11n]);
    expect(await send('commit_index', [11n], more)).toBe('OK');
    expect(await tableVersion()).toBe(version);
  });

  test('again is fine while there is a tablet, and changes nothing', async () => {
    await send('prepare_index', [11n]);
    await send('commit_index', [11n]);
    await unchanged(domain, send('commit_index', [11n]), 'INVALID_ARGUMENT index has been recycled');
    await createTablet(11n);
    await unchanged(domain, send('commit_index', [11n], { isNewTable: true }), 'OK');
  });

  test('commits none of its indexes when one has no key and the first exists', async () => {
    await send('prepare_index', [12n]);
    await createTablet(11n);
    await unchanged(domain, send('commit_index', [11n, 12n], { isNewTable: true }), 'OK');
    await send('prepare_index', [11n], { tableId: 9n });
    await unchanged(domain, send('commit_index', [11n, 13n, 12n]), 'OK');
    expect([(await recycled(11n))?.state, (await recycled(12n))?.state]).toEqual([State.PREPARED, State.PREPARED]);
  });

  test('of one id twice finds it recycled the second time, and commits nothing', async () => {
    await send('prepare_index', [11n]);
    await unchanged(domain, send('commit_index', [11n, 11n]), 'INVALID_ARGUMENT index has been recycled');
  });

  test.each([
    [State.DROPPED, 'DROPPED'],
    [State.RECYCLING, 'RECYCLING'],
    [undefined, 'UNKNOWN'],
  ])('refuses all for one in state %s, be there a tablet or not', async (state, name) => {
    await send('prepare_index', [11n, 12n]);
    await createTablet(11n);
    await setState(21n, state);
    await unchanged(
      domain,
      send('commit_index', [11n, 21n, 12n]),
      `INVALID_ARGUMENT invalid recycle index state: ${name}`,
    );
  });
});

describe('drop_index', () => {
  test('leaves any index to the recycler, prepared or not known at all', async () => {
    await send('prepare_index', [11n]);
    now = 2_000;
    expect(await send('drop_index', [11n, 12n], { expiration: 700n })).toBe('OK');
    const expected = { tableId: 10n, creationTime: 2_000n, expiration: 700n, state: State.DROPPED };
    expect([await recycled(11n), await recycled(12n)]).toMatchObject([expected, expected]);
  });

  test('again changes nothing', async () => {
    await send('drop_index', [11n]);
    await setState(12n, State.RECYCLING);
    await unchanged(domain, send('drop_index', [11n, 12n], { expiration: 700n }), 'OK');
  });

  test('refuses all for one in no state', async () => {
    await setState(21n, undefined);
    await unchanged(domain, send('drop_index', [20n, 21n]), 'INVALID_ARGUMENT invalid recycle index state: UNKNOWN');
  });
});

describe.each(names)('%s', (name) => {
  const incomplete = 'INVALID_ARGUMENT empty index_ids or table_id';

  test('needs a caller, indexes and a table', async () => {
    await unchanged(domain, send(name, [], { cloudUniqueId: '1:nobody:fe' }), 'INVALID_ARGUMENT empty instance_id');
    await unchanged(domain, send(name, [11n], { cloudUniqueId: undefined }), 'INVALID_ARGUMENT empty instance_id');
    await unchanged(domain, send(name, []), incomplete);
    await unchanged(domain, send(name, [11n], { tableId: undefined }), incomplete);
  });

  test('takes ids of any size', async () => {
    const ids = [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)];
    if (name === 'commit_index') await send('prepare_index', ids);
    expect(await send(name, ids, { tableId: 2n ** 63n - 1n, dbId: -(2n ** 63n), isNewTable: true })).toBe('OK');
  });
});

test('an index that is dropped while it is committed is either one, and never both', async () => {
  await send('prepare_index', [11n]);
  const outcomes = await Promise.all([send('commit_index', [11n]), send('drop_index', [11n])]);
  expect(outcomes[1]).toBe('OK');
  expect((await recycled(11n))?.state).toBe(State.DROPPED);
  expect(['OK', 'INVALID_ARGUMENT invalid recycle index state: DROPPED']).toContain(outcomes[0]);
});
