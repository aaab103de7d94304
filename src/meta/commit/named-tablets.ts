import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { readRecords, writeRecord } from '../../records/message-record.ts';
import { isSet } from '../../schema/presence.ts';
import type { CallInSteps } from '../call.ts';
import { failed } from '../meta-error.ts';
import { dbOfCommit } from './committable.ts';
import type { PlacedRowset } from './placed-rowsets.ts';
import { collectTemporaryRowsets, temporaryRowsetRange } from './temporary-rowset.ts';

/** Thrown where a lazy commit finds tablets that don't say in which database they are. */
class UnnamedTabletsError extends Error {
  override readonly name = 'UnnamedTabletsError';
}

const ROWSETS_A_STEP = 1000;
/** The metadata of so many may be read at a time, though none of it is needed. */
const BYTES_A_STEP = 4_000_000;

/**
 * Throws an UnnamedTabletsError unless all tablets say in which database they are, as those of old stores don't. Who reads
 * such a tablet, or takes it away, would not find that its partition waits for a load.
 */
export function mustBeNamed(rowsets: readonly PlacedRowset[]): void {
  if (rowsets.some(({ tablet }) => !isSet(tablet, 'dbId'))) throw new UnnamedTabletsError();
}

/** Runs `commit`, and once more with named tablets where it meets some that are not. */
export async function withNamedTablets<T>(
  call: CallInSteps,
  instance_id: string,
  txn_id: bigint,
  commit: () => Promise<T>,
): Promise<T> {
  try {
    return await commit();
  } catch (error) {
    if (!(error instanceof UnnamedTabletsError)) throw error;
  }
  await nameTablets(call, instance_id, txn_id);
  try {
    return await commit();
  } catch (error) {
    if (!(error instanceof UnnamedTabletsError)) throw error;
    throw failed(`tablets of transaction ${txn_id} are being created anew, try again`);
  }
}

/** Names the database of a transaction in the indexes of the tablets that it has written to, some of them at a time. */
async function nameTablets(call: CallInSteps, instance_id: string, txn_id: bigint): Promise<void> {
  const { begin, end } = temporaryRowsetRange(instance_id, txn_id);
  let next: Uint8Array | undefined = begin;
  while (next !== undefined) {
    const from: Uint8Array = next;
    next = await call.transact(async ({ txn }) => {
      const options = { most_rowsets: ROWSETS_A_STEP, most_bytes: BYTES_A_STEP, with_values: false };
      const { rowsets, next: rest } = await collectTemporaryRowsets(txn, from, end, options);
      const db_id = await dbOfCommit(txn, instance_id, txn_id);
      await nameDatabase(txn, instance_id, db_id, new Set(rowsets.map(({ tablet_id }) => tablet_id)));
      return rest;
    });
  }
}

/** A tablet that is not there is left to the commit, which refuses it. */
async function nameDatabase(
  txn: Transaction,
  instance_id: string,
  dbId: bigint,
  tablet_ids: ReadonlySet<bigint>,
): Promise<void> {
  const fields = Array.from(tablet_ids, (tablet_id) => ({ instance_id, tablet_id }));
  const indexes = await readRecords(txn, keys.metaTabletIndex, fields, { editable: true });
  for (const [i, place] of fields.entries()) {
    const index = indexes[i];
    if (index && !isSet(index, 'dbId')) writeRecord(txn, keys.metaTabletIndex, place, Object.assign(index, { dbId }));
  }
}
