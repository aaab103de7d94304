import { BYTES_TAG } from '../keys/codec.ts';
import { familyRange, keyFamilies } from '../keys/family.ts';
import type { KeyKind, KeyRange, KeyShape, LeadingFields } from '../keys/key-kind.ts';
import { allKinds, INSTANCE_SPACE, keys } from '../keys/key-table.ts';

/** Every key that a store can hold whose keys have `key_bytes` at most. */
export function wholeStore(key_bytes: number): KeyRange {
  return { begin: Buffer.alloc(0), end: Buffer.alloc(key_bytes + 1, 0xff) };
}

/** What Doris begins its keys with: the byte of a space, the third of which later versions have, and the tag of a text. */
const DORIS_SPACES = [0x01, 0x02, 0x03];

/**
 * What belongs to the cluster that a store lies in, and not to what is stored: who serves it, what is noted while it is
 * filled, and which commits were made. No copy of the store elsewhere has these.
 */
export const rangesOfThePlace: readonly KeyRange[] = inOrder([
  keys.systemRegistry.range({}),
  keys.systemFilling.range({}),
  keys.systemReceipt.range({}),
]);

/** What a cluster that others may share holds of a store, without what belongs to the cluster. */
export const clusterHome: readonly KeyRange[] = withoutPlace(
  DORIS_SPACES.map((space) => ({ begin: Buffer.of(space, BYTES_TAG), end: Buffer.of(space, BYTES_TAG + 1) })),
);

/** Ranges in their order, without what belongs to the place. */
export function withoutPlace(ranges: readonly KeyRange[]): readonly KeyRange[] {
  return rangesOfThePlace.reduce<readonly KeyRange[]>(
    (left, hole) => left.flatMap((range) => without(range, hole)),
    ranges,
  );
}

/** Whether a key lies in one of the ranges. */
export function holds(ranges: readonly KeyRange[], key: Uint8Array): boolean {
  return ranges.some(({ begin, end }) => Buffer.compare(key, begin) >= 0 && Buffer.compare(key, end) < 0);
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

function without(range: KeyRange, hole: KeyRange): KeyRange[] {
  if (Buffer.compare(hole.begin, range.end) >= 0 || Buffer.compare(hole.end, range.begin) <= 0) return [range];
  return [
    { begin: range.begin, end: hole.begin },
    { begin: hole.end, end: range.end },
  ].filter(({ begin, end }) => Buffer.compare(begin, end) < 0);
}

function inOrder(ranges: readonly KeyRange[]): readonly KeyRange[] {
  return [...ranges].sort((one, other) => Buffer.compare(one.begin, other.begin));
}
