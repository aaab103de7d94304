import type { DecodedFields } from '../../keys/key-kind.ts';
import type { keys } from '../../keys/key-table.ts';
import type { VersionPB } from '../../schema/gen/cloud/version_pb.ts';
import { isSet } from '../../schema/presence.ts';

/** Where the version of a partition stands. */
export type PartitionFields = DecodedFields<typeof keys.partitionVersion.shape>;

/** Of a partition without loads: the version of the empty rowset that each of its tablets begins with. */
const FIRST_VERSION = 1n;

/** The version up to which the rowsets of a partition are visible. */
export function visibleVersion(record: VersionPB | undefined): bigint {
  return record && isSet(record, 'version') ? record.version : FIRST_VERSION;
}

/** The transaction that has taken the next version of a partition in a lazy commit and is not visible yet, if there is one. */
export function pendingTxn(record: VersionPB | undefined): bigint | undefined {
  return record?.pendingTxnIds[0];
}
