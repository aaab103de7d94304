import { afterEach, expect, test } from 'vitest';
import type { MemoryOptions, ObjectCall } from '../../../test/support/objects/memory-object-store.ts';
import { openStageWorld, type StageWorld } from '../../../test/support/recycler/stage-world.ts';
import { keys } from '../../keys/key-table.ts';
import { ObjectStoreError } from '../../objects/object-store-error.ts';
import { recycleStage } from './recycle-stage.ts';

let world: StageWorld;
afterEach(() => world.domain.dispose());

/** A world in which the stage of a user has been dropped with files in it, beside others that are in use. */
async function dropped(options: MemoryOptions = {}): Promise<void> {
  world = await openStageWorld(options);
  for (const [user, id] of [
    ['jack', '1'],
    ['jack too', '10'],
    ['jill', '2'],
  ] as const) {
    expect(await world.createStage(user, id)).toBe('OK');
  }
  for (const path of ['a', 'b/c', 'd']) world.upload(path, 'file');
  for (const stage of ['jack/10', 'jack too/10', 'jill/2']) world.upload('kept', 'file', stage);
  world.bucket.put('pre/data/1/r_0.dat', Buffer.from('data'), world.now_ms());
  expect(await world.dropStage('1')).toBe('OK');
}

const KEPT = ['pre/data/1/r_0.dat', 'pre/stage/jack too/10/kept', 'pre/stage/jack/10/kept', 'pre/stage/jill/2/kept'];
const FILES = ['pre/stage/jack/1/a', 'pre/stage/jack/1/b/c', 'pre/stage/jack/1/d'];
const fieldsOf = (stage_id: string) => keys.recycleStage.encode({ instance_id: 'i', stage_id });
const left = (stage_id = 'stage 1') => world.domain.store.transact((txn) => txn.get(fieldsOf(stage_id)));

test('takes the objects of a dropped stage and no others, then what leads to them', async () => {
  await dropped();
  const { progress } = await world.sweep(recycleStage);
  expect(progress.numbers).toEqual({ scanned: 1, found: 1, deleted: 1, failed: 0, objects: 3, bytes: 12 });
  expect(world.bucket.keys).toEqual(KEPT);
  expect(await left()).toBeUndefined();
  expect((await world.sweep(recycleStage)).progress.numbers).toMatchObject({ scanned: 0 });
});

test('leaves the record as long as objects can not be deleted, and takes up again', async () => {
  let fails = 0;
  const fault = ({ deed }: ObjectCall) => {
    if (deed === 'delete' && fails++ === 0) return { partial: 1 };
    return deed === 'delete' && fails === 2 ? { before: new ObjectStoreError('unavailable', 'not now') } : undefined;
  };
  await dropped({ fault });
  for (let round = 0; round < 2; round++) {
    expect((await world.sweep(recycleStage)).progress.numbers).toMatchObject({ deleted: 0, failed: 1 });
    expect(await left()).toBeDefined();
  }
  expect((await world.sweep(recycleStage)).progress.numbers).toMatchObject({ deleted: 1, failed: 0 });
  expect(world.bucket.keys).toEqual(KEPT);
});

test('believes only a listing that is empty after the deletion', async () => {
  let listings = 0;
  await dropped({ fault: ({ deed }) => (deed === 'list' && listings++ === 0 ? { stale_changes: 5 } : undefined) });
  await world.sweep(recycleStage);
  expect(world.bucket.keys).toEqual(KEPT);
});

test('gives up, and leaves the record, where objects keep coming', async () => {
  await dropped({ fault: ({ deed }) => void (deed === 'list' && world.upload('more')) });
  const { progress } = await world.sweep(recycleStage);
  expect(progress.numbers).toMatchObject({ deleted: 0, failed: 1 });
  expect(await left()).toBeDefined();
});

test('leaves the objects to the stage of a user who was created again', async () => {
  await dropped();
  expect(await world.createStage('jack', '1', 'stage new')).toBe('OK');
  expect((await world.sweep(recycleStage)).progress.numbers).toMatchObject({ deleted: 1, objects: 0, failed: 0 });
  expect(world.bucket.keys).toEqual([...KEPT, ...FILES].sort());
  expect(await world.dropStage('1')).toBe('OK');
  await world.sweep(recycleStage);
  expect(world.bucket.keys).toEqual(KEPT);
});

test('takes them where the stage of a user who was created again lies in another bucket', async () => {
  await dropped();
  await world.changeInstance(({ objInfo }) => {
    const [store] = objInfo;
    if (store) objInfo.push({ ...store, id: '2', bucket: 'newer' });
  });
  expect(await world.createStage('jack', '1', 'stage new')).toBe('OK');
  expect((await world.sweep(recycleStage)).progress.numbers).toMatchObject({ deleted: 1, failed: 0 });
  expect(world.bucket.keys).toEqual(KEPT);
});

test('stops where such a stage comes while the objects are being deleted', async () => {
  const fault = async ({ deed }: ObjectCall) => {
    if (deed === 'list') await world.createStage('jack', '1', 'stage new');
    return undefined;
  };
  await dropped({ fault });
  await world.sweep(recycleStage);
  expect(world.bucket.keys).toEqual([...KEPT, ...FILES].sort());
});

test('does not touch a stage within which another lies that is in use', async () => {
  await dropped();
  expect(await world.createStage('jack/1', 'b')).toBe('OK');
  expect((await world.sweep(recycleStage)).progress.numbers).toMatchObject({ deleted: 0, failed: 1 });
  expect(world.bucket.keys).toEqual([...KEPT, ...FILES].sort());
});

test.each(['', 'pre', 'pre/', 'pre/data', 'pre/stage', 'pre/stage/', 'other/stage/jack/1', 'pre/stage/../data'])(
  'never takes %j for the place of a stage',
  async (prefix) => {
    await dropped();
    const before = world.bucket.keys;
    expect(await world.createStage('joe', '3')).toBe('OK');
    await world.changeInstance(({ stages }) => {
      const objInfo = stages.at(-1)?.objInfo;
      if (objInfo) objInfo.prefix = prefix;
    });
    await world.dropStage('3');
    await world.domain.store.transact(async (txn) => txn.clear(fieldsOf('stage 1')));
    expect((await world.sweep(recycleStage)).progress.numbers).toMatchObject({ deleted: 0, failed: 1 });
    expect(world.bucket.keys).toEqual(before);
  },
);

test('passes by what can not be read or opened', async () => {
  await dropped();
  await world.domain.store.transact(async (txn) => {
    txn.set(fieldsOf('a'), Buffer.from([0xff]));
    txn.set(fieldsOf('b'), Buffer.alloc(0));
  });
  expect((await world.sweep(recycleStage)).progress.numbers).toMatchObject({ scanned: 3, deleted: 1, failed: 2 });
  expect(await left('a')).toBeDefined();
  expect(await left('b')).toBeDefined();
});

test('in a dry run names the objects and the record', async () => {
  await dropped();
  const version = await world.domain.version();
  const { planned } = await world.sweep(recycleStage, { dry_run: true });
  expect(planned.map(({ what }) => what)).toEqual([
    expect.stringMatching(/^01/),
    ...['a', 'b/c', 'd'].map((path) => expect.stringContaining(`/${path}`)),
  ]);
  expect(world.bucket.keys).toEqual([...KEPT, ...FILES].sort());
  expect(await world.domain.version()).toBe(version);
});
