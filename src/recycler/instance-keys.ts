import { familyRange, type KeyFamily, keyFamilies } from '../keys/family.ts';
import type { FieldsToEncode, KeyKind, KeyRange, KeyShape } from '../keys/key-kind.ts';
import { allKinds, INSTANCE_SPACE } from '../keys/key-table.ts';

/** The families of the record of an instance itself, and of those that say where its objects are. */
const INSTANCE_FAMILY: KeyFamily = 'instance';
const VAULT_FAMILY: KeyFamily = 'storage_vault';

/** What is stored of an instance, but for its own record and those of its vaults. A kind of key that is new is in it by itself. */
export function rangesOfInstance(instance_id: string): readonly KeyRange[] {
  return keyFamilies
    .filter((family) => family !== INSTANCE_FAMILY && family !== VAULT_FAMILY)
    .map((family) => familyRange(family, instance_id));
}

/** The vaults of an instance. They go with its record: whoever finds one without the other can't tell whether objects are left. */
export function vaultsOfInstance(instance_id: string): KeyRange {
  return familyRange(VAULT_FAMILY, instance_id);
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
