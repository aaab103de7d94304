import { afterEach, beforeEach, expect, test } from 'vitest';
import { keys } from '../../src/keys/key-table.ts';
import { dataSweeps } from '../../src/recycler/sweeps/data-sweeps.ts';
import { ObjectStoreInfoPB_Provider as Provider } from '../../src/schema/gen/cloud/object_store_pb.ts';
import { AlterObjStoreInfoRequest_Operation as Alter } from '../../src/schema/gen/cloud/vault_pb.ts';
import { rpc } from '../support/fuzz/domain.ts';
import { DataWorld, tabletsOf } from '../support/recycler/data-world.ts';

const AT_ONCE = { settings: { force_immediate_recycle: true } };
const [tablet, second] = tabletsOf(1n, 2) as [ReturnType<typeof tabletsOf>[0], ReturnType<typeof tabletsOf>[0]];
const obj = {
  ...{ ak: 'a', sk: 's', bucket: 'b', endpoint: 'e', externalEndpoint: 'e', region: 'r' },
  provider: Provider.S3,
};
/** Of another instance, whose frontend gave a tablet of its own the same id. */
const THEIRS = `data/${tablet.tabletId}/theirs_0.dat`;

let world: DataWorld;
beforeEach(async () => {
  world = await DataWorld.open();
  const vault = { name: 'v', objInfo: { ...obj, prefix: 'p' } };
  const { storageVaultId } = await world.must(rpc.alter_storage_vault, { op: Alter.ADD_S3_VAULT, vault });
  expect(storageVaultId).toBe('1');
  await world.createIndex([tablet, second]);
  await world.load([tablet, second], { numSegments: 2n });
  await world.load([tablet]);
  await world.compact(tablet, 2n, 3n, { rowsetIdV2: 'output' });
  await world.put(THEIRS);
});
afterEach(() => world.dispose());

async function neighbour(prefix: string, more = {}): Promise<void> {
  await world.must(rpc.create_instance, { instanceId: 'neighbour', objInfo: { ...obj, prefix, ...more } });
}

test('what a dropped table of one instance leaves in a place goes, and the tablets of another there stay', async () => {
  await neighbour('/p/', { endpoint: 'f' });
  await world.dropIndex(tablet);
  const { progress } = await world.sweep(dataSweeps.slice(0, 1), AT_ONCE);
  expect(progress.numbers).toMatchObject({ deleted: 1, failed: 0, objects: 6 });
  expect(world.paths).toEqual([THEIRS]);
});

test('so does what a dropped partition leaves', async () => {
  await neighbour('p');
  await world.dropPartition(tablet);
  await world.sweep(dataSweeps, AT_ONCE);
  expect(world.paths).toEqual([THEIRS]);
});

test('where it can not be told who else has the place, only what leads to an object has it deleted', async () => {
  await world.domain.store.transact(async (txn) => {
    txn.set(keys.instance.encode({ instance_id: 'unreadable' }), Buffer.from('ff', 'hex'));
  });
  await world.dropIndex(tablet);
  await world.sweep(dataSweeps, AT_ONCE);
  expect(world.paths).toEqual([THEIRS]);
});

test.each([
  ['in another bucket', 'p', { bucket: 'c' }],
  ['around it', '', {}],
  ['within it', 'p/q', {}],
])('a place %s is another one, and a tablet goes with all that lies there', async (_, prefix, more) => {
  await neighbour(prefix, more);
  await world.dropIndex(tablet);
  await world.sweep(dataSweeps, AT_ONCE);
  expect(world.paths).toEqual([]);
});
