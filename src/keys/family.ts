import { AFTER_ANY_TAG, KeyWriter, type Text } from './codec.ts';
import type { KeyRange } from './key-kind.ts';
import { allKinds, INSTANCE_SPACE, type KeyName, type Keys } from './key-table.ts';

/** The first constant of an instance's keys. The keys of one family and one instance lie side by side. */
export type KeyFamily = {
  [Name in KeyName]: Keys[Name]['shape']['space'] extends typeof INSTANCE_SPACE
    ? Keys[Name]['shape']['parts'][0]
    : never;
}[KeyName];

/** All families, in the order of the table. */
export const keyFamilies: readonly KeyFamily[] = [
  ...new Set(
    allKinds.filter((kind) => kind.shape.space === INSTANCE_SPACE).map((kind) => kind.shape.parts[0] as KeyFamily),
  ),
];

const writer = new KeyWriter();

/** All keys of a family that belong to one instance, whatever their kind. */
export function familyRange(family: KeyFamily, instance_id: Text): KeyRange {
  const begin = writePrefix(family, instance_id).finish();
  const prefix = writePrefix(family, instance_id);
  prefix.byte(AFTER_ANY_TAG);
  return { begin, end: prefix.finish() };
}

function writePrefix(family: KeyFamily, instance_id: Text): KeyWriter {
  writer.start();
  writer.byte(INSTANCE_SPACE);
  writer.text(family);
  writer.text(instance_id);
  return writer;
}
