import { fromBinary } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import type { Store } from '../../kv/store.ts';
import { readRecord } from '../../records/message-record.ts';
import { type EncryptionKeyInfoPB, EncryptionKeyInfoPBSchema } from '../../schema/gen/cloud/encryption_pb.ts';
import { encryptionKeys } from '../ranges.ts';
import { readDump } from '../read-dump.ts';
import { RestoreError } from './restore-error.ts';

/**
 * Reads a dump to its end, so that nothing of a damaged one is added to a store that has something to lose, and rejects
 * with a RestoreError unless the secrets of its instance can be read with the keys of that store.
 */
export async function mayBeAdded(store: Store, open: () => AsyncIterable<Uint8Array>, id: string): Promise<void> {
  const reader = await readDump(open());
  try {
    if (reader.header.id !== id) throw new RestoreError('the dump can be read only once, and must be read twice here');
    const theirs = await encryptionKeysOf(reader.blocks());
    const ours = await store.transact((txn) => readRecord(txn, keys.systemEncryptionKeys, {}));
    if (ours !== undefined && !hasAll(ours, theirs)) {
      const advice = 'restore it into an empty store';
      throw new RestoreError(`the secrets of the instance are encrypted with keys that this store lacks; ${advice}`);
    }
  } finally {
    await reader.close();
  }
}

async function encryptionKeysOf(
  blocks: AsyncIterable<{ readonly pairs: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[] }>,
): Promise<EncryptionKeyInfoPB | undefined> {
  let found: EncryptionKeyInfoPB | undefined;
  for await (const { pairs } of blocks) {
    // They are the last of its instance, or nearly so.
    const pair = pairs.findLast(({ key }) => encryptionKeys.equals(key));
    if (pair !== undefined) found = decoded(pair.value);
  }
  return found;
}

function decoded(value: Uint8Array): EncryptionKeyInfoPB {
  try {
    return fromBinary(EncryptionKeyInfoPBSchema, value);
  } catch {
    throw new RestoreError('the keys that secrets are encrypted with can’t be read in the dump');
  }
}

function hasAll(ours: EncryptionKeyInfoPB, theirs: EncryptionKeyInfoPB | undefined): boolean {
  return (theirs?.items ?? []).every((item) =>
    ours.items.some(({ keyId, key }) => keyId === item.keyId && key === item.key),
  );
}
