import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { frontendsProblem } from '../../src/meta/cluster/cluster-shape.ts';
import {
  type ClusterPB,
  ClusterPB_Type,
  AlterClusterRequest_Operation as Operation,
} from '../../src/schema/gen/cloud/cluster_pb.ts';
import { type Domain, domainOn, openDomain, rpc } from '../support/fuzz/domain.ts';
import { newSeed, Random } from '../support/random.ts';

const seed = newSeed();
const INSTANCES = ['i0', 'i1', 'i2', 'i3', 'i4', 'i5'];
const ROUNDS = 6;
const WORKERS = 16;

/** Two services with what they remember apart, on one store, as two processes would be. */
let services: readonly [Domain, Domain];
beforeEach(async () => {
  const first = await openDomain();
  services = [first, await domainOn(first.store)];
  for (const instance_id of INSTANCES)
    await first.admin('create_instance', { instance_id, name: 'name', user_id: 'user' });
});
afterEach(() => services[0].dispose());

/**
 * Runs `work` again and again in many workers at once, each time on one of the services, and `check` now and then in
 * between: what went wrong may be undone by chance later.
 */
async function churn(
  times: number,
  work: (service: Domain, random: Random) => Promise<void>,
  check: () => Promise<void>,
): Promise<void> {
  const random = new Random(seed);
  const worker = async (mine: Random) => {
    for (let left = times; left > 0; left--) await work(mine.pick(services), mine);
  };
  for (let round = 0; round < ROUNDS; round++) {
    await Promise.all(Array.from({ length: WORKERS }, (_, i) => worker(random.fork(`worker ${round} ${i}`))));
    await check();
  }
}

async function clustersOf(instanceId: string): Promise<ClusterPB[]> {
  return (await services[0].instance(instanceId)).clusters;
}

async function allNodeIds(): Promise<{ instance: string; id: string }[]> {
  const ids = await Promise.all(
    INSTANCES.map(async (instance) =>
      (await clustersOf(instance)).flatMap(({ nodes }) => nodes.map((node) => ({ instance, id: node.cloudUniqueId }))),
    ),
  );
  return ids.flat();
}

function repeated(values: readonly string[]): string[] {
  return values.filter((value, i) => values.indexOf(value) !== i);
}

/** How often something was added, less how often it was dropped, by the calls that answered OK. */
class Balance {
  readonly counts = new Map<string, number>();

  change(of: string, by: number): void {
    this.counts.set(of, (this.counts.get(of) ?? 0) + by);
  }

  present(): string[] {
    return [...this.counts].filter(([, count]) => count === 1).map(([of]) => of);
  }
}

function backend(id: string, port: number) {
  return { cloud_unique_id: id, ip: '10.0.0.1', heartbeat_port: port };
}

describe(`calls at the same time, TEST_SEED=${seed}`, () => {
  test('nodes are registered once, and where the answers said', async () => {
    for (const instance_id of INSTANCES) {
      for (const name of ['a', 'b']) {
        const cluster = { cluster_name: `${name}${name}`, cluster_id: name, type: 'COMPUTE' };
        await services[0].admin('add_cluster', { instance_id, cluster });
      }
    }
    const balance = new Balance();
    await churn(
      5,
      async (service, random) => {
        const instance_id = random.pick(INSTANCES);
        const cluster_id = random.pick(['a', 'b']);
        const id = random.pick(['p0', 'p1', 'p2', '1:i0:x', '1:i1:x', `1:${instance_id}:y`]);
        const add = random.chance(0.5);
        const cluster = { cluster_id, type: 'COMPUTE', nodes: [backend(id, 9050)] };
        const { code } = await service.admin(add ? 'add_node' : 'drop_node', { instance_id, cluster });
        if (code === 'OK') balance.change(`${instance_id} ${cluster_id} ${id}`, add ? 1 : -1);
      },
      async () => {
        expect(repeated((await allNodeIds()).map(({ id }) => id))).toEqual([]);
        const registered = await Promise.all(
          INSTANCES.map(async (instance) =>
            (await clustersOf(instance)).flatMap(({ clusterId, nodes }) =>
              nodes.map((node) => `${instance} ${clusterId} ${node.cloudUniqueId}`),
            ),
          ),
        );
        expect(balance.present().sort()).toEqual(registered.flat().sort());
        expect([...balance.counts.values()].filter((count) => count !== 0 && count !== 1)).toEqual([]);
      },
    );
  });

  test('clusters have ids, names and nodes of their own', async () => {
    const balance = new Balance();
    const names = new Map<string, Set<string>>();
    await churn(
      5,
      async (service, random) => {
        const instance_id = random.pick(INSTANCES);
        const cluster_id = random.pick(['k0', 'k1', 'k2', 'k3']);
        const cluster_name = random.pick(['n0', 'n1', 'n2', 'n3', 'n4']);
        const operation = random.weighted([
          [4, 'add_cluster'],
          [3, 'drop_cluster'],
          [3, 'rename_cluster'],
        ]);
        const nodes = [backend(random.pick(['p0', 'p1', '1:i0:x']), 9050), backend(random.pick(['p2', 'p3']), 9051)];
        const cluster = {
          cluster_id,
          ...(operation !== 'drop_cluster' && { cluster_name }),
          ...(operation === 'add_cluster' && { type: 'COMPUTE', nodes: random.chance(0.5) ? nodes : [] }),
        };
        const { code } = await service.admin(operation, { instance_id, cluster });
        if (code !== 'OK') return;
        const key = `${instance_id} ${cluster_id}`;
        if (operation === 'drop_cluster') balance.change(key, -1);
        else names.set(key, (names.get(key) ?? new Set()).add(cluster_name));
        if (operation === 'add_cluster') balance.change(key, 1);
      },
      async () => {
        const found: string[] = [];
        for (const instance of INSTANCES) {
          const clusters = await clustersOf(instance);
          expect(repeated(clusters.map(({ clusterId }) => clusterId))).toEqual([]);
          expect(repeated(clusters.map(({ clusterName }) => clusterName))).toEqual([]);
          for (const { clusterId, clusterName } of clusters) {
            found.push(`${instance} ${clusterId}`);
            expect(names.get(`${instance} ${clusterId}`)).toContain(clusterName);
          }
        }
        expect(found.sort()).toEqual(balance.present().sort());
        expect(repeated((await allNodeIds()).map(({ id }) => id))).toEqual([]);
      },
    );
  });

  test('frontends are one master, or followers', async () => {
    const fe = (name: string, node_type: string) => ({
      cloud_unique_id: name,
      ip: name,
      edit_log_port: 9010,
      node_type,
    });
    for (const [i, instance_id] of INSTANCES.entries()) {
      const first = fe(`fe_${instance_id}`, i === 0 ? 'FE_MASTER' : 'FE_FOLLOWER');
      const cluster = { cluster_name: 'sql', cluster_id: 'sql', type: 'SQL', nodes: [first] };
      await services[0].admin('add_cluster', { instance_id, cluster });
    }
    await churn(
      5,
      async (service, random) => {
        const instance_id = random.pick(INSTANCES);
        const node_type = random.pick(['FE_MASTER', 'FE_FOLLOWER', 'FE_OBSERVER']);
        const id = random.pick([`fe_${instance_id}`, 'f1', 'f2', 'f3', 'f4']);
        const cluster = { cluster_id: 'sql', type: 'SQL', nodes: [fe(id, node_type)] };
        await service.admin(random.chance(0.6) ? 'add_node' : 'drop_node', { instance_id, cluster });
      },
      async () => {
        for (const instance of INSTANCES) {
          const [sql] = await clustersOf(instance);
          expect(sql?.type).toBe(ClusterPB_Type.SQL);
          expect(frontendsProblem(sql?.nodes ?? [])).toBeUndefined();
        }
        expect(repeated((await allNodeIds()).map(({ id }) => id))).toEqual([]);
      },
    );
  });

  test('by RPC, no id is shared between instances, and callers belong to where they are registered', async () => {
    await churn(
      5,
      async (service, random) => {
        const instanceId = random.pick(INSTANCES);
        const cloudUniqueId = random.pick(['p0', 'p1', 'p2', '1:i0:x']);
        const clusterId = random.pick(['k0', 'k1']);
        const nodes = [{ cloudUniqueId, ip: '10.0.0.1', heartbeatPort: 1 + random.int(3) }];
        const cluster = { clusterId, clusterName: clusterId, type: ClusterPB_Type.COMPUTE, nodes };
        const op = random.weighted([
          [3, Operation.ADD_CLUSTER],
          [2, Operation.DROP_CLUSTER],
          [4, Operation.ADD_NODE],
          [3, Operation.DROP_NODE],
        ]);
        await service.call(rpc.alter_cluster, { instanceId, op, cluster });
      },
      async () => {
        const homes = new Map<string, Set<string>>();
        for (const { instance, id } of await allNodeIds()) homes.set(id, (homes.get(id) ?? new Set()).add(instance));
        expect([...homes.values()].filter((instances) => instances.size > 1)).toEqual([]);
        for (const [cloudUniqueId, [home]] of homes) {
          for (const service of services) {
            const { instance } = await service.call(rpc.get_instance, { cloudUniqueId });
            expect(instance?.instanceId).toBe(home);
          }
        }
      },
    );
  });
});
