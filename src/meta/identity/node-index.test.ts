import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TemporaryStore, temporaryStore } from '../../../test/support/kv/temporary-store.ts';
import { newSeed, Random } from '../../../test/support/random.ts';
import type { Transaction } from '../../kv/store.ts';
import { StoreErrorCode } from '../../kv/store-error.ts';
import { type InstanceInfoPB, InstanceInfoPBSchema } from '../../schema/gen/cloud/instance_pb.ts';
import { findInstance, saveInstance } from '../instance/instance-record.ts';
import { NodeIndex } from './node-index.ts';
import { resolveInstance } from './resolve-instance.ts';

const FEW_INSTANCES = ['a', 'b', 'c', 'd'] as const;
const INSTANCES = [...FEW_INSTANCES, ...Array.from({ length: 80 }, (_, i) => `e${i}`)] as const;
const NODE_IDS = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5'] as const;

describe('the node index', () => {
  let temporary: TemporaryStore;
  beforeEach(async () => {
    temporary = await temporaryStore();
  });
  afterEach(() => temporary.dispose());

  async function register(index: NodeIndex, instanceId: string, ids: readonly string[]): Promise<void> {
    await temporary.store.transact(async (txn) => {
      await index.change(txn, instanceId);
      saveInstance(txn, instanceWith(instanceId, ids));
    });
  }

  const whereIs = (index: NodeIndex, id: string): Promise<string[]> =>
    temporary.store.transact((txn) => whereSeen(index, txn, id));

  test('finds a node where it is, and no more where it was', async () => {
    const [index, other] = [new NodeIndex(), new NodeIndex()];
    expect(await whereIs(index, 'n')).toEqual([]);
    await register(index, 'x', ['n', 'm']);
    expect(await whereIs(index, 'n')).toEqual(['x']);
    expect(await whereIs(other, 'n')).toEqual(['x']);
    await register(other, 'x', ['m']);
    await register(other, 'y', ['n']);
    expect(await whereIs(index, 'n')).toEqual(['y']);
    expect(await whereIs(index, 'm')).toEqual(['x']);
  });

  test('shows a transaction that began earlier the nodes of its own snapshot', async () => {
    const index = new NodeIndex();
    await register(index, 'x', ['n']);
    const early = temporary.store.begin();
    await early.readVersion();
    await register(index, 'x', []);
    await register(index, 'y', ['n']);
    expect(await whereIs(index, 'n')).toEqual(['y']);
    expect(await whereSeen(index, early, 'n')).toEqual(['x']);
    expect(await whereIs(index, 'n')).toEqual(['y']);
    early.cancel();
  });

  test('reads no instance but the one that was changed', async () => {
    const index = new NodeIndex();
    for (const id of ['x', 'y', 'z']) await register(index, id, [id]);
    expect(await whereIs(index, 'z')).toEqual(['z']);
    // Damage that only a reader of the record can notice.
    await temporary.store.transact(async (txn) => saveInstance(txn, instanceWith('x', ['unheard of'])));
    await register(index, 'y', ['w']);
    expect(await whereIs(index, 'w')).toEqual(['y']);
    expect(await whereIs(index, 'unheard of')).toEqual([]);
  });

  describe('beside services that do not write the list', () => {
    let now_ms: number;
    let index: NodeIndex;
    beforeEach(async () => {
      now_ms = 1_000_000;
      index = new NodeIndex({ is_list_whole: false, now_ms: () => now_ms });
      await register(index, 'x', ['n']);
      expect(await whereIs(index, 'n')).toEqual(['x']);
    });
    const unheard = (id: string, nodes: readonly string[]) =>
      temporary.store.transact(async (txn) => saveInstance(txn, instanceWith(id, nodes)));

    test('knows at once a node that one of them has registered', async () => {
      await unheard('y', ['m']);
      expect(await temporary.store.transact((txn) => resolveInstance({ nodes: index, txn }, 'm'))).toBe('y');
      expect(await whereIs(index, 'm')).toEqual(['y']);
    });

    test('sees some seconds later that one of them has moved a node', async () => {
      await unheard('x', []);
      await unheard('y', ['n']);
      now_ms += 5_000;
      expect(await whereIs(index, 'n')).toEqual(['y']);
    });

    test('registers nothing that one of them has registered, not even at the same moment', async () => {
      await unheard('y', ['m']);
      const txn = temporary.store.begin();
      const find = await index.change(txn, 'x');
      expect(find('m').map(({ instance_id }) => instance_id)).toEqual(['y']);
      saveInstance(txn, instanceWith('x', ['n', 'k']));
      await unheard('y', ['k']);
      await expect(txn.commit()).rejects.toMatchObject({ code: StoreErrorCode.Conflict });
    });
  });

  test('lets no two transactions register at the same time', async () => {
    const index = new NodeIndex();
    const [left, right] = [temporary.store.begin(), temporary.store.begin()];
    await index.change(left, 'x');
    await index.change(right, 'y');
    await left.commit();
    await expect(right.commit()).rejects.toMatchObject({ code: StoreErrorCode.Conflict });
  });

  test('agrees with the records after random changes, for old transactions and new ones', async () => {
    const seed = newSeed();
    const random = new Random(seed);
    const indexes = [new NodeIndex(), new NodeIndex(), new NodeIndex()] as const;
    let open: Transaction[] = [];
    for (let step = 0; step < 400; step++) {
      const instanceId = random.chance(0.95) ? random.pick(FEW_INSTANCES) : random.pick(INSTANCES);
      await register(
        random.pick(indexes),
        instanceId,
        NODE_IDS.filter(() => random.chance(0.25)),
      );
      if (random.chance(0.2)) {
        const txn = temporary.store.begin();
        await txn.readVersion();
        open.push(txn);
      }
      const [first, ...others] = open;
      const reader = first && random.chance(0.5) ? random.pick([first, ...others]) : temporary.store.begin();
      const id = random.pick(NODE_IDS);
      expect(await whereSeen(random.pick(indexes), reader, id), `step ${step}, TEST_SEED=${seed}`).toEqual(
        await whereStored(reader, id),
      );
      if (!open.includes(reader)) reader.cancel();
      if (open.length > 8) {
        for (const txn of open) txn.cancel();
        open = [];
      }
    }
    for (const txn of open) txn.cancel();
  });
});

function instanceWith(instanceId: string, ids: readonly string[]): InstanceInfoPB {
  const nodes = ids.map((cloudUniqueId) => ({ cloudUniqueId }));
  return create(InstanceInfoPBSchema, { instanceId, clusters: [{ clusterId: 'c', nodes }] });
}

async function whereSeen(index: NodeIndex, txn: Transaction, id: string): Promise<string[]> {
  return (await index.find(txn, id)).map(({ instance_id }) => instance_id);
}

async function whereStored(txn: Transaction, id: string): Promise<string[]> {
  const found: string[] = [];
  for (const instanceId of [...INSTANCES].sort()) {
    const instance = await findInstance(txn, instanceId, { snapshot: true });
    const has = instance?.clusters.some(({ nodes }) => nodes.some(({ cloudUniqueId }) => cloudUniqueId === id));
    if (has) found.push(instanceId);
  }
  return found;
}
