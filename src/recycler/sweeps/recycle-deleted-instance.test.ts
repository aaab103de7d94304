import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { domainOn, rpc } from '../../../test/support/fuzz/domain.ts';
import { storedPairs } from '../../../test/support/fuzz/stored-pairs.ts';
import { MemoryBucket } from '../../../test/support/objects/memory-bucket.ts';
import { MemoryObjectStore, type ObjectCall } from '../../../test/support/objects/memory-object-store.ts';
import { memoryPlaces } from '../../../test/support/objects/memory-places.ts';
import { besides } from '../../../test/support/recycler/besides.ts';
import { DataWorld, INSTANCE, tabletsOf, VAULT } from '../../../test/support/recycler/data-world.ts';
import { openStageWorld } from '../../../test/support/recycler/stage-world.ts';
import { keys } from '../../keys/key-table.ts';
import type { Store } from '../../kv/store.ts';
import { ObjectStoreError } from '../../objects/object-store-error.ts';
import { recordExists } from '../../records/message-record.ts';
import {
  AlterInstanceRequest_Operation as Operation,
  InstanceInfoPB_Status as Status,
} from '../../schema/gen/cloud/instance_pb.ts';
import { ObjectStoreInfoPB_Provider as Provider } from '../../schema/gen/cloud/object_store_pb.ts';
import { AlterObjStoreInfoRequest_Operation as Alter } from '../../schema/gen/cloud/vault_pb.ts';
import { recycleDeletedInstance } from './recycle-deleted-instance.ts';

const tablets = tabletsOf(1n, 3);
const [first, second = first] = tablets;
let world: DataWorld;
/** The store as it was before there was an instance. */
let before: string[];

beforeEach(async () => {
  world = await DataWorld.open();
  await world.must(rpc.create_instance, { instanceId: 'neighbour' });
  before = (await allKeys()).filter((key) => key !== keys.instance.encode({ instance_id: INSTANCE }).toString('hex'));
  await world.createIndex(tablets);
  await world.load(tablets);
  await world.compact(first, 2n, 2n, { rowsetIdV2: 'output' });
  await world.prepare(world.rowset(77n, second));
  await world.domain.store.transact(async (txn) => {
    // What is told of it goes with it, though whoever told it may not live to see that.
    for (const kind of [keys.jobRecycle, keys.jobCheck, keys.systemRecycleReport, keys.systemCheckReport])
      txn.set(kind.encode({ instance_id: INSTANCE }), Buffer.alloc(0));
  });
});
afterEach(() => world.dispose());

function drop(): Promise<unknown> {
  return world.must(rpc.alter_instance, { op: Operation.DROP, instanceId: INSTANCE });
}

async function allKeys(): Promise<string[]> {
  return (await storedPairs(world.domain.store)).map(({ key }) => Buffer.from(key).toString('hex'));
}

test('an instance in use stays', async () => {
  const all = await allKeys();
  await world.sweep(recycleDeletedInstance);
  expect(await allKeys()).toEqual(all);
});

test('a dropped instance goes with all its objects and all its keys, and no others', async () => {
  const other = world.addVault('2');
  await world.put('stage/of/someone.csv');
  await world.put('data/1/r_0.dat', '2');
  await drop();
  const { progress } = await world.sweep(recycleDeletedInstance);
  expect(progress.numbers).toMatchObject({ found: 1, deleted: 1, failed: 0, objects: 7 });
  expect([world.paths, other.keys]).toEqual([[], []]);
  expect(await allKeys()).toEqual(before);
});

test('it is only named in a dry run', async () => {
  await drop();
  const all = [await allKeys(), world.paths];
  const swept = await world.sweep(recycleDeletedInstance, { dry_run: true });
  expect(swept.planned[0]).toEqual({ what: 'vault 1: all objects', why: 'its instance was dropped' });
  expect(swept.planned.length).toBeGreaterThan(20);
  expect([await allKeys(), world.paths]).toEqual(all);
});

test('it stays as long as one of its places fails, and the others are emptied', async () => {
  await drop();
  const bucket = new MemoryBucket();
  let is_down = true;
  const fault = () =>
    is_down ? { before: new ObjectStoreError('denied', 'vault 2: the keys are not taken') } : undefined;
  world.stores['2'] = new MemoryObjectStore('vault 2', bucket, 'other', { fault });
  const all = await allKeys();
  const { progress } = await world.sweep(recycleDeletedInstance);
  expect(progress.numbers).toMatchObject({ deleted: 0, failed: 1 });
  expect(progress.lastFailure).toBe('instance i: vault 2: the keys are not taken');
  const emptied = keys.systemEmptiedPlaces.encode({ instance_id: INSTANCE }).toString('hex');
  expect((await allKeys()).filter((key) => key !== emptied)).toEqual(all);
  expect(world.paths).toEqual([]);
  is_down = false;
  await world.sweep(recycleDeletedInstance);
  expect(await allKeys()).toEqual(before);
});

test('of a place without a prefix of its own only what Doris puts there goes', async () => {
  await drop();
  const bucket = new MemoryBucket();
  world.stores['2'] = new MemoryObjectStore('vault 2', bucket, '');
  for (const path of ['data/1/r_0.dat', 'stage/of/someone.csv', 'backup/1', 'database']) await world.put(path, '2');
  const { progress } = await world.sweep(recycleDeletedInstance);
  expect(progress.numbers).toMatchObject({ deleted: 1, failed: 0 });
  expect(bucket.keys).toEqual(['backup/1', 'database']);
});

test('of a place without a prefix the files of stages go, too, though their paths begin with a slash', async () => {
  const staged = await openStageWorld();
  try {
    await staged.changeInstance(({ objInfo }) => {
      for (const store of objInfo) store.prefix = '';
    });
    expect(await staged.createStage('jack')).toBe('OK');
    expect(await staged.createStage('jill', '2')).toBe('OK');
    const files = ['/stage/jack/1/a', '/stage/jill/2/b', '/stage', 'backup/1'];
    for (const path of files) staged.bucket.put(path, Buffer.from('file'), staged.now_ms());
    expect(await staged.dropStage('2')).toBe('OK');
    await staged.changeInstance((instance) => {
      instance.status = Status.DELETED;
    });
    const { progress } = await staged.sweep(recycleDeletedInstance);
    expect(progress.numbers).toMatchObject({ deleted: 1, failed: 0, objects: 2 });
    expect(staged.bucket.keys).toEqual(['/stage', 'backup/1']);
  } finally {
    await staged.domain.dispose();
  }
});

test('it goes on where it was broken off', async () => {
  await drop();
  const stopping = new AbortController();
  const { store } = world.domain;
  let transactions = 0;
  const dying = new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (name !== 'transact') return typeof member === 'function' ? member.bind(target) : member;
      return (work: never) => {
        if (++transactions === 12) stopping.abort(new Error('killed'));
        return target.transact(work);
      };
    },
  });
  await expect(world.sweep(recycleDeletedInstance, { store: dying, signal: stopping.signal })).rejects.toThrow(
    'killed',
  );
  const left = await allKeys();
  expect(left.length).toBeGreaterThan(before.length);
  await world.sweep(recycleDeletedInstance);
  expect(await allKeys()).toEqual(before);
});

test('what a listing does not show yet goes all the same, before nobody looks for it any more', async () => {
  await drop();
  let listings = 0;
  const fault = ({ deed }: ObjectCall) => (deed === 'list' && ++listings === 1 ? { stale_changes: 2 } : undefined);
  world.stores[VAULT] = new MemoryObjectStore('vault 1', world.bucket, 'one', { fault });
  await world.put('data/1/r_0.dat');
  const { progress } = await world.sweep(recycleDeletedInstance);
  expect(progress.numbers).toMatchObject({ deleted: 1, failed: 0 });
  expect(world.paths).toEqual([]);
});

const obj = {
  ...{ ak: 'a', sk: 's', bucket: 'b', endpoint: 'e', externalEndpoint: 'e', region: 'r' },
  provider: Provider.S3,
};

test('it stays while another instance may have objects in the same place', async () => {
  await world.must(rpc.create_instance, { instanceId: 'one', objInfo: { ...obj, prefix: 'p' } });
  await world.must(rpc.create_instance, { instanceId: 'two', objInfo: { ...obj, prefix: 'p/q' } });
  await world.must(rpc.create_instance, { instanceId: 'three', objInfo: { ...obj, prefix: 'pp' } });
  for (const instance_id of ['one', 'three']) {
    await world.must(rpc.alter_instance, { op: Operation.DROP, instanceId: instance_id });
    const { progress } = await world.sweep(recycleDeletedInstance, { instance_id });
    expect(progress.numbers.deleted).toBe(instance_id === 'three' ? 1 : 0);
    if (instance_id === 'one') {
      expect(progress.lastFailure).toMatch(/may lie in one place: vault 1 and vault 1 of instance two$/);
    }
  }
  await world.must(rpc.alter_instance, { op: Operation.DROP, instanceId: 'two' });
  const { progress } = await world.sweep(recycleDeletedInstance, { instance_id: 'one' });
  expect(progress.numbers).toMatchObject({ deleted: 1, failed: 0 });
});

describe('a place that is being emptied', () => {
  const REFUSED =
    'INVALID_ARGUMENT objects under this prefix are being deleted, since instance one was dropped: choose another prefix, or try again when that instance is gone';
  const onPlace = (prefix: string, more = {}) => ({ objInfo: { ...obj, prefix, ...more } });
  const down = { before: new ObjectStoreError('denied', 'vault 1: the keys are not taken') };
  let is_down: boolean;

  beforeEach(async () => {
    is_down = true;
    const fault = () => (is_down ? down : undefined);
    world.stores['1'] = new MemoryObjectStore('vault 1', world.bucket, 'one', { fault });
    await world.must(rpc.create_instance, { instanceId: 'one', ...onPlace('p') });
    await world.must(rpc.alter_instance, { op: Operation.DROP, instanceId: 'one' });
  });

  const sweepOne = (store: Store = world.domain.store) =>
    world.sweep(recycleDeletedInstance, { instance_id: 'one', store });

  test('is nobody else’s until it is empty', async () => {
    await world.must(rpc.create_instance, { instanceId: 'two', ...onPlace('another') });
    await sweepOne();
    const create = (prefix: string, more = {}) =>
      world.domain.status(rpc.create_instance, { instanceId: 'three', ...onPlace(prefix, more) });
    for (const prefix of ['p', '/p/', 'p/q', '']) expect(await create(prefix)).toBe(REFUSED);
    // One bucket may be reached in several ways.
    expect(await create('p', { endpoint: 'f', provider: Provider.OSS })).toBe(REFUSED);
    const add = { cloudUniqueId: '1:two:fe', op: Alter.ADD_OBJ_INFO, obj: { ...obj, prefix: 'p' } };
    expect(await world.domain.status(rpc.alter_obj_store_info, add)).toBe(REFUSED);
    const vault = {
      ...add,
      cloudUniqueId: '1:neighbour:fe',
      op: Alter.ADD_S3_VAULT,
      vault: { name: 'v', objInfo: add.obj },
    };
    expect(await world.domain.status(rpc.alter_storage_vault, vault)).toBe(REFUSED);
    expect(await create('p', { bucket: 'c' })).toBe('OK');

    is_down = false;
    await sweepOne();
    expect(await world.domain.status(rpc.create_instance, { instanceId: 'four', ...onPlace('p') })).toBe('OK');
  });

  test('is not emptied when another instance gets it just before', async () => {
    is_down = false;
    await world.put('data/1/r_0.dat');
    const before = world.paths;
    const { progress } = await sweepOne(
      besides(world.domain.store, 1, () => world.must(rpc.create_instance, { instanceId: 'two', ...onPlace('p') })),
    );
    expect(progress.lastFailure).toMatch(/may lie in one place: vault 1 and vault 1 of instance two$/);
    expect(world.paths).toEqual(before);
  });

  test('is refused to who had asked for it just before', async () => {
    const late = await domainOn(besides(world.domain.store, 1, sweepOne));
    expect(await late.status(rpc.create_instance, { instanceId: 'two', ...onPlace('p') })).toBe(REFUSED);
  });

  test('is not so in a dry run', async () => {
    const all = await allKeys();
    await world.sweep(recycleDeletedInstance, { instance_id: 'one', dry_run: true });
    expect(await allKeys()).toEqual(all);
  });
});

describe('an instance with a vault', () => {
  const create = (instanceId: string) => {
    const vault = { name: 'v', objInfo: { ...obj, prefix: 'p' } };
    return world.must(rpc.create_instance, { instanceId, vault });
  };
  const dropIt = (instanceId: string) => world.must(rpc.alter_instance, { op: Operation.DROP, instanceId });
  const isThere = (instance_id: string) =>
    world.domain.store.transact((txn) => recordExists(txn, keys.instance, { instance_id }));

  test('goes wherever its recycling was broken off', async () => {
    const places = memoryPlaces();
    await create('one');
    await dropIt('one');
    for (let deeds = 1; await isThere('one'); deeds++) {
      expect(deeds).toBeLessThan(50);
      await world.sweep(recycleDeletedInstance, {
        instance_id: 'one',
        store: besides(world.domain.store, deeds, () => Promise.reject(new Error('killed'))),
        places,
      });
    }
    await create('two');
  });

  test('that was made anew keeps its objects, though who recycled the old one stood still in between', async () => {
    await create('one');
    await dropIt('one');
    let others: () => Promise<void> = async () => undefined;
    const fault = async ({ deed }: ObjectCall) => {
      if (deed === 'list') await others();
      return undefined;
    };
    const places = memoryPlaces({ fault });
    const bucket = places.bucket('b');
    bucket.put('p/data/1/old_0.dat', Buffer.from('old'), 1);
    others = async () => {
      others = async () => undefined;
      await world.sweep(recycleDeletedInstance, { instance_id: 'one', places });
      expect([await isThere('one'), bucket.keys]).toEqual([false, []]);
      await create('one');
      bucket.put('p/data/1/new_0.dat', Buffer.from('new'), 2);
    };
    const { progress } = await world.sweep(recycleDeletedInstance, { instance_id: 'one', places });
    expect(progress.lastFailure).toMatch(/its places are being emptied no more/);
    expect([await isThere('one'), bucket.keys]).toEqual([true, ['p/data/1/new_0.dat']]);
  });
});
