import { expect, test } from 'vitest';
import type { FieldsToEncode, KeyKind, KeyShape } from '../keys/key-kind.ts';
import { allKinds, INSTANCE_SPACE } from '../keys/key-table.ts';
import { rangesOfInstance, singleKeysOfInstance, vaultsOfInstance } from './instance-keys.ts';

const kinds: readonly KeyKind[] = allKinds;
const ofInstances = kinds.filter(({ shape }) => shape.space === INSTANCE_SPACE);

function keyOf(kind: KeyKind, instance_id: string): Buffer {
  const fields = kind.fields.map(({ name, type }) => [name, type === 'int64' ? 7n : 'x']);
  return kind.encode({ ...Object.fromEntries(fields), instance_id } as FieldsToEncode<KeyShape>);
}

function goes(instance_id: string, key: Buffer): boolean {
  const ranges = [...rangesOfInstance(instance_id), vaultsOfInstance(instance_id)];
  const isIn = ranges.some(({ begin, end }) => begin.compare(key) <= 0 && key.compare(end) < 0);
  return isIn || singleKeysOfInstance(instance_id).some((each) => each.equals(key));
}

test('every kind of key that an instance has is among what goes with it, and no other', () => {
  expect(ofInstances.length).toBeGreaterThan(30);
  expect(ofInstances.filter(({ fields }) => fields[0]?.name !== 'instance_id')).toEqual([]);
  for (const kind of kinds) {
    expect([kind.name, goes('i', keyOf(kind, 'i'))]).toEqual([kind.name, ofInstances.includes(kind)]);
  }
});

test('nothing of an instance with a similar id goes', () => {
  for (const kind of ofInstances) {
    for (const other of ['', 'h', 'i0', 'i\0', 'ii', 'j']) {
      expect([kind.name, other, goes('i', keyOf(kind, other))]).toEqual([kind.name, other, false]);
    }
  }
});

test('what goes last is the record of the instance, and who is at work on it', () => {
  const names = kinds.filter((kind) => singleKeysOfInstance('i').some((key) => kind.decode(key) !== undefined));
  expect(names.map(({ name }) => name)).toEqual(['instance', 'jobRecycle', 'jobCheck']);
});
