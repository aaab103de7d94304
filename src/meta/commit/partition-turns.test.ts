import { describe, expect, test } from 'vitest';
import { type ClaimPartitions, PartitionTurns } from './partition-turns.ts';

function partitions(...ids: number[]) {
  return ids.map((id) => ({ instance_id: 'i', db_id: 1n, table_id: 2n, partition_id: BigInt(id) }));
}

function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe('turns at partitions', () => {
  test('are taken in the order of the claims, and at once where nobody is before', async () => {
    const turns = new PartitionTurns();
    const log: string[] = [];
    const first = gate();
    const load = (name: string, wanted: number[], waits: Promise<void>) =>
      turns.run(async (claim: ClaimPartitions) => {
        log.push(`${name} looks`);
        claim(partitions(...wanted));
        log.push(`${name} begins`);
        await waits;
        log.push(`${name} ends`);
      });
    const now = Promise.resolve();
    const all = [
      load('a', [1, 2], first.opened),
      load('b', [2, 3], now),
      load('c', [3], now),
      load('d', [4], now),
      load('e', [1], now),
    ];
    await all[3];
    expect(log).toEqual(['a looks', 'a begins', 'b looks', 'c looks', 'd looks', 'd begins', 'e looks', 'd ends']);
    log.length = 0;
    first.open();
    await Promise.all(all);
    expect(log.filter((line) => line.endsWith('begins'))).toEqual(['b begins', 'e begins', 'c begins']);
    expect(log.indexOf('b ends')).toBeLessThan(log.indexOf('c begins'));
  });

  test('end with an error, too, and leave nothing behind', async () => {
    const turns = new PartitionTurns();
    const refused = turns.run(async (claim) => {
      claim(partitions(1));
      throw new Error('no');
    });
    const next = turns.run(async (claim) => {
      claim(partitions(1));
      return 'next';
    });
    await expect(refused).rejects.toThrow('no');
    expect(await next).toBe('next');
    let looks = 0;
    await turns.run(async (claim) => {
      looks++;
      claim(partitions(1));
    });
    expect(looks).toBe(1);
  });

  test('may be claimed again by work that begins again', async () => {
    const turns = new PartitionTurns();
    const claims = turns.run(async (claim) => {
      claim(partitions(1));
      claim(partitions(1, 2));
      return 'both';
    });
    expect(await claims).toBe('both');
  });
});
