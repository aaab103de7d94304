import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { inBatches } from '../in-batches.ts';
import { type FoundRecord, hexOf, isUnchanged, recordsOfPage } from '../record-of-pair.ts';
import { scanInPages } from '../scan-in-pages.ts';
import type { Sweep, SweepContext } from '../sweep.ts';

type Claim = FoundRecord<typeof keys.copyFile.shape>;

const CLAIMS_AT_ONCE = 200;

/**
 * Removes claims on files whose copy job is there no more. A job that was begun anew under its id does not know what it had
 * claimed the first time, so these claims stay when it goes, and their files could never be loaded again.
 */
export const recycleLoadingFiles: Sweep = {
  name: 'recycle_loading_files',
  async run(context) {
    const { store, instance_id, progress, signal } = context;
    for await (const page of scanInPages(store, keys.copyFile.range({ instance_id }))) {
      signal.throwIfAborted();
      progress.scanned(page.length);
      const claims = recordsOfPage(context, keys.copyFile, page);
      const unowned = await store.transact((txn) => withoutJob(txn, claims));
      progress.found(unowned.length);
      await inBatches(context, unowned, { size: CLAIMS_AT_ONCE, nameOf, work: (some) => remove(context, some) });
    }
  },
};

/** Those whose job is not there. */
async function withoutJob(txn: Transaction, claims: readonly Claim[]): Promise<Claim[]> {
  const jobs = await txn.getMany(
    claims.map(({ fields, record: { copyId, groupId } }) =>
      keys.copyJob.encode({ ...fields, copy_id: copyId, group_id: groupId }),
    ),
  );
  return claims.filter((_, i) => jobs[i] === undefined);
}

/** Removes claims that are as they were read, and whose job has not come since. */
async function remove({ store, progress, dry_run }: SweepContext, claims: readonly Claim[]): Promise<void> {
  if (dry_run) {
    for (const { pair } of claims) progress.planned({ what: hexOf(pair), why: 'its copy job is there no more' });
    return;
  }
  const removed = await store.transact(async (txn) => {
    const values = await txn.getMany(claims.map(({ pair }) => pair.key));
    const unchanged = claims.filter(({ pair }, i) => isUnchanged(pair, values[i]));
    const unowned = await withoutJob(txn, unchanged);
    for (const { pair } of unowned) txn.clear(pair.key);
    return unowned.length;
  });
  progress.deleted(removed);
}

function nameOf({ fields: { stage_id, table_id, object_key } }: Claim): string {
  return `claim on ${object_key} of stage ${stage_id} for table ${table_id}`;
}
