import { expect, test } from 'vitest';
import { keys } from '../keys/key-table.ts';
import { clusterHome, holds, rangesOfThePlace, wholeStore, withoutPlace } from './ranges.ts';

const registry = keys.systemRegistry.encode({});
const receipt = keys.systemReceipt.encode({ opener: 'o', place: 7n });
const filling = keys.systemFilling.encode({});
const instance = keys.instance.encode({ instance_id: 'i' });

test('a cluster’s home is what Doris writes, and not what belongs to the cluster', () => {
  const of_later_versions = Buffer.concat([Buffer.of(3), instance.subarray(1)]);
  for (const key of [instance, keys.systemEncryptionKeys.encode({}), of_later_versions]) {
    expect(holds(clusterHome, key)).toBe(true);
  }
  const others = [Buffer.of(), Buffer.from('a'), Buffer.of(1), Buffer.of(1, 0x11), Buffer.of(2, 0x41), Buffer.of(0xff)];
  for (const key of [registry, receipt, filling, ...others]) expect(holds(clusterHome, key)).toBe(false);
});

test('what belongs to the place is left out of any ranges, and nothing else is', () => {
  const all = withoutPlace([wholeStore(100)]);
  expect(all).toHaveLength(rangesOfThePlace.length + 1);
  for (const { begin, end } of rangesOfThePlace) {
    expect(holds(all, begin)).toBe(false);
    expect(holds(all, end)).toBe(true);
    expect(holds(all, Buffer.concat([begin.subarray(0, -1), Buffer.of(0)]))).toBe(true);
  }
  const [within] = rangesOfThePlace;
  expect(withoutPlace(within === undefined ? [] : [within])).toEqual([]);
});
