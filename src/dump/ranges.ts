import { familyRange, keyFamilies } from '../keys/family.ts';
import type { KeyKind, KeyRange, KeyShape, LeadingFields } from '../keys/key-kind.ts';
import { allKinds, INSTANCE_SPACE, keys } from '../keys/key-table.ts';

/** Every key that a store can hold whose keys have `key_bytes` at most. */
export function wholeStore(key_bytes: number): KeyRange {
  return { begin: Buffer.alloc(0), end: Buffer.alloc(key_bytes + 1, 0xff) };
}

/** All that is stored of one instance, in the order of the keys. A kind of key that is new is in it by itself. */
export function rangesOfInstance(instance_id: string): readonly KeyRange[] {
  const kinds: readonly KeyKind[] = allKinds;
  const service_wide = kinds
    .filter(({ shape, fields }) => shape.space !== INSTANCE_SPACE && fields[0]?.name === 'instance_id')
    .map((kind) => kind.range({ instance_id } as LeadingFields<KeyShape>));
  return inOrder([...keyFamilies.map((family) => familyRange(family, instance_id)), ...service_wide]);
}

/** The key of the keys that secrets are encrypted with: an instance is of no use without them, and they belong to none. */
export const encryptionKeys: Buffer = keys.systemEncryptionKeys.encode({});

/** What a dump holds: of one instance, or of a whole store. */
export function rangesOfDump(instance_id: string | undefined, key_bytes: number): readonly KeyRange[] {
  if (instance_id === undefined) return [wholeStore(key_bytes)];
  const secrets = { begin: encryptionKeys, end: Buffer.concat([encryptionKeys, Buffer.of(0)]) };
  return inOrder([...rangesOfInstance(instance_id), secrets]);
}

function inOrder(ranges: readonly KeyRange[]): readonly KeyRange[] {
  return [...ranges].sort((one, other) => Buffer.compare(one.begin, other.begin));
}
