import { create } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { removeRecord, writeRecord } from '../../records/message-record.ts';
import { scanRecords } from '../../records/scan-records.ts';
import { EmptiedPlacesPBSchema } from '../../schema/gen/nereus/recycling_pb.ts';
import { invalid } from '../meta-error.ts';
import { overlap, type Place } from './place.ts';

/**
 * Says that the places of an instance are being emptied: nobody gets one of them from here on. To be written in a transaction
 * that has seen that nobody else has objects in them.
 */
export function emptyPlaces(txn: Transaction, instance_id: string, places: readonly Place[]): void {
  const listed = places.map(({ resource_id, bucket, prefix }) => ({ resourceId: resource_id, bucket, prefix }));
  writeRecord(txn, keys.systemEmptiedPlaces, { instance_id }, create(EmptiedPlacesPBSchema, { places: listed }));
}

/** Says that they are empty, and free. */
export function freePlaces(txn: Transaction, instance_id: string): void {
  removeRecord(txn, keys.systemEmptiedPlaces, { instance_id });
}

/**
 * Refuses a place for new objects while all objects there are being deleted, which would take new ones with them. That the
 * deletion begins meanwhile is a conflict. Throws INVALID_ARGUMENT.
 */
export async function requireLastingPlace(txn: Transaction, place: Place): Promise<void> {
  for await (const { fields, message } of scanRecords(txn, keys.systemEmptiedPlaces, {})) {
    for (const { resourceId, bucket, prefix } of message.places) {
      if (!overlap(place, { resource_id: resourceId, bucket, prefix })) continue;
      const { instance_id } = fields;
      throw invalid(
        `objects under this prefix are being deleted, since instance ${instance_id} was dropped: choose another prefix, or try again when that instance is gone`,
      );
    }
  }
}
