import { afterEach, expect, test } from 'vitest';
import { type Domain, openDomain } from '../../test/support/fuzz/domain.ts';
import { createTwoInstances, onCluster } from '../../test/support/fuzz/two-instances.ts';
import { Turns } from './turns.ts';

let domain: Domain | undefined;
afterEach(() => domain?.dispose());

test('turns follow each other, whether they go well or not', async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const turn = (name: string, ms: number) =>
    turns.take(async () => {
      seen.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, ms));
      seen.push(`${name} ends`);
      if (name === 'a') throw new Error(name);
      return name;
    });
  const results = await Promise.allSettled([turn('a', 20), turn('b', 1), turn('c', 0)]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});

test('many registrations at the same time all succeed', async () => {
  const opened = await openDomain();
  domain = opened;
  await createTwoInstances(opened);
  const replies = await Promise.all(
    Array.from({ length: 400 }, (_, i) => {
      const node = { cloud_unique_id: `many_${i}`, ip: `10.9.${i >> 8}.${i & 255}`, heartbeat_port: 9050 };
      return onCluster(opened, 'add_node', { cluster_id: 'compute_id', type: 'COMPUTE', nodes: [node] });
    }),
  );
  expect(replies.filter(({ code }) => code !== 'OK')).toEqual([]);
});
