/** What most methods say of a caller without an id, and of one that they don't know. */
export const BY_UNIQUE_ID = { missing: 'cloud unique id not set', unknown: 'empty instance_id' };

/** What the methods about transactions and jobs say of either. Some name the transaction behind it. */
export function unknownCaller(cloudUniqueId: string): string {
  return `cannot find instance_id with cloud_unique_id=${cloudUniqueId === '' ? '(empty)' : cloudUniqueId}`;
}

/** What those say that take a caller without an id for one that they don't know. */
export const BY_INSTANCE = { unknown: 'empty instance_id' };
