/** What most methods say of a caller without an id, and of one that they don't know. */
export const BY_UNIQUE_ID = { missing: 'cloud unique id not set', unknown: 'empty instance_id' };
