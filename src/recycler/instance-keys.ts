import { familyRange, type KeyFamily, keyFamilies } from '../keys/family.ts';
import type { FieldsToEncode, KeyKind, KeyRange, KeyShape } from '../keys/key-kind.ts';
import { allKinds, INSTANCE_SPACE } from '../keys/key-table.ts';

/** The family of the record of an instance itself. */
const INSTANCE_FAMILY: KeyFamily = 'instance';

/** Everything that is stored of an instance, but for its own record. A kind of key that is new is in it by itself. */
export function rangesOfInstance(instance_id: string): readonly KeyRange[] {
  return keyFamilies.filter((family) => family !== INSTANCE_FAMILY).map((family) => familyRange(family, instance_id));
}

/**
 * The keys of which an instance has one: its record, and those that say who is at work on it. They go together, at the end
 * of all.
 */
export function singleKeysOfInstance(instance_id: string): readonly Buffer[] {
  const kinds: readonly KeyKind[] = allKinds;
  return kinds
    .filter(({ shape, fields }) => shape.space === INSTANCE_SPACE && fields.length === 1)
    .map((kind) => kind.encode({ instance_id } as FieldsToEncode<KeyShape>));
}
