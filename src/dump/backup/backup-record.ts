import { create } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import type { Store, Transaction } from '../../kv/store.ts';
import { readRecord, writeRecord } from '../../records/message-record.ts';
import { type BackupPB, BackupPBSchema } from '../../schema/gen/nereus/backup_pb.ts';
import type { UploadNotes } from './bucket.ts';

/** How long a backup belongs to a process that has not been heard of. */
export const LEASE_MS = 60_000;
/** When a backup that failed is tried again, unless the next one is due before. */
const TRY_AGAIN_AFTER_MS = 300_000;

/** Why a process gives up a backup that is not its own any more. */
export const LOST = 'another process has taken the backup over, since this one was not heard of in time';

/** What came of a backup. */
export type BackupOutcome = { readonly file: string } | { readonly failure: string };

/** Takes it upon this process to make a backup, if one is due and nobody else makes one. Resolves to whether it is to. */
export function takeBackup(store: Store, owner: string, now_ms: number, interval_ms: number): Promise<boolean> {
  return store.transact(async (txn) => {
    const record = await editable(txn);
    // What lies too far ahead was written by a clock that was wrong, or before the settings asked for more.
    const lease_ms = Number(record.leaseUntilMs) - now_ms;
    const due_ms = Number(record.dueMs) - now_ms;
    if (record.owner !== '' && lease_ms > 0 && lease_ms <= LEASE_MS) return false;
    if (due_ms > 0 && due_ms <= interval_ms) return false;
    record.owner = owner;
    record.leaseUntilMs = BigInt(now_ms + LEASE_MS);
    record.beganMs = BigInt(now_ms);
    record.dueMs = BigInt(now_ms + interval_ms);
    write(txn, record);
    return true;
  });
}

/** Says that the backup goes on. Resolves to whether it still is this process's. */
export function renewBackup(store: Store, owner: string, now_ms: number): Promise<boolean> {
  return store.transact(async (txn) => {
    const record = await editable(txn);
    if (record.owner !== owner) return false;
    record.leaseUntilMs = BigInt(now_ms + LEASE_MS);
    write(txn, record);
    return true;
  });
}

/** Notes what came of the backup, unless another process has taken it over. */
export function endBackup(store: Store, owner: string, now_ms: number, outcome: BackupOutcome): Promise<void> {
  return store.transact(async (txn) => {
    const record = await editable(txn);
    if (record.owner !== owner) return;
    record.owner = '';
    record.leaseUntilMs = 0n;
    if ('file' in outcome) {
      record.succeededMs = BigInt(now_ms);
      record.file = outcome.file;
      record.failure = '';
    } else {
      record.failure = outcome.failure;
      const again_ms = BigInt(now_ms + TRY_AGAIN_AFTER_MS);
      if (record.dueMs > again_ms) record.dueMs = again_ms;
    }
    write(txn, record);
  });
}

/** What the store keeps about the upload of a backup that is this process's to make. */
export function uploadNotes(store: Store, owner: string): UploadNotes {
  return {
    last: async () => {
      const { uploadPath: path, uploadId: id } = await store.transact(editable);
      return id === '' ? undefined : { path, id };
    },
    note: (upload) =>
      store.transact(async (txn) => {
        const record = await editable(txn);
        if (record.owner !== owner) throw new Error(LOST);
        record.uploadPath = upload?.path ?? '';
        record.uploadId = upload?.id ?? '';
        write(txn, record);
      }),
  };
}

/** When the last backup came to its end, in milliseconds since 1970; 0 when none has. */
export async function lastBackupMs(store: Store): Promise<number> {
  const record = await store.transact((txn) => readRecord(txn, keys.systemBackup, {}, { snapshot: true }));
  return Number(record?.succeededMs ?? 0n);
}

async function editable(txn: Transaction): Promise<BackupPB> {
  return (await readRecord(txn, keys.systemBackup, {}, { editable: true })) ?? create(BackupPBSchema);
}

function write(txn: Transaction, record: BackupPB): void {
  writeRecord(txn, keys.systemBackup, {}, record);
}
